//! `GET /setup`, the setup page: the values that the operator has to register, and the health checks. Scripts get JSON or
//! plain text (`Accept: application/json`, `Accept: text/plain`).
//!
//! The Functions host requires a function key for this route; where that does not protect it,
//! [`forward_mode`](super::forward_mode) refuses. Even so the page shows no secrets: public keys, addresses, identifiers, the
//! consent link (which grants nothing by itself) and the results of the checks.

pub mod account;
mod action;
mod connect;
mod connector;
mod docusign;
mod download;
pub mod endpoint_urls;
mod own_host;
mod page;
pub mod report;
mod requests;
mod shell;
mod text;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::doctor::check::{Check, Verdict, healthy};
use crate::doctor::{Doctor, NamedKey};
use crate::docusign::api::DocusignApi;
use crate::docusign::consent_link::consent_url;
use crate::registry::Registry;
use crate::sealing::keys::SealingKeys;
use crate::store::redirect_requests::RedirectRequests;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::{BaseUrl, own_paths};
use crate::web::page::{accepted, html};
use crate::web::response::{self, json};
use account::AccountReport;
use action::{CheckReport, Installation};
use connect::Sources;
use docusign::{DocusignReport, PublicKeyReport};
use endpoint_urls::EndpointUrls;
use report::{ClientReport, RegistryReport, SetupReport};
use requests::RequestReport;

const FOREIGN_HOST: &str = "The setup page is not available under this host name. Open it under localhost, 127.0.0.1 or the host of \
    EVERGRANT_PUBLIC_URL.";

/// The setup page and what it depends on.
pub struct SetupEndpoint {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// DocuSign's settings, for the consent link.
    pub docusign: DocusignSettings,
    /// The registered clients.
    pub registry: Registry,
    /// Seals the state of the consent link.
    pub sealing: Arc<SealingKeys>,
    /// The keys whose public halves are uploaded to DocuSign.
    pub signing_keys: Vec<NamedKey>,
    /// Knows the DocuSign account.
    pub docusign_api: Arc<DocusignApi>,
    /// The redirect URIs that clients asked for.
    pub redirect_requests: RedirectRequests,
    /// The health checks.
    pub doctor: Doctor,
    /// Whether a Functions host is in front, which asks for a key.
    pub has_functions_host: bool,
    /// Whether the app runs in Azure.
    pub in_azure: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SetupEndpoint {
    /// Runs the checks and answers with the report. `HEAD` gets an answer without checks.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        if !self.has_functions_host && !own_host::is_own(request.headers(), &self.issuer) {
            return refuse_host();
        }
        if request.method() == Method::HEAD {
            return Answer { response: html(StatusCode::OK, String::new()), record: AnswerRecord::default() };
        }
        let report = Box::pin(self.report()).await;
        let event = if report.healthy { "setup_healthy" } else { "setup_unhealthy" };
        let response = match accepted(request.headers()) {
            "application/json" => json(StatusCode::OK, &report),
            "text/plain" => text::response(&report),
            _ => page::response(&report),
        };
        Answer { response, record: AnswerRecord::of(event) }
    }

    async fn report(&self) -> SetupReport {
        let (checks, public_keys, consent, requests) =
            tokio::join!(self.doctor.report(), self.public_keys(), self.consent_url(), self.redirect_requests.latest());
        let account = self.account(&checks).await;
        let (clients, registry) =
            (self.registry.loaded().unwrap_or_default(), RegistryReport::of(self.registry.place()));
        let (redirect_uri, endpoints) = (self.issuer.join(own_paths::CALLBACK), EndpointUrls::of(&self.issuer));
        let sources = Sources {
            issuer: &self.issuer,
            endpoints: &endpoints,
            scopes: &self.docusign.scopes,
            account: account.as_ref(),
            registry: &registry.place,
        };
        SetupReport {
            version: env!("CARGO_PKG_VERSION"),
            healthy: healthy(&checks),
            checks: self.with_actions(checks, consent.as_deref(), &registry),
            docusign: DocusignReport::of(&self.docusign, &redirect_uri, &public_keys, consent.as_deref()),
            connect: sources.connect(&clients),
            clients: clients.iter().map(|client| ClientReport::of(client, &self.issuer)).collect(),
            redirect_requests: RequestReport::of(requests.requests, &clients, &registry.place, self.clock.now()),
            redirect_requests_complete: requests.is_complete,
            public_keys,
            consent_url: consent,
            docusign_redirect_uri: redirect_uri,
            endpoints,
            account,
            registry,
        }
    }

    fn with_actions(
        &self,
        checks: Vec<Check>,
        consent_url: Option<&str>,
        registry: &RegistryReport,
    ) -> Vec<CheckReport> {
        let installation = Installation {
            public_url: &self.issuer,
            docusign: &self.docusign,
            keys: self.doctor.signing_keys.iter().chain(&self.doctor.sealing_keys).collect(),
            consent_url,
            registry: &registry.place,
        };
        checks.into_iter().map(|check| installation.report(check)).collect()
    }

    /// The account, if the checks found it; nothing is asked that they could not get.
    async fn account(&self, checks: &[Check]) -> Option<AccountReport> {
        let found = |name| checks.iter().any(|check| check.check == name && check.verdict == Verdict::Good);
        if !found("account") {
            return None;
        }
        let account = self.docusign_api.accounts.account().await.ok()?;
        let clm = if found("clm") { self.docusign_api.accounts.clm().await.ok() } else { None };
        Some(AccountReport::of(&account, clm.as_deref()))
    }

    /// The available public keys; the checks report why one is missing.
    async fn public_keys(&self) -> Vec<PublicKeyReport> {
        let mut public_keys = Vec::new();
        for NamedKey { setting, key } in &self.signing_keys {
            if let Ok(public_key) = key.public_key().await {
                public_keys.push(PublicKeyReport {
                    setting,
                    file_name: pem_name(setting),
                    sha256: public_key.fingerprint(),
                    pem: public_key.pem().to_owned(),
                });
            }
        }
        public_keys
    }

    async fn consent_url(&self) -> Option<String> {
        consent_url(&self.issuer, &self.docusign, &self.sealing, self.clock.now()).await.ok()
    }
}

/// During a rotation, there are two keys to download.
fn pem_name(setting: &str) -> &'static str {
    if setting.ends_with("_NEXT") { "evergrant-signing-next.pem" } else { "evergrant-signing.pem" }
}

fn refuse_host() -> Answer {
    let response = response::text(StatusCode::FORBIDDEN, &format!("{FOREIGN_HOST}\n"));
    let record = AnswerRecord { cause: Some("foreign_host"), ..AnswerRecord::of("call_refused") };
    Answer { response, record: AnswerRecord { error_description: Some(FOREIGN_HOST.into()), ..record } }
}
