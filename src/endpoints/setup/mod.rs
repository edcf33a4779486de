//! `GET /setup`, the setup page: the values that the operator has to register, and the health checks. Scripts get JSON or
//! plain text (`Accept: application/json`, `Accept: text/plain`).
//!
//! The Functions host requires a function key for this route; where that does not protect it,
//! [`forward_mode`](super::forward_mode) refuses. Even so the page shows no secrets: public keys, addresses, identifiers, the
//! consent link (which grants nothing by itself) and the results of the checks.

mod own_host;
mod page;
pub mod report;
mod text;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::doctor::check::healthy;
use crate::doctor::{Doctor, NamedKey};
use crate::docusign::consent_link::{CALLBACK_PATH, consent_url};
use crate::endpoints::forward_mode::refuse_setup;
use crate::registry::Registry;
use crate::sealing::keys::SealingKeys;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::BaseUrl;
use crate::web::page::{accepted, html};
use crate::web::response::{self, json};
use report::{ClientReport, Endpoints, PublicKeyReport, SetupReport};

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
    pub async fn handle(&self, request: &Request<Bytes>, request_id: &str) -> Answer {
        if let Some(refusal) = refuse_setup(request.headers(), request_id, self.in_azure) {
            return refusal;
        }
        if !self.has_functions_host && !own_host::is_own(request.headers(), &self.issuer) {
            return refuse_host();
        }
        if request.method() == Method::HEAD {
            return Answer { response: html(StatusCode::OK, String::new()), record: AnswerRecord::default() };
        }
        let report = self.report().await;
        let event = if report.healthy { "setup_healthy" } else { "setup_unhealthy" };
        let response = match accepted(request.headers()) {
            "application/json" => json(StatusCode::OK, &report),
            "text/plain" => text::response(&report),
            _ => page::response(&report),
        };
        Answer { response, record: AnswerRecord::of(event) }
    }

    async fn report(&self) -> SetupReport {
        let (checks, public_keys, consent) = tokio::join!(self.doctor.report(), self.public_keys(), self.consent_url());
        let clients = self.registry.loaded().unwrap_or_default();
        SetupReport {
            version: env!("CARGO_PKG_VERSION"),
            healthy: healthy(&checks),
            checks,
            public_keys,
            consent_url: consent,
            docusign_redirect_uri: self.issuer.join(CALLBACK_PATH),
            endpoints: Endpoints::of(&self.issuer),
            clients: clients.iter().map(|client| ClientReport::of(client, &self.issuer)).collect(),
        }
    }

    /// The available public keys; the checks report why one is missing.
    async fn public_keys(&self) -> Vec<PublicKeyReport> {
        let mut public_keys = Vec::new();
        for NamedKey { setting, key } in &self.signing_keys {
            if let Ok(public_key) = key.public_key().await {
                public_keys.push(PublicKeyReport {
                    setting,
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

fn refuse_host() -> Answer {
    let response = response::text(StatusCode::FORBIDDEN, &format!("{FOREIGN_HOST}\n"));
    let record = AnswerRecord { cause: Some("foreign_host"), ..AnswerRecord::of("call_refused") };
    Answer { response, record: AnswerRecord { error_description: Some(FOREIGN_HOST.into()), ..record } }
}
