//! The answers of an app whose settings are wrong: the setup page lists what to fix, and everyone else is asked to try again
//! later. Clients keep their connections meanwhile. Pure.

mod setup;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::config::ConfigError;
use crate::endpoints::forward_mode::refuse_setup;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::page::{Page, Title, accepted};
use crate::web::response::{Response, json};
use crate::web::retry_after;

/// Seconds after which a client may try again.
pub const RETRY_AFTER: u64 = 60;

/// The code in log lines and in the answer to a monitor.
const CODE: &str = "not_configured";

/// What clients get.
pub const SENTENCE: &str = "this app is not configured yet; its operator finds the reasons on the setup page";

#[derive(Serialize)]
struct NotConfiguredHealth {
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
    errors: ConfigError,
    in_azure: bool,
}

impl NotConfigured {
    /// An app whose settings have these errors, in Azure or elsewhere.
    #[must_use]
    pub const fn new(errors: ConfigError, in_azure: bool) -> Self {
        Self { errors, in_azure }
    }

    /// Refuses the setup page where the function key cannot protect it.
    #[must_use]
    pub fn refuse_setup(&self, headers: &HeaderMap, request_id: &str) -> Option<Answer> {
        refuse_setup(headers, request_id, self.in_azure)
    }

    /// The setup page, in the format that the request accepts.
    #[must_use]
    pub fn setup(&self, headers: &HeaderMap) -> Answer {
        let response = match accepted(headers) {
            "application/json" => setup::json(&self.errors),
            "text/plain" => setup::text(&self.errors),
            _ => setup::page(&self.errors),
        };
        let record = AnswerRecord { cause: Some(CODE), ..AnswerRecord::of("setup_unhealthy") };
        Answer { response, record }
    }
}

/// `GET /healthz`.
#[must_use]
pub fn health() -> Answer {
    let response = json(StatusCode::SERVICE_UNAVAILABLE, &NotConfiguredHealth { status: CODE });
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
    retry_after::set(answer.response.headers_mut(), RETRY_AFTER);
    answer
}
