//! Logging: one JSON object per line on stdout, for this crate's events only.
//!
//! A request has a span ([`RequestIds::span`]), and a mint has one inside the span of the request that started it. Every
//! line written there has the span's `request_id`, `trace_id` and `client_id`. `Log` is the `tracing` subscriber, `Spans`
//! keeps the open spans, `Line` writes JSON, and [`Output`] writes the lines to stdout, in batches under load.
//!
//! Fields are an allow-list: [`AnswerRecord`] for answered requests, and the fields of each `tracing` call in this crate.
//! Events of other crates are never written, whatever `EVERGRANT_LOG` says, because they can contain URLs and headers.

mod lines;
mod log;
mod output;
mod request;
mod spans;
#[cfg(test)]
mod tests;
mod time_stamps;
mod trace_context;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tracing_subscriber::filter::Targets;

use crate::clock::Stopwatch;
use crate::oauth::client::{Client, GrantType};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::web::body::Body;
use crate::web::page::Page;
use log::Log;
pub use output::Output;
pub use request::{
    RequestIds, background_span, record_claimed, record_client, record_failures, record_hint, traceparent,
};
use spans::Spans;

/// `event` of the audit line of an issued token.
pub const TOKEN_ISSUED: &str = "token_issued";

/// `event` of the audit line of a revocation.
pub const GRANT_REVOKED: &str = "grant_revoked";

/// Target of request lines.
const ANSWERS: &str = "evergrant::answers";

/// Target of audit lines, which are written at every level.
const AUDIT: &str = "evergrant::audit";

/// DocuSign's longest `error` that is logged, in bytes.
const MAX_ERROR_BYTES: usize = 60;

/// Starts logging to stdout with `levels`. Only the first call in a process has an effect.
#[must_use]
pub fn init(levels: Targets) -> Output {
    let output = Output::new(std::io::stdout());
    let log = Log { levels, spans: Spans::default(), output: output.clone() };
    let _ = tracing::subscriber::set_global_default(log);
    std::panic::set_hook(Box::new(|panic| {
        // Log only the place: the panic message may contain secrets.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(event = "panic", place, "this is a bug in Evergrant; please report it");
    }));
    output
}

/// The fields of a request's log line in addition to ids, route, status and duration.
#[derive(Debug, Default)]
pub struct AnswerRecord {
    /// The kind of event; `answered` if the endpoint sets no other.
    pub event: Option<&'static str>,
    /// The operation, for routes with several.
    pub operation: Option<&'static str>,
    /// Whose token it is: the integration user's or the signed-in user's.
    pub subject_kind: Option<SubjectKind>,
    /// The grant type.
    pub grant_type: Option<GrantType>,
    /// The scope granted.
    pub scope: Option<Scope>,
    /// The grant id that a revocation takes; `client_credentials` for that grant type.
    pub grant_id: Option<Cow<'static, str>>,
    /// SHA-256 of the issued token, in hexadecimal. The token itself is never logged.
    pub token_sha256: Option<Arc<str>>,
    /// The token's remaining lifetime in seconds.
    pub expires_in: Option<u64>,
    /// Whether the token came from the cache.
    pub cache_result: Option<&'static str>,
    /// The `error` of the response.
    pub error: Option<&'static str>,
    /// The sentence of the response. Platforms hide it from the people who need it.
    pub error_description: Option<Cow<'static, str>>,
    /// Evergrant's code for the failure behind the error.
    pub cause: Option<&'static str>,
    /// The `error` in DocuSign's answer to a sign-in.
    pub docusign_error: Option<String>,
    /// A problem that the operator must fix before anything works. The line is written at level ERROR.
    pub alarm: Option<&'static str>,
}

impl AnswerRecord {
    /// A record for `event`.
    #[must_use]
    pub fn of(event: &'static str) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// Adds the `error` of the response and its sentence.
    #[must_use]
    pub fn refused(self, error: &'static str, error_description: impl Into<Cow<'static, str>>) -> Self {
        Self { error: Some(error), error_description: Some(error_description.into()), ..self }
    }

    /// Adds the code and the sentence of an error page.
    #[must_use]
    pub fn with_page(self, page: &Page) -> Self {
        Self { cause: Some(page.code), error_description: Some(page.sentence()), ..self }
    }

    /// Adds DocuSign's `error`, unless it does not look like an error code. It comes from the browser, so it may be anything.
    #[must_use]
    pub fn with_docusign_error(self, error: &str) -> Self {
        let is_code = error.len() <= MAX_ERROR_BYTES && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        Self { docusign_error: is_code.then(|| error.to_owned()), ..self }
    }

    /// Adds the kind of user that `client` gets tokens for.
    #[must_use]
    pub fn for_client(mut self, client: &Client) -> Self {
        self.subject_kind = Some(client.subject);
        self
    }
}

/// A response and its log record.
#[derive(Debug)]
pub struct Answer<B = Bytes> {
    /// The response.
    pub response: http::Response<B>,
    /// The record.
    pub record: AnswerRecord,
}

impl From<Answer> for Answer<Body> {
    fn from(answer: Answer) -> Self {
        Self { response: answer.response.map(Body::Whole), record: answer.record }
    }
}

/// Writes the one log line of a request, in its span.
pub fn log<B>(answer: &Answer<B>, route: &str, invocation_id: Option<&str>, watch: Stopwatch) {
    let Answer { response, record } = answer;
    macro_rules! line {
        ($target:expr, $level:expr, $message:expr) => {
            tracing::event!(
                target: $target,
                $level,
                event = record.event.unwrap_or("answered"),
                outcome = outcome(response.status()),
                route,
                operation = record.operation,
                status = response.status().as_u16(),
                duration_ms = watch.elapsed_ms(),
                invocation_id,
                subject_kind = record.subject_kind.map(SubjectKind::as_str),
                grant_type = record.grant_type.map(GrantType::as_str),
                grant_id = record.grant_id.as_deref(),
                scope = record.scope.as_ref().map(Scope::as_str),
                token_sha256 = record.token_sha256.as_deref(),
                expires_in = record.expires_in,
                cache.result = record.cache_result,
                error = record.error,
                error_description = record.error_description.as_deref(),
                cause = record.cause,
                docusign_error = record.docusign_error.as_deref(),
                message = $message,
            )
        };
    }
    match record.alarm {
        Some(alarm) => line!(ANSWERS, tracing::Level::ERROR, alarm),
        None if matches!(record.event, Some(TOKEN_ISSUED | GRANT_REVOKED)) => {
            line!(AUDIT, tracing::Level::INFO, "request answered");
        }
        None if response.status().is_server_error() => line!(ANSWERS, tracing::Level::WARN, "request answered"),
        None => line!(ANSWERS, tracing::Level::INFO, "request answered"),
    }
}

/// Writes the audit line of a grant that was revoked because a replaced refresh token was used again. `kept` means that
/// the revocation is stored for all processes.
pub fn audit_reuse(grant_id: &str, kept: bool) {
    tracing::warn!(target: AUDIT, event = GRANT_REVOKED, grant_id, cause = "refresh_token_reused", kept);
}

/// How a request ended: one word, for counting.
fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..400 => "success",
        400..500 => "refused",
        _ => "failed",
    }
}
