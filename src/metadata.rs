//! `GET /.well-known/oauth-authorization-server`: authorization server metadata, RFC 8414. Pure.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, PRAGMA};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::config::shapes::BaseUrl;
use crate::oauth::client::GrantType;
use crate::oauth::pkce::S256;
use crate::oauth::reply::json;
use crate::oauth::scope::Scope;
use crate::telemetry::{Answer, Record};

const SECRET_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The fields of RFC 8414 §2 and RFC 9207 §3 that are true of this server.
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
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

/// The metadata of the issuer `public_url`. Anyone may read it, from any page, and keep it for five minutes.
#[must_use]
pub fn answer(public_url: &BaseUrl, scopes: &Scope) -> Answer {
    let metadata = AuthorizationServerMetadata {
        issuer: public_url.as_str(),
        authorization_endpoint: public_url.join("/oauth/authorize"),
        token_endpoint: public_url.join("/oauth/token"),
        revocation_endpoint: public_url.join("/oauth/revoke"),
        scopes_supported: scopes.iter().collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: [
            GrantType::AuthorizationCode.as_str(),
            GrantType::RefreshToken.as_str(),
            GrantType::ClientCredentials.as_str(),
        ],
        token_endpoint_auth_methods_supported: SECRET_METHODS,
        revocation_endpoint_auth_methods_supported: SECRET_METHODS,
        code_challenge_methods_supported: [S256],
        authorization_response_iss_parameter_supported: true,
    };
    let mut response = json(StatusCode::OK, &metadata);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.remove(PRAGMA);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Answer { response, record: Record::default() }
}
