//! The setup page's content as data. Pure.

use serde::Serialize;

use crate::config::RegistryPlace;
use crate::doctor::check::Verdict;
use crate::endpoints::setup::account::AccountReport;
use crate::endpoints::setup::action::CheckReport;
use crate::endpoints::setup::connect::Connect;
use crate::endpoints::setup::docusign::{DocusignReport, PublicKeyReport};
use crate::endpoints::setup::endpoint_urls::EndpointUrls;
use crate::endpoints::setup::requests::RequestReport;
use crate::endpoints::setup::shell::quoted;
use crate::oauth::client::{AccessTokenKind, Client, GrantType, Profile};
use crate::types::{BaseUrl, own_paths};

/// What the operator has to know. Nothing in it is secret.
#[derive(Debug, Serialize)]
pub struct SetupReport {
    /// This program's version.
    pub version: &'static str,
    /// No check failed.
    pub healthy: bool,
    /// The health checks.
    pub checks: Vec<CheckReport>,
    /// For DocuSign's page Apps and Keys.
    pub public_keys: Vec<PublicKeyReport>,
    /// The link that the integration user opens once; `None` while the sealing key cannot be used.
    pub consent_url: Option<String>,
    /// For DocuSign's page Apps and Keys, as a redirect URI.
    pub docusign_redirect_uri: String,
    /// The integration key at DocuSign.
    pub docusign: DocusignReport,
    /// The DocuSign account; `None` while it is not known.
    pub account: Option<AccountReport>,
    /// For the apps to connect.
    pub endpoints: EndpointUrls,
    /// What to enter on each platform.
    pub connect: Connect,
    /// Where the client registry is.
    pub registry: RegistryReport,
    /// The registered clients.
    pub clients: Vec<ClientReport>,
    /// Redirect URIs that clients asked for in the last day and that are not registered.
    pub redirect_requests: Vec<RequestReport>,
    /// Whether these are all requests; otherwise the store could not be read.
    pub redirect_requests_complete: bool,
}

/// Where the client registry is.
#[derive(Debug, Serialize)]
pub struct RegistryReport {
    /// For the option `--in` of commands, quoted for a shell.
    #[serde(rename = "in")]
    pub place: String,
    /// Whether the app reads a change by itself; otherwise the registry has to be deployed.
    pub is_read_again: bool,
}

impl RegistryReport {
    /// The registry that is at `place`.
    #[must_use]
    pub fn of(place: &RegistryPlace) -> Self {
        match place {
            RegistryPlace::Setting => Self { place: "infra/clients.json".to_owned(), is_read_again: false },
            RegistryPlace::File(path) => Self { place: quoted(path), is_read_again: true },
            RegistryPlace::Blob(url) => Self { place: quoted(url.as_str()), is_read_again: true },
        }
    }

    /// What has to be done after a command that changed it.
    #[must_use]
    pub const fn after_a_change(&self) -> &'static str {
        if self.is_read_again {
            "The app reads the registry again within 30 seconds."
        } else {
            "Then deploy the registry with the same ./deploy command as before."
        }
    }
}

impl SetupReport {
    /// Whether what these checks are about is done; `None` if it could not be checked.
    #[must_use]
    pub fn is_done(&self, checks: &[&str]) -> Option<bool> {
        let of = self.checks.iter().filter(|report| checks.contains(&report.check.check.as_ref()));
        let verdicts: Vec<Verdict> = of.map(|report| report.check.verdict).collect();
        match verdicts.as_slice() {
            verdicts if verdicts.contains(&Verdict::Bad) => Some(false),
            verdicts if verdicts.is_empty() || verdicts.contains(&Verdict::Skipped) => None,
            _ => Some(true),
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
            Profile::Standard | Profile::PowerAutomate => issuer.join(own_paths::AUTHORIZE),
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
