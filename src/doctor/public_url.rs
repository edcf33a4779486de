//! The public URL: does it lead to this installation, and does it refuse what it must refuse?

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::probe::{Probed, probe};
use crate::doctor::responder::{DEPLOY, HttpAnswer};
use crate::doctor::routes::{self, PackageRoute};
use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::query;
use crate::secret::random;
use crate::types::{BaseUrl, own_paths};
use crate::web::http_client::HttpClient;

/// No client has this redirect URI: the top-level domain `invalid` is reserved (RFC 2606 §2).
const FOREIGN_REDIRECT_URI: &str = "https://foreign.invalid/callback";

/// The title.
pub const PUBLIC_URL: &str = "Public URL";

/// The field of the metadata that identifies an installation.
#[derive(Deserialize)]
struct PublishedMetadata {
    issuer: String,
}

/// What answers for the metadata at the public URL.
enum Responder {
    ThisInstallation,
    /// This installation's metadata, but not in the app's own answer.
    Unproven,
    AnotherInstallation,
    /// The app, whose settings are wrong.
    NotConfigured,
    /// Something else, or something in front of the app.
    Other(Box<HttpAnswer>),
    /// With the HTTP client's words.
    NoAnswer(String),
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
    /// The routes to ask; none if the app itself runs the checks.
    pub routes: &'a [PackageRoute],
}

impl PublicUrlChecks<'_> {
    /// Does the public URL lead here, does every route, and are a wrong secret and a foreign redirect URI refused?
    pub async fn run(self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let asking = routes::ask_all(self.routes, self.public_url, self.http);
        let finding_out = async { (self.responder().await, watch.elapsed_ms()) };
        let (asked, (responder, took)) = tokio::join!(asking, finding_out);
        let is_app_there = routes::is_app_there(&asked);
        let mut checks =
            vec![self.leads_here(&responder, is_app_there).into_check("public_url", Area::Clients, PUBLIC_URL, took)];
        if !asked.is_empty() {
            checks.push(routes::check(&asked, self.public_url, false));
        }
        let here = matches!(responder, Responder::ThisInstallation | Responder::Unproven);
        let watch = Stopwatch::start();
        let finding = if here { self.wrong_secret().await.map(of_refusal) } else { None };
        let finding = finding.unwrap_or_else(not_tried);
        checks.push(finding.into_check(
            "wrong_secret_refused",
            Area::Clients,
            "Wrong client secret",
            watch.elapsed_ms(),
        ));
        let watch = Stopwatch::start();
        let finding = if here { self.foreign_redirect_uri().await.map(of_refusal) } else { None };
        let finding = finding.unwrap_or_else(not_tried);
        checks.push(finding.into_check(
            "foreign_redirect_refused",
            Area::Clients,
            "Foreign redirect URI",
            watch.elapsed_ms(),
        ));
        checks
    }

    fn leads_here(&self, responder: &Responder, is_app_there: bool) -> Finding {
        let public_url = self.public_url.as_str();
        match responder {
            Responder::ThisInstallation => Finding::good(format!("{public_url} leads here")),
            Responder::Unproven => Finding::skipped(
                "could not be checked: the metadata is this app's, but the answer has no x-request-id, so the app did not send it",
            ),
            Responder::Other(_) | Responder::NoAnswer(_) if is_app_there => {
                Finding::skipped("not checked: the app does not answer for its metadata, see the check Routes")
            }
            Responder::AnotherInstallation => {
                Finding::bad(format!("{public_url} leads elsewhere: another issuer answers"), DEPLOY)
            }
            Responder::NotConfigured => Finding::bad(
                format!("{public_url} leads to an app that is not configured yet"),
                format!(
                    "Open {public_url}/setup with its function key: it lists what is wrong with the settings, and the fixes."
                ),
            ),
            Responder::Other(answer) => {
                let (found, fix) = answer.explain(self.public_url);
                Finding::bad(format!("{public_url} leads elsewhere: {found}"), fix)
            }
            Responder::NoAnswer(words) => Finding::note(
                format!("{public_url} did not answer from here ({words})"),
                "If callers reach it, nothing is wrong: this machine's network may not. If they do not, check \
                 EVERGRANT_PUBLIC_URL and whether the app runs.",
            ),
        }
    }

    async fn responder(&self) -> Responder {
        let metadata = self.public_url.join(own_paths::METADATA);
        let (answer, is_own) = match probe(self.http.request(Method::GET, metadata).await).await.0 {
            Probed::Own(answer) => (answer, true),
            Probed::Foreign(answer) => (answer, false),
            Probed::Silence(words) | Probed::Unreachable(words) => return Responder::NoAnswer(words),
        };
        match serde_json::from_slice::<PublishedMetadata>(&answer.body) {
            Ok(PublishedMetadata { issuer }) if issuer != self.public_url.as_str() => Responder::AnotherInstallation,
            Ok(_) if is_own => Responder::ThisInstallation,
            Ok(_) => Responder::Unproven,
            Err(_) if answer.is_not_configured() => Responder::NotConfigured,
            Err(_) => Responder::Other(Box::new(answer)),
        }
    }

    /// `None` if no client has a secret.
    async fn wrong_secret(&self) -> Option<Refusal> {
        let client = self.clients.iter().find(|client| !client.is_public())?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.client_id.as_str()),
            ("client_secret", &random::id::<32>()),
        ];
        let request = self.http.request(Method::POST, self.public_url.join(own_paths::TOKEN)).await.form(&form);
        Some(refusal(probe(request).await.0, |answer| {
            let json = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
            match answer.status {
                _ if json["access_token"].is_string() => Refusal::NotRefused("an access token was issued"),
                400 | 401 if json["error"].is_string() => Refusal::Refused,
                _ => Refusal::Unknown(answer.summary()),
            }
        }))
    }

    /// `None` if no client signs users in.
    async fn foreign_redirect_uri(&self) -> Option<Refusal> {
        let signs_in = |client: &&Client| client.may_use(GrantType::AuthorizationCode);
        let client = self.clients.iter().find(signs_in)?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", client.client_id.as_str()),
            ("redirect_uri", FOREIGN_REDIRECT_URI),
            ("state", "doctor"),
        ];
        let url = query::append(&self.public_url.join(own_paths::AUTHORIZE), &parameters);
        let docusign = self.account_server.join("/oauth/auth");
        Some(refusal(probe(self.http.request(Method::GET, url).await).await.0, |answer| {
            let leads_to =
                |start: &str| answer.location.as_ref().is_some_and(|location| location.as_str().starts_with(start));
            match answer.status {
                300..=399 if leads_to(FOREIGN_REDIRECT_URI) => Refusal::NotRefused("the browser was sent to it"),
                300..=399 if leads_to(&docusign) => Refusal::NotRefused("the browser was sent to DocuSign"),
                400 => Refusal::Refused,
                _ => Refusal::Unknown(answer.summary()),
            }
        }))
    }
}

/// What `read` concludes from the answer. Only the app's own answer proves that something was refused, but a token or a redirect
/// is dangerous, whatever sent it.
fn refusal(probed: Probed, read: impl Fn(&HttpAnswer) -> Refusal) -> Refusal {
    match probed {
        Probed::Own(answer) => read(&answer),
        Probed::Foreign(answer) => match read(&answer) {
            Refusal::NotRefused(proof) => Refusal::NotRefused(proof),
            Refusal::Refused | Refusal::Unknown(_) => {
                Refusal::Unknown(format!("{}, which is not the app's answer", answer.summary()))
            }
        },
        Probed::Silence(words) | Probed::Unreachable(words) => Refusal::Unknown(format!("no answer ({words})")),
    }
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
