//! What callers meet at the public URL: is it us, and is what is wrong refused?

use http::StatusCode;
use serde::Deserialize;

use crate::clock::Stopwatch;
use crate::doctor::Doctor;
use crate::doctor::check::{Area, Check, Finding};
use crate::oauth::client::{Client, GrantType};
use crate::oauth::query;
use crate::random;

/// Nobody's: the top-level domain `invalid` is reserved (RFC 2606 §2).
const FOREIGN_REDIRECT_URI: &str = "https://foreign.invalid/callback";

/// Titles.
pub const CLIENTS: &str = "Registered clients";
pub const PUBLIC_URL: &str = "Public URL";

/// The one field of the metadata that tells who answers.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
}

/// Who answers at the public URL.
enum Answerer {
    /// We do.
    Us,
    /// Somebody else, or the host without us.
    Other(String),
    /// Nobody that could be heard.
    Nobody,
}

impl Doctor {
    /// Is anybody registered?
    pub(super) fn registered_clients(&self) -> Check {
        let watch = Stopwatch::start();
        let ids: Vec<&str> = self.clients.iter().map(|client| client.client_id.as_str()).collect();
        let finding = if ids.is_empty() {
            Finding::note(
                "nobody may ask for tokens yet",
                "Register a client in EVERGRANT_CLIENTS (infra/clients.json).",
            )
        } else {
            Finding::good(format!("well-formed: {}", ids.join(", ")))
        };
        finding.of("clients", Area::Clients, CLIENTS, watch.elapsed_ms())
    }

    /// Does the public URL lead here, and are a wrong secret and a foreign redirect URI refused there?
    pub(super) async fn front(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let answerer = self.who_answers().await;
        let reached = matches!(answerer, Answerer::Us);
        let finding = match answerer {
            Answerer::Us => Finding::good(format!("{} leads here", self.public_url.as_str())),
            Answerer::Other(what) => Finding::bad(
                format!("{} leads elsewhere: {what}", self.public_url.as_str()),
                "Set EVERGRANT_PUBLIC_URL to the https URL that callers use, and see that the package is deployed there.",
            ),
            Answerer::Nobody => Finding::note(
                format!("{} did not answer from here", self.public_url.as_str()),
                "If callers reach it, all is well: this machine's network may not. If they do not, check EVERGRANT_PUBLIC_URL and \
                 whether the app runs.",
            ),
        };
        let mut checks = vec![finding.of("public_url", Area::Clients, PUBLIC_URL, watch.elapsed_ms())];
        checks.push(self.refusal("wrong_secret_refused", "A wrong client secret is refused", reached).await);
        checks.push(self.refusal("foreign_redirect_refused", "A foreign redirect URI is refused", reached).await);
        checks
    }

    async fn who_answers(&self) -> Answerer {
        let metadata = self.public_url.join("/.well-known/oauth-authorization-server");
        let Ok(answer) = self.http.get().await.get(metadata).send().await else { return Answerer::Nobody };
        let status = answer.status();
        let issuer = answer.bytes().await.ok().and_then(|body| serde_json::from_slice::<Metadata>(&body).ok());
        match issuer {
            Some(Metadata { issuer }) if issuer == self.public_url.as_str() => Answerer::Us,
            Some(_) => Answerer::Other("another issuer answers".to_owned()),
            None => Answerer::Other(format!("status {} and no metadata", status.as_u16())),
        }
    }

    async fn refusal(&self, check: &'static str, title: &'static str, reached: bool) -> Check {
        let watch = Stopwatch::start();
        let refused = match check {
            _ if !reached => None,
            "wrong_secret_refused" => self.refuses_a_wrong_secret().await,
            _ => self.refuses_a_foreign_redirect_uri().await,
        };
        let finding = match refused {
            Some(true) => Finding::good("it is"),
            Some(false) => Finding::bad(
                "it was not refused",
                "Take the app off the network, and report it: this must not happen (see docs/security.md#reporting-a-weakness).",
            ),
            None => Finding::skipped("the public URL could not be asked, or no registered client can be tried"),
        };
        finding.of(check, Area::Clients, title, watch.elapsed_ms())
    }

    async fn refuses_a_wrong_secret(&self) -> Option<bool> {
        let client = self.clients.iter().find(|client| !client.is_public())?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.client_id.as_str()),
            ("client_secret", &random::id::<32>()),
        ];
        let request = self.http.get().await.post(self.public_url.join("/oauth/token")).form(&form);
        let answer = request.send().await.ok()?;
        Some(answer.status() == StatusCode::UNAUTHORIZED || answer.status() == StatusCode::BAD_REQUEST)
    }

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
        let answer = self.http.get().await.get(url).send().await.ok()?;
        Some(answer.status().is_client_error())
    }
}
