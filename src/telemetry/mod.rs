//! Logging: one JSON object a line on stdout, of our own events only.
//!
//! Fields are an allow-list: [`AnswerRecord`] for answered requests, and what each `tracing` call in this crate names.
//! Events of other crates are never written, whatever `EVERGRANT_LOG` says, for theirs name URLs and headers.

pub mod json;
mod lines;
mod output;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tracing::Metadata;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::Stopwatch;
use crate::oauth::client::{Client, ClientId, GrantType, SubjectKind};
use crate::oauth::scope::Scope;
use crate::web::body::Body;
use lines::JsonLines;
pub use output::write_in_time;

/// `event` of the audit line that every token handed out leaves.
pub const TOKEN_ISSUED: &str = "token_issued";

/// `event` of the audit line that every revocation leaves.
pub const GRANT_REVOKED: &str = "grant_revoked";

/// Target of the lines of answered requests.
const ANSWERS: &str = "evergrant::answers";

/// Target of audit lines, which no level switches off.
const AUDIT: &str = "evergrant::audit";

/// Starts logging as `levels` say. Later calls change nothing.
pub fn init(levels: Targets) {
    let wanted = filter_fn(move |metadata: &Metadata<'_>| {
        let target = metadata.target();
        target == AUDIT || (target.starts_with("evergrant") && levels.would_enable(target, metadata.level()))
    });
    let _ = tracing_subscriber::registry().with(JsonLines.with_filter(wanted)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        // The place, and not the message, which may quote anything.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(event = "panic", place, "a bug: please report it");
    }));
}

/// What the log line of an answered request tells, beside id, route, status and duration.
#[derive(Debug, Default)]
pub struct AnswerRecord {
    /// The kind of event; `answered` unless the slice says more.
    pub event: Option<&'static str>,
    /// What was asked for, where one route has many.
    pub operation: Option<&'static str>,
    /// The registered client, once it is known.
    pub client_id: Option<ClientId>,
    /// Whose token it is.
    pub subject_kind: Option<SubjectKind>,
    /// The grant type.
    pub grant_type: Option<GrantType>,
    /// The scope granted.
    pub scope: Option<Scope>,
    /// The grant: what a revocation would name. `client_credentials` where the registration itself is the grant.
    pub grant_id: Option<Cow<'static, str>>,
    /// SHA-256 of the token handed out, in hexadecimal; never the token.
    pub token_sha256: Option<Arc<str>>,
    /// Its remaining life in seconds.
    pub expires_in: Option<u64>,
    /// How the cache answered.
    pub cache_result: Option<&'static str>,
    /// The `error` of the answer.
    pub error: Option<&'static str>,
    /// Our word for what went wrong behind the answer.
    pub cause: Option<&'static str>,
    /// What the operator has to mend before anything works; makes the line an error.
    pub alarm: Option<&'static str>,
}

impl AnswerRecord {
    /// A record of `event`.
    #[must_use]
    pub fn of(event: &'static str) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// This record, of a request by `client`.
    #[must_use]
    pub fn by(mut self, client: &Client) -> Self {
        self.client_id = Some(client.client_id.clone());
        self.subject_kind = Some(client.subject);
        self
    }
}

/// An answer and what the log says of it.
#[derive(Debug)]
pub struct Answer<B = Bytes> {
    /// What the caller gets.
    pub response: http::Response<B>,
    /// What the log gets.
    pub record: AnswerRecord,
}

impl From<Answer> for Answer<Body> {
    fn from(answer: Answer) -> Self {
        Self { response: answer.response.map(Body::Whole), record: answer.record }
    }
}

/// The one log line of an answered request.
pub fn log<B>(answer: &Answer<B>, route: &str, request_id: &str, invocation_id: Option<&str>, watch: Stopwatch) {
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
                request_id,
                invocation_id,
                client_id = record.client_id.as_ref().map(ClientId::as_str),
                subject_kind = record.subject_kind.map(SubjectKind::as_str),
                grant_type = record.grant_type.map(GrantType::as_str),
                grant_id = record.grant_id.as_deref(),
                scope = record.scope.as_ref().map(Scope::as_str),
                token_sha256 = record.token_sha256.as_deref(),
                expires_in = record.expires_in,
                cache.result = record.cache_result,
                error = record.error,
                cause = record.cause,
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

/// The audit line of a grant that ended because a replaced refresh token was used again; `kept` if all processes will
/// know.
pub fn audit_reuse(client_id: &str, grant_id: &str, kept: bool) {
    tracing::warn!(target: AUDIT, event = GRANT_REVOKED, client_id, grant_id, cause = "refresh_token_reused", kept);
}

/// How a request ended, in a word to count by.
fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..400 => "success",
        400..500 => "refused",
        _ => "failed",
    }
}
