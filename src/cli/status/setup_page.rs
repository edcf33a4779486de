//! Asks the setup page of a deployed app, as a script does.

use std::time::Duration;

use http::header::{ACCEPT, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use thiserror::Error;

use crate::cli::status::report::{RunningApp, plain};
use crate::doctor::responder::HttpAnswer;
use crate::telemetry;
use crate::types::{BaseUrl, own_paths};
use crate::web::http_client::{HttpClient, read_beginning};
use crate::web::upstream::words_of;

/// The checks take at most 45 s, after a cold start.
const LIMIT: Duration = Duration::from_secs(120);

/// More of an answer is not read. A client registry has at most 1 MiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

const FUNCTION_KEY: &str = "x-functions-key";

/// Why there is no report.
#[derive(Debug, Error)]
pub enum SetupPageError {
    #[error(
        "{url} cannot be reached ({words}): check this machine's network, the app's access restrictions and its state"
    )]
    Unreachable { url: String, words: String },
    #[error("{url} gave no answer ({words}): the app may be starting; try again in a minute, or look at its log")]
    Silence { url: String, words: String },
    #[error(
        "{0} does not accept the function key that Azure returned. If the key was replaced just now, try again in a minute; otherwise \
         restart the app"
    )]
    KeyRefused(String),
    #[error("{url} answers with {found}. {fix}")]
    Foreign { url: String, found: String, fix: String },
    #[error("{url} answers with status {status}: {reason}")]
    Refused { url: String, status: u16, reason: String },
}

impl SetupPageError {
    /// Whether another address cannot help, because the app or its host answered.
    pub const fn is_of_app(&self) -> bool {
        matches!(self, Self::KeyRefused(_) | Self::Refused { .. })
    }

    /// Fills in the names in commands.
    pub fn with_names(self, group: &str, app: &str) -> Self {
        match self {
            Self::Foreign { url, found, fix } => {
                Self::Foreign { url, found, fix: fix.replace("<group>", group).replace("<function app>", app) }
            }
            other => other,
        }
    }
}

/// The setup pages at several addresses, with one key.
pub struct SetupPages {
    http: HttpClient,
    headers: HeaderMap,
}

impl SetupPages {
    /// With this function key.
    pub fn new(key: &SecretString) -> Self {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        if let Ok(mut key) = HeaderValue::from_str(key.expose_secret()) {
            key.set_sensitive(true);
            headers.insert(FUNCTION_KEY, key);
        }
        Self { http: HttpClient::new(telemetry::traceparent), headers }
    }

    /// The report of the app at `base`.
    ///
    /// # Errors
    /// [`SetupPageError`], which says what to do.
    pub async fn ask(&self, base: &BaseUrl) -> Result<RunningApp, SetupPageError> {
        let url = base.join(own_paths::SETUP);
        let request = self.http.request(Method::GET, &url).await.headers(self.headers.clone()).timeout(LIMIT);
        let answer = request.send().await.map_err(|error| unanswered(&url, error))?;
        let answer = read(answer).await.map_err(|error| unanswered(&url, error))?;
        understood(&answer, base, url)
    }
}

/// The error without its URL, which has no key, but which the message names already.
fn unanswered(url: &str, error: reqwest::Error) -> SetupPageError {
    let (is_connect, url, words) = (error.is_connect(), url.to_owned(), words_of(&error.without_url()));
    if is_connect { SetupPageError::Unreachable { url, words } } else { SetupPageError::Silence { url, words } }
}

async fn read(mut answer: reqwest::Response) -> Result<HttpAnswer, reqwest::Error> {
    let (body, end) = read_beginning(&mut answer, MAX_ANSWER_BYTES).await;
    end?;
    Ok(HttpAnswer::new(answer.status(), answer.url(), answer.headers(), body))
}

fn understood(answer: &HttpAnswer, base: &BaseUrl, url: String) -> Result<RunningApp, SetupPageError> {
    if !answer.is_own() {
        return Err(foreign(answer, base, url));
    }
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let status = answer.status;
    let reason = json["error_description"].as_str().map(plain);
    RunningApp::read(json).ok_or_else(|| SetupPageError::Refused {
        url,
        status,
        reason: reason.unwrap_or_else(|| "this version of evergrant does not understand the report".to_owned()),
    })
}

fn foreign(answer: &HttpAnswer, base: &BaseUrl, url: String) -> SetupPageError {
    if answer.is_hosts_lock() {
        return SetupPageError::KeyRefused(url);
    }
    let (found, fix) = match answer.cause(base) {
        Some((cause, fix)) => (format!("{}: {cause}", answer.summary()), fix),
        None if answer.status == StatusCode::NOT_FOUND.as_u16() => (
            "status 404, which the app did not send".to_owned(),
            "Evergrant's package may be missing there: ./deploy --resource-group <group>".to_owned(),
        ),
        None => (
            format!("{}, which the app did not send", answer.summary()),
            "Check what is in front of the app, and that the package is deployed.".to_owned(),
        ),
    };
    SetupPageError::Foreign { url, found, fix }
}
