//! The public URL: does it lead to this installation, and does it refuse what it must refuse?

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::responder::Answer;
use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::query;
use crate::random;
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;

/// No client has this redirect URI: the top-level domain `invalid` is reserved (RFC 2606 §2).
const FOREIGN_REDIRECT_URI: &str = "https://foreign.invalid/callback";

/// The title.
pub const PUBLIC_URL: &str = "Public URL";

/// More of an answer is not read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The field of the metadata that identifies an installation.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
}

/// What answers at the public URL.
enum Responder {
    ThisInstallation,
    AnotherInstallation,
    /// Something else, or something in front of the app.
    Other(Box<Answer>),
    NoAnswer,
}

/// Whether what has to be refused was refused.
enum Refusal {
    Refused,
    /// With the proof.
    NotRefused(&'static str),
    /// With the reason.
    Unknown(String),
}

/// Checks the public URL from outside.
pub struct PublicUrlChecks<'a> {
    /// The base URL that callers use.
    pub public_url: &'a BaseUrl,
    /// The registered clients.
    pub clients: ClientRegistry,
    /// Calls it.
    pub http: &'a HttpClient,
    /// DocuSign's account server, where the app sends the browser if it accepts a request.
    pub account_server: &'a BaseUrl,
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
        let finding = if here { self.wrong_secret().await.map(of_refusal) } else { None };
        let finding = finding.unwrap_or_else(not_tried);
        checks.push(finding.of("wrong_secret_refused", Area::Clients, "Wrong client secret", watch.elapsed_ms()));
        let watch = Stopwatch::start();
        let finding = if here { self.foreign_redirect_uri().await.map(of_refusal) } else { None };
        let finding = finding.unwrap_or_else(not_tried);
        checks.push(finding.of("foreign_redirect_refused", Area::Clients, "Foreign redirect URI", watch.elapsed_ms()));
        checks
    }

    fn leads_here(&self, responder: &Responder) -> Finding {
        let public_url = self.public_url.as_str();
        match responder {
            Responder::ThisInstallation => Finding::good(format!("{public_url} leads here")),
            Responder::AnotherInstallation => {
                Finding::bad(format!("{public_url} leads elsewhere: another issuer answers"), DEPLOY)
            }
            Responder::Other(answer) => {
                let (found, fix) = answer.explain(self.public_url);
                Finding::bad(format!("{public_url} leads elsewhere: {found}"), fix)
            }
            Responder::NoAnswer => Finding::note(
                format!("{public_url} did not answer from here"),
                "If callers reach it, nothing is wrong: this machine's network may not. If they do not, check \
                 EVERGRANT_PUBLIC_URL and whether the app runs.",
            ),
        }
    }

    async fn responder(&self) -> Responder {
        let metadata = self.public_url.join("/.well-known/oauth-authorization-server");
        let Some(answer) = read(self.http.request(Method::GET, metadata).await).await else {
            return Responder::NoAnswer;
        };
        match serde_json::from_slice::<Metadata>(&answer.body) {
            Ok(Metadata { issuer }) if issuer == self.public_url.as_str() => Responder::ThisInstallation,
            Ok(_) => Responder::AnotherInstallation,
            Err(_) => Responder::Other(Box::new(answer)),
        }
    }

    /// `None` if no client has a secret, or nothing answers.
    async fn wrong_secret(&self) -> Option<Refusal> {
        let client = self.clients.iter().find(|client| !client.is_public())?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.client_id.as_str()),
            ("client_secret", &random::id::<32>()),
        ];
        let request = self.http.request(Method::POST, self.public_url.join("/oauth/token")).await.form(&form);
        let answer = read(request).await?;
        let json = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        Some(match answer.status {
            _ if json["access_token"].is_string() => Refusal::NotRefused("an access token was issued"),
            400 | 401 if json["error"].is_string() => Refusal::Refused,
            _ => Refusal::Unknown(answer.summary()),
        })
    }

    /// `None` if no client signs users in, or nothing answers.
    async fn foreign_redirect_uri(&self) -> Option<Refusal> {
        let signs_in = |client: &&Client| client.may_use(GrantType::AuthorizationCode);
        let client = self.clients.iter().find(signs_in)?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", client.client_id.as_str()),
            ("redirect_uri", FOREIGN_REDIRECT_URI),
            ("state", "doctor"),
        ];
        let url = query::append(&self.public_url.join("/oauth/authorize"), &parameters);
        let answer = read(self.http.request(Method::GET, url).await).await?;
        let leads_to =
            |start: &str| answer.location.as_ref().is_some_and(|location| location.as_str().starts_with(start));
        Some(match answer.status {
            300..=399 if leads_to(FOREIGN_REDIRECT_URI) => Refusal::NotRefused("the browser was sent to it"),
            300..=399 if leads_to(&self.account_server.join("/oauth/auth")) => {
                Refusal::NotRefused("the browser was sent to DocuSign")
            }
            400 => Refusal::Refused,
            _ => Refusal::Unknown(answer.summary()),
        })
    }
}

/// The fix for a public URL without this app.
const DEPLOY: &str =
    "Set EVERGRANT_PUBLIC_URL to the https URL that callers use, and check that the package is deployed there.";

/// The answer with the beginning of its body; `None` without one.
async fn read(request: reqwest::RequestBuilder) -> Option<Answer> {
    let mut answer = request.send().await.ok()?;
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    Some(Answer::new(answer.status(), answer.url(), answer.headers(), body))
}

fn of_refusal(refusal: Refusal) -> Finding {
    match refusal {
        Refusal::Refused => Finding::good("refused"),
        Refusal::NotRefused(proof) => Finding::bad(
            format!("not refused: {proof}"),
            "Take the app off the network, and report it: this must not happen (see SECURITY.md).",
        ),
        Refusal::Unknown(what) => Finding::skipped(format!("could not be checked: {what}")),
    }
}

fn not_tried() -> Finding {
    Finding::skipped("not checked: the public URL does not lead here, or no registered client can try it")
}
