//! `GET /.well-known/oauth-authorization-server`: authorization server metadata, RFC 8414. Pure.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, PRAGMA};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::jwk::key::ALGORITHMS;
use crate::oauth::pkce::S256;
use crate::oauth::scope::Scope;
use crate::registry::Registry;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::{BaseUrl, own_paths};
use crate::web::response::json;

/// The metadata endpoint and what it depends on.
pub struct MetadataEndpoint {
    /// The issuer.
    pub issuer: BaseUrl,
    /// All configured scopes.
    pub scopes: Scope,
    /// The registered clients. The metadata must be true for all of them.
    pub registry: Registry,
}

/// The fields of RFC 8414 §2 and RFC 9207 §3 that apply to this server.
#[derive(Serialize)]
struct AuthorizationServerMetadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'a str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

impl MetadataEndpoint {
    /// The metadata. Any web page may read it, and it may be cached for five minutes, unless the clients are not known yet.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let clients = self.registry.loaded();
        let is_complete = clients.is_some();
        let mut response = json(StatusCode::OK, &self.metadata(&clients.unwrap_or_default()));
        let headers = response.headers_mut();
        if is_complete {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            headers.remove(PRAGMA);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Answer { response, record: AnswerRecord::default() }
    }

    fn metadata(&self, clients: &ClientRegistry) -> AuthorizationServerMetadata<'_> {
        let mut methods = vec!["client_secret_basic", "client_secret_post", "private_key_jwt"];
        methods.extend(clients.iter().any(Client::is_public).then_some("none"));
        AuthorizationServerMetadata {
            issuer: self.issuer.as_str(),
            authorization_endpoint: self.issuer.join(own_paths::AUTHORIZE),
            token_endpoint: self.issuer.join(own_paths::TOKEN),
            revocation_endpoint: self.issuer.join(own_paths::REVOKE),
            scopes_supported: self.scopes.iter().collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: [
                GrantType::AuthorizationCode.as_str(),
                GrantType::RefreshToken.as_str(),
                GrantType::ClientCredentials.as_str(),
            ],
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: ALGORITHMS.map(|(name, _)| name),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS.map(|(name, _)| name),
            code_challenge_methods_supported: [S256],
            authorization_response_iss_parameter_supported: clients
                .iter()
                .all(|client| client.authorization_response_iss),
        }
    }
}
