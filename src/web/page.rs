//! Pages for people: one template, one small style sheet, safe headers. Pure.

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

use crate::secret::sha256;
use crate::web::response::Response;

/// The one style sheet.
pub const STYLE: &str = include_str!("../../templates/style.css");

/// Puts a button beside what people copy. Pages do without.
pub const COPY_SCRIPT: &str = include_str!("../../templates/copy.js");

/// Nothing may be loaded, framed, submitted or run; the one style sheet is named by its digest.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| policy("'none'"));

/// The same, but the one script may run, named by its digest too.
static POLICY_WITH_SCRIPT: LazyLock<Option<HeaderValue>> = LazyLock::new(|| policy(&digest(COPY_SCRIPT)));

fn digest(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(sha256(source.as_bytes())))
}

fn policy(scripts: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {scripts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        digest(STYLE)
    );
    HeaderValue::from_str(&policy).ok()
}

/// What a page says, before it is dressed.
pub struct Page {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code for log lines.
    pub code: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What happened.
    pub lead: String,
    /// Names and values worth knowing.
    pub facts: Vec<(&'static str, String)>,
    /// What to do next, in order.
    pub steps: Vec<String>,
    /// Seconds after which another visit may go better; told with a 503.
    pub retry_after: u64,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Html<'a> {
    style: &'static str,
    /// `good` or `bad`; the style sheet knows both.
    tone: &'static str,
    /// The tone in a code, for those who see no colour.
    verdict: &'static str,
    title: &'static str,
    lead: &'a str,
    facts: &'a [(&'static str, String)],
    steps: &'a [String],
}

impl Page {
    /// A page of bad news, without facts and steps.
    #[must_use]
    pub fn bad(status: StatusCode, code: &'static str, title: &'static str, lead: &str) -> Self {
        Self { status, code, title, lead: lead.to_owned(), facts: Vec::new(), steps: Vec::new(), retry_after: 0 }
    }

    /// The page as an answer that no cache keeps and no other site can frame.
    #[must_use]
    pub fn response(&self) -> Response {
        let Self { status, title, lead, facts, steps, retry_after, .. } = self;
        let (tone, verdict) = if status.is_success() { ("good", "Done") } else { ("bad", "Not done") };
        let page = Html { style: STYLE, tone, verdict, title, lead, facts, steps };
        // Rendering writes strings into a string, which cannot fail.
        let mut response = html(*status, page.render().unwrap_or_default());
        if *status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from((*retry_after).max(1)));
        }
        response
    }
}

/// `body`, styled by [`STYLE`], as an answer that no cache keeps and no other site can frame.
#[must_use]
pub fn html(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
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
    response
}

/// As [`html`], with [`COPY_SCRIPT`] allowed.
#[must_use]
pub fn html_with_script(status: StatusCode, body: String) -> Response {
    let mut response = html(status, body);
    if let Some(policy) = &*POLICY_WITH_SCRIPT {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}
