//! Pages for people: one template, one small style sheet, safe headers. Pure.
//!
//! A page has two readers. Its main part is for the user at the browser and names no setting, command or log. What the
//! operator needs is in a separate part, with the request ID.

use std::borrow::Cow;
use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::secret::sha256;
use crate::web::response::Response;
use crate::web::retry_after;

/// The style sheet of every page.
pub const STYLE: &str = include_str!("../../templates/style.css");

/// Puts a Copy button next to what people copy. Pages also work without it.
pub const COPY_SCRIPT: &str = include_str!("../../templates/copy.js");

/// Nothing may be loaded, framed, submitted or run. The digest allows the one style sheet.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| policy("'none'"));

/// The same, and the digest of the one script.
static POLICY_WITH_SCRIPT: LazyLock<Option<HeaderValue>> = LazyLock::new(|| policy(&digest(COPY_SCRIPT)));

/// What a command for a shell starts with.
const COMMANDS: [&str; 2] = ["az ", "evergrant client add-redirect-uri "];

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

/// The heading of a page. A test finds every page of the product by its `Title`.
#[derive(Clone, Copy, Debug)]
pub struct Title(pub &'static str);

/// The color of a page and the word above its heading, for readers who cannot see color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Nothing is broken, but something has to be done first.
    Waiting,
    /// It did not work.
    Bad,
    /// Nothing was done.
    Idle,
}

impl Tone {
    /// The class in the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting | Self::Idle => "waiting",
            Self::Bad => "bad",
        }
    }

    const fn verdict(self) -> &'static str {
        match self {
            Self::Good => "Done",
            Self::Waiting => "One step is missing",
            Self::Bad => "Not done",
            Self::Idle => "Nothing to do here",
        }
    }
}

/// A name and a value.
#[derive(Clone, Debug)]
pub struct Fact {
    name: &'static str,
    value: String,
    /// Whether the user has to copy it.
    copied: bool,
}

impl Fact {
    /// A value that the user only reads.
    #[must_use]
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), copied: false }
    }

    /// A value to copy.
    #[must_use]
    pub fn to_copy(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), copied: true }
    }
}

/// What a page says.
pub struct Page {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code in log lines, which the operator's part repeats.
    pub code: &'static str,
    /// The color, and the word above the heading.
    pub tone: Tone,
    /// The heading.
    pub title: Title,
    /// What happened.
    pub lead: String,
    /// Values worth knowing.
    pub facts: Vec<Fact>,
    /// What the user does next, in order: at least one step.
    pub steps: Vec<&'static str>,
    /// Paragraphs for the operator, with backticks around what the operator types. An error page has this part even
    /// without a paragraph.
    pub operator: Vec<String>,
    /// Seconds after which the user may try again, for `Retry-After`.
    pub retry_after: Option<u64>,
    /// The sentence of the page that the log line repeats; the lead if there is none.
    pub logged: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Html<'a> {
    style: &'static str,
    script: Option<&'static str>,
    page: &'a Page,
    request_id: &'a str,
}

impl Page {
    /// An error page, with at least one step.
    #[must_use]
    pub fn error<const STEPS: usize>(
        status: StatusCode,
        code: &'static str,
        title: Title,
        lead: impl Into<String>,
        steps: [&'static str; STEPS],
    ) -> Self {
        const { assert!(STEPS > 0, "every page has a next step") };
        Self {
            status,
            code,
            tone: Tone::Bad,
            title,
            lead: lead.into(),
            facts: Vec::new(),
            steps: steps.to_vec(),
            operator: Vec::new(),
            retry_after: None,
            logged: None,
        }
    }

    /// A success page, with at least one step.
    #[must_use]
    pub fn success<const STEPS: usize>(
        code: &'static str,
        title: Title,
        lead: impl Into<String>,
        steps: [&'static str; STEPS],
    ) -> Self {
        Self { tone: Tone::Good, ..Self::error(StatusCode::OK, code, title, lead, steps) }
    }

    /// The sentence of this error page for the log line.
    #[must_use]
    pub fn sentence(&self) -> Cow<'static, str> {
        self.logged.map_or_else(|| Cow::Owned(self.lead.clone()), Cow::Borrowed)
    }

    /// The page as an answer that no cache keeps and no other site can frame.
    #[must_use]
    pub fn response(&self, request_id: &str) -> Response {
        let script = self.has_something_to_copy().then_some(COPY_SCRIPT);
        let page = Html { style: STYLE, script, page: self, request_id };
        // Rendering writes strings into a string, which cannot fail.
        let body = page.render().unwrap_or_default();
        let mut response = if script.is_some() { html_with_script(self.status, body) } else { html(self.status, body) };
        if let Some(seconds) = self.retry_after {
            retry_after::set(response.headers_mut(), seconds);
        }
        response
    }

    /// Whether the operator needs the code and the request ID.
    const fn is_in_the_log(&self) -> bool {
        !matches!(self.tone, Tone::Good | Tone::Idle)
    }

    fn has_something_to_copy(&self) -> bool {
        let has_command = |paragraph: &String| parts(paragraph).iter().any(|part| matches!(part, Part::Command(_)));
        self.facts.iter().any(|fact| fact.copied) || self.operator.iter().any(has_command)
    }
}

/// The first media type that is accepted. Scripts send one; browsers send a list that begins with HTML.
#[must_use]
pub fn accepted(headers: &HeaderMap) -> &str {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split([',', ';']).next().unwrap_or_default().trim()
}

/// Whether the caller is a browser. Others send no `Accept`, or one without HTML.
#[must_use]
pub fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split([',', ';']).any(|media_type| media_type.trim().eq_ignore_ascii_case("text/html"))
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

/// Like [`html`], with [`COPY_SCRIPT`] allowed.
#[must_use]
pub fn html_with_script(status: StatusCode, body: String) -> Response {
    let mut response = html(status, body);
    if let Some(policy) = &*POLICY_WITH_SCRIPT {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}

/// A part of a paragraph for the operator.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Plain text.
    Text(&'a str),
    /// A name, or something to type.
    Typed(&'a str),
    /// A whole shell command, on its own line.
    Command(&'a str),
}

/// The parts of `text`, which has backticks around what the reader types. A period after a command is left out.
#[must_use]
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (position, text) in text.split('`').enumerate() {
        let after_command = matches!(parts.last(), Some(Part::Command(_)));
        parts.push(match text {
            _ if position % 2 == 1 && COMMANDS.iter().any(|command| text.starts_with(command)) => Part::Command(text),
            _ if position % 2 == 1 => Part::Typed(text),
            _ if after_command => Part::Text(text.trim_start_matches(['.', ' '])),
            _ => Part::Text(text),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn text_in_backticks_is_typed_or_a_command() {
        let parsed = parts("Run `evergrant doctor` and `az login`. Then wait.");
        let expected = [
            Part::Text("Run "),
            Part::Typed("evergrant doctor"),
            Part::Text(" and "),
            Part::Command("az login"),
            Part::Text("Then wait."),
        ];
        assert_eq!(parsed, expected);
        assert_eq!(parts("Wait."), [Part::Text("Wait.")]);
    }
}
