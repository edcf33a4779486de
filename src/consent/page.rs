//! The page a person sees after the consent, dressed in HTML and safe headers. Pure.

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use crate::consent::message::{Message, message};
use crate::consent::outcome::Outcome;
use crate::oauth::reply::Response;
use crate::oauth::scope::Scope;
use crate::secret::sha256;
use crate::telemetry::{Answer, Record};

const STYLE: &str = include_str!("../../templates/style.css");

/// Nothing may be loaded, framed, submitted or run; the one style sheet is named by its digest.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(sha256(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

#[derive(Template)]
#[template(path = "consent.html")]
struct Page {
    style: &'static str,
    /// `good` or `bad`; the style sheet knows both.
    tone: &'static str,
    /// The tone in a word, for those who see no colour.
    verdict: &'static str,
    title: &'static str,
    lead: String,
    facts: Vec<(&'static str, String)>,
    steps: Vec<String>,
}

/// The answer for `outcome`; `scopes` is what the connection wants.
pub fn answer(outcome: &Outcome, scopes: &Scope) -> Answer {
    let message = message(outcome, scopes);
    let word = message.word;
    let granted = matches!(outcome, Outcome::Granted { .. });
    let record = Record { cause: (!granted).then_some(word), ..Record::of("consent_checked") };
    Answer { response: dress(message, granted), record }
}

fn dress(message: Message, good: bool) -> Response {
    let (tone, verdict) = if good { ("good", "Done") } else { ("bad", "Not done") };
    let Message { status, title, lead, facts, steps, retry_after, .. } = message;
    let page = Page { style: STYLE, tone, verdict, title, lead, facts, steps };
    // Rendering writes strings into a string, which cannot fail.
    let mut response = Response::new(Bytes::from(page.render().unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if let Some(policy) = &*POLICY {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry_after));
    }
    response
}
