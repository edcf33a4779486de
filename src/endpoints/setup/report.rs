//! The setup page's content as data. Pure.

use serde::Serialize;

use crate::config::RegistryPlace;
use crate::doctor::check::Verdict;
use crate::docusign::api::account::{Account, ClmHosts};
use crate::endpoints::setup::action::CheckReport;
use crate::endpoints::setup::connect::Connect;
use crate::endpoints::setup::docusign::DocusignReport;
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

/// The DocuSign account behind the integration user.
#[derive(Debug, Serialize)]
pub struct AccountReport {
    /// Its name.
    pub name: String,
    /// Its API Account ID, a GUID.
    pub account_id: String,
    /// Where its eSignature is, as connectors ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub esignature_server: Option<String>,
    /// Where its CLM is, as connectors ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clm_site: Option<String>,
    /// The base URL of its CLM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clm_url: Option<String>,
    /// Whether CLM takes and serves files on the same host.
    pub clm_content_on_api_host: bool,
}

impl AccountReport {
    /// The report for `account`, and for its CLM if it has one.
    #[must_use]
    pub fn of(account: &Account, clm: Option<&ClmHosts>) -> Self {
        let object = clm.and_then(|hosts| hosts.object.below(""));
        let upload = clm.and_then(|hosts| hosts.upload.below(""));
        // `https://api`, followed by the site.
        let site = object.as_ref().and_then(|url| url.host_str()?.strip_prefix("api").map(ToOwned::to_owned));
        Self {
            name: account.name.clone(),
            account_id: account.id.clone(),
            esignature_server: account.esign.below("").and_then(|url| url.host_str().map(ToOwned::to_owned)),
            clm_site: site,
            clm_url: object.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            clm_content_on_api_host: upload.is_some_and(|url| url.path().starts_with("/content/")),
        }
    }
}

/// The public half of a signing key.
#[derive(Debug, Serialize)]
pub struct PublicKeyReport {
    /// The setting that names the key.
    pub setting: &'static str,
    /// The name of its file to download.
    pub file_name: &'static str,
    /// SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal.
    pub sha256: String,
    /// `-----BEGIN PUBLIC KEY-----`.
    pub pem: String,
}

/// Our endpoints.
#[derive(Debug, Serialize)]
pub struct EndpointUrls {
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

impl EndpointUrls {
    /// The endpoints of `issuer`.
    #[must_use]
    pub fn of(issuer: &BaseUrl) -> Self {
        Self {
            authorization: issuer.join(own_paths::AUTHORIZE),
            token: issuer.join(own_paths::TOKEN),
            revocation: issuer.join(own_paths::REVOKE),
            metadata: issuer.join(own_paths::METADATA),
            gateway: issuer.join(own_paths::GATEWAY),
            workfront: issuer.join(own_paths::WORKFRONT),
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
