//! The answers of an app whose settings are wrong: the setup page lists what to fix, and everyone else is asked to try again
//! later. Clients keep their connections meanwhile. Pure.

mod setup;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::config::ConfigErrors;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::page::{Page, Title};
use crate::web::response::{Response, json, text};

/// Seconds after which a client may try again.
pub const RETRY_AFTER: u64 = 60;

/// The code in log lines and in the answer to a monitor.
const CODE: &str = "not_configured";

/// What clients get.
pub const SENTENCE: &str = "this app is not configured yet; its operator finds the reasons on the setup page";

/// What the host adds to `User-Agent` in forward mode, in lower case.
const HOST_AGENT: &str = "azure-functions-host/";

const FORWARD_MODE: &str = "The setup page is not available in the Functions host's forward mode. In host.json, set \
    customHandler.enableProxyingHttpRequest to true and deploy again.\n";

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

#[derive(Serialize)]
struct WorkfrontErrorText {
    status: &'static str,
    error: String,
}

/// What is wrong with the settings.
#[derive(Debug)]
pub struct NotConfigured {
    errors: ConfigErrors,
    in_azure: bool,
}

impl NotConfigured {
    /// An app whose settings have these errors, in Azure or elsewhere.
    #[must_use]
    pub const fn new(errors: ConfigErrors, in_azure: bool) -> Self {
        Self { errors, in_azure }
    }

    /// The setup page, in the format that the request accepts.
    #[must_use]
    pub fn setup(&self, headers: &HeaderMap) -> Answer {
        if self.in_azure && is_forwarded(headers) {
            let record = AnswerRecord { cause: Some("forward_mode"), ..AnswerRecord::of("call_refused") };
            return Answer { response: text(StatusCode::FORBIDDEN, FORWARD_MODE), record };
        }
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let response = match accepted.split([',', ';']).next().unwrap_or_default().trim() {
            "application/json" => setup::json(&self.errors),
            "text/plain" => setup::text(&self.errors),
            _ => setup::page(&self.errors),
        };
        let record = AnswerRecord { cause: Some(CODE), ..AnswerRecord::of("setup_unhealthy") };
        Answer { response, record }
    }
}

/// Whether the Functions host forwards the request. It reads the path once more after it has checked the function key, so in this
/// mode the key does not protect the page.
fn is_forwarded(headers: &HeaderMap) -> bool {
    let names_host =
        |agent: &HeaderValue| String::from_utf8_lossy(agent.as_bytes()).to_ascii_lowercase().contains(HOST_AGENT);
    headers.get_all(USER_AGENT).iter().any(names_host)
}

/// `GET /healthz`.
#[must_use]
pub fn health() -> Answer {
    let response = json(StatusCode::SERVICE_UNAVAILABLE, &Health { status: CODE });
    Answer { response, record: AnswerRecord { cause: Some(CODE), ..AnswerRecord::default() } }
}

/// For clients.
#[must_use]
pub fn outage() -> Answer {
    refusal(Outage { retry_after: RETRY_AFTER, error_description: SENTENCE }.reply())
}

/// For Workfront.
#[must_use]
pub fn workfront() -> Answer {
    let body = WorkfrontErrorText { status: "error", error: format!("{}: {SENTENCE}", Outage::ERROR) };
    refusal(json(StatusCode::SERVICE_UNAVAILABLE, &body))
}

/// For browsers.
#[must_use]
pub fn page(request_id: &str) -> Answer {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        Outage::ERROR,
        Title("This app is not ready yet"),
        "Its operator has not finished setting it up. Nothing was changed, and no connection was lost.",
        [
            "Wait a few minutes, then start again from the app or the link that you came from.",
            "If that does not help, send the \
          operator the request ID below.",
        ],
    );
    let operator =
        "The app's settings have errors. Open `/setup` with its function key: it lists all of them, with their fixes.";
    refusal(Page { operator: vec![operator.to_owned()], ..page }.response(request_id))
}

fn refusal(response: Response) -> Answer {
    let record = AnswerRecord { cause: Some(CODE), ..AnswerRecord::default() };
    Answer { response, record: record.refused(Outage::ERROR, SENTENCE) }
}

/// `answer`, which asks to wait if it is a 503.
#[must_use]
pub fn waiting(mut answer: Answer<Bytes>) -> Answer<Bytes> {
    if answer.response.status() != StatusCode::SERVICE_UNAVAILABLE {
        return answer;
    }
    answer.response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    answer
}
