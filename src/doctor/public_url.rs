//! The public URL: does it lead to this installation, and does it refuse what it must refuse?

use http::{Method, StatusCode};
use serde::Deserialize;

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::query;
use crate::random;
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;

/// No client has this redirect URI: the top-level domain `invalid` is reserved (RFC 2606 §2).
const FOREIGN_REDIRECT_URI: &str = "https://foreign.invalid/callback";

/// Titles.
pub const CLIENTS: &str = "Registered clients";
pub const PUBLIC_URL: &str = "Public URL";

/// The field of the metadata that identifies an installation.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
}

/// What answers at the public URL.
enum Responder {
    ThisInstallation,
    /// Another issuer, or a host without this app; with a description.
    Another(String),
    NoAnswer,
}

/// Is a client registered?
pub fn check_clients(clients: &ClientRegistry) -> Check {
    let watch = Stopwatch::start();
    let ids: Vec<&str> = clients.iter().map(|client| client.client_id.as_str()).collect();
    let finding = if ids.is_empty() {
        Finding::note("no client is registered", "Register a client in EVERGRANT_CLIENTS (infra/clients.json).")
    } else {
        Finding::good(ids.join(", "))
    };
    finding.of("clients", Area::Clients, CLIENTS, watch.elapsed_ms())
}

/// Checks the public URL from outside.
pub struct PublicUrlChecks<'a> {
    /// The base URL that callers use.
    pub public_url: &'a BaseUrl,
    /// The registered clients.
    pub clients: &'a ClientRegistry,
    /// Calls it.
    pub http: &'a HttpClient,
}

impl PublicUrlChecks<'_> {
    /// Does the public URL lead here, and does it refuse a wrong secret and a foreign redirect URI?
    pub async fn run(self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let responder = self.responder().await;
        let mut checks =
            vec![self.leads_here(&responder).of("public_url", Area::Clients, PUBLIC_URL, watch.elapsed_ms())];
        let here = matches!(responder, Responder::ThisInstallation);
        let watch = Stopwatch::start();
        let refused = if here { self.refuses_a_wrong_secret().await } else { None };
        let finding = refusal(refused);
        checks.push(finding.of("wrong_secret_refused", Area::Clients, "Wrong client secret", watch.elapsed_ms()));
        let watch = Stopwatch::start();
        let refused = if here { self.refuses_a_foreign_redirect_uri().await } else { None };
        let finding = refusal(refused);
        checks.push(finding.of("foreign_redirect_refused", Area::Clients, "Foreign redirect URI", watch.elapsed_ms()));
        checks
    }

    fn leads_here(&self, responder: &Responder) -> Finding {
        let public_url = self.public_url.as_str();
        match responder {
            Responder::ThisInstallation => Finding::good(format!("{public_url} leads here")),
            Responder::Another(what) => Finding::bad(
                format!("{public_url} leads elsewhere: {what}"),
                "Set EVERGRANT_PUBLIC_URL to the https URL that callers use, and check that the package is deployed there.",
            ),
            Responder::NoAnswer => Finding::note(
                format!("{public_url} did not answer from here"),
                "If callers reach it, nothing is wrong: this machine's network may not. If they do not, check \
                 EVERGRANT_PUBLIC_URL and whether the app runs.",
            ),
        }
    }

    async fn responder(&self) -> Responder {
        let metadata = self.public_url.join("/.well-known/oauth-authorization-server");
        let Ok(answer) = self.http.request(Method::GET, metadata).await.send().await else {
            return Responder::NoAnswer;
        };
        let status = answer.status();
        let issuer = answer.bytes().await.ok().and_then(|body| serde_json::from_slice::<Metadata>(&body).ok());
        match issuer {
            Some(Metadata { issuer }) if issuer == self.public_url.as_str() => Responder::ThisInstallation,
            Some(_) => Responder::Another("another issuer answers".to_owned()),
            None => Responder::Another(format!("status {} and no metadata", status.as_u16())),
        }
    }

    /// `None` if no client has a secret, or nothing answers.
    async fn refuses_a_wrong_secret(&self) -> Option<bool> {
        let client = self.clients.iter().find(|client| !client.is_public())?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.client_id.as_str()),
            ("client_secret", &random::id::<32>()),
        ];
        let request = self.http.request(Method::POST, self.public_url.join("/oauth/token")).await.form(&form);
        let answer = request.send().await.ok()?;
        Some(answer.status() == StatusCode::UNAUTHORIZED || answer.status() == StatusCode::BAD_REQUEST)
    }

    /// `None` if no client signs users in, or nothing answers.
    async fn refuses_a_foreign_redirect_uri(&self) -> Option<bool> {
        let signs_in = |client: &&Client| client.may_use(GrantType::AuthorizationCode);
        let client = self.clients.iter().find(signs_in)?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", client.client_id.as_str()),
            ("redirect_uri", FOREIGN_REDIRECT_URI),
            ("state", "doctor"),
        ];
        let url = query::append(&self.public_url.join("/oauth/authorize"), &parameters);
        let answer = self.http.request(Method::GET, url).await.send().await.ok()?;
        Some(answer.status().is_client_error())
    }
}

fn refusal(refused: Option<bool>) -> Finding {
    match refused {
        Some(true) => Finding::good("refused"),
        Some(false) => Finding::bad(
            "not refused",
            "Take the app off the network, and report it: this must not happen (see SECURITY.md).",
        ),
        None => Finding::skipped("not checked: the public URL does not lead here, or no registered client can try it"),
    }
}
