//! The setup page's content as data. Pure.

use serde::Serialize;

use crate::doctor::check::Check;
use crate::oauth::client::{AccessTokenKind, Client, GrantType, Profile};
use crate::types::BaseUrl;

/// What the operator has to know. Nothing in it is secret.
#[derive(Debug, Serialize)]
pub struct SetupReport {
    /// This program's version.
    pub version: &'static str,
    /// No check failed.
    pub healthy: bool,
    /// The health checks.
    pub checks: Vec<Check>,
    /// For DocuSign's page Apps and Keys.
    pub public_keys: Vec<PublicKeyReport>,
    /// The link that the integration user opens once; `None` while the sealing key cannot be used.
    pub consent_url: Option<String>,
    /// For DocuSign's page Apps and Keys, as a redirect URI.
    pub docusign_redirect_uri: String,
    /// For the apps to connect.
    pub endpoints: Endpoints,
    /// The registered clients.
    pub clients: Vec<ClientReport>,
}

/// The public half of a signing key.
#[derive(Debug, Serialize)]
pub struct PublicKeyReport {
    /// The setting that names the key.
    pub setting: &'static str,
    /// SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal.
    pub sha256: String,
    /// `-----BEGIN PUBLIC KEY-----`.
    pub pem: String,
}

/// Our endpoints.
#[derive(Debug, Serialize)]
pub struct Endpoints {
    /// `/oauth/authorize`.
    pub authorization: String,
    /// `/oauth/token`.
    pub token: String,
    /// `/oauth/revoke`.
    pub revocation: String,
    /// `/.well-known/oauth-authorization-server`.
    pub metadata: String,
    /// `/gateway`, below which DocuSign's APIs are.
    pub gateway: String,
    /// `/workfront/v1`: Workfront's Base API URL.
    pub workfront: String,
}

impl Endpoints {
    /// The endpoints of `issuer`.
    #[must_use]
    pub fn of(issuer: &BaseUrl) -> Self {
        Self {
            authorization: issuer.join("/oauth/authorize"),
            token: issuer.join("/oauth/token"),
            revocation: issuer.join("/oauth/revoke"),
            metadata: issuer.join("/.well-known/oauth-authorization-server"),
            gateway: issuer.join("/gateway"),
            workfront: issuer.join("/workfront/v1"),
        }
    }
}

/// A registered client, without the digests of its secrets.
#[derive(Debug, Serialize)]
pub struct ClientReport {
    /// Its identifier.
    pub client_id: String,
    /// The user whose access tokens it gets.
    pub subject: &'static str,
    /// Its grant types.
    pub grant_types: Vec<&'static str>,
    /// The platform it is registered for.
    pub profile: &'static str,
    /// The authorization URL, if it signs users in; Workfront's has the client in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// Its scope, which is both the largest and the default one.
    pub scope: String,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
    /// The number of its secrets: none for a public client, two while one is being replaced.
    pub secrets: usize,
    /// The number of its API keys.
    pub api_keys: usize,
    /// Whether its access tokens work with our own routes only.
    pub sealed_access_tokens: bool,
    /// What it may call through the gateway.
    pub gateway_allow: Vec<String>,
}

impl ClientReport {
    /// The public part of `client`.
    #[must_use]
    pub fn of(client: &Client, issuer: &BaseUrl) -> Self {
        let client_id = client.client_id.as_str();
        let authorization_url = match client.profile {
            Profile::Workfront => issuer.join(&format!("/oauth/authorize/{client_id}")),
            Profile::Standard | Profile::PowerAutomate => issuer.join("/oauth/authorize"),
        };
        Self {
            client_id: client_id.to_owned(),
            profile: client.profile.as_str(),
            authorization_url: client.may_use(GrantType::AuthorizationCode).then_some(authorization_url),
            subject: client.subject.as_str(),
            grant_types: client.grant_types.iter().map(|grant_type| grant_type.as_str()).collect(),
            scope: client.scope.to_string(),
            redirect_uris: client.redirect_uris.clone(),
            secrets: client.client_secret_sha256.len(),
            api_keys: client.api_key_sha256.len(),
            sealed_access_tokens: client.access_token == AccessTokenKind::Sealed,
            gateway_allow: client.gateway_allow.iter().map(ToString::to_string).collect(),
        }
    }
}
