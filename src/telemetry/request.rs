//! The ids of a request: for its log lines, and for the trace of its calls to DocuSign and Azure.
//!
//! Work for a request runs in its span ([`RequestIds::span`]). Spawned tasks need the span too:
//! `tokio::spawn(working.in_current_span())`.

use http::{HeaderMap, HeaderValue};
use tracing::{Span, dispatcher};

use crate::oauth::client::claimed::ClaimedCredentials;
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::error::ErrorCode;
use crate::secret::random::{public_id, random_bytes};
use crate::telemetry::log::Log;
use crate::telemetry::spans::SpanFields;
use crate::telemetry::trace_context::TraceContext;

/// The ids of a request.
#[derive(Debug)]
pub struct RequestIds {
    /// Its `x-request-id`: 32 lower-case hexadecimal digits.
    pub request_id: String,
    /// The trace it belongs to.
    pub trace: TraceContext,
}

impl RequestIds {
    /// Ids for a request with these headers. Without a valid `traceparent` it starts a trace with the request id as its id.
    #[must_use]
    pub fn new(headers: &HeaderMap) -> Self {
        let request_id = public_id();
        let trace = TraceContext::of_caller(headers);
        let trace = trace.unwrap_or_else(|| TraceContext { trace_id: request_id.clone(), flags: 0 });
        Self { request_id, trace }
    }

    /// The span of the request.
    #[must_use]
    pub fn span(&self) -> Span {
        let TraceContext { trace_id, flags } = &self.trace;
        tracing::info_span!(
            parent: None,
            "request",
            request_id = self.request_id,
            trace_id,
            trace_flags = flags
        )
    }
}

/// A span for background work, with its own trace.
#[must_use]
pub fn background_span() -> Span {
    tracing::info_span!(parent: None, "background", trace_id = public_id())
}

/// Adds the client to the span of the current request.
pub fn record_client(client: &Client) {
    in_current_span(|fields| fields.add_client_id(client.client_id.as_str()));
}

/// Adds the registered client that a refused request names, and what is wrong with its credentials.
pub fn record_claimed(claimed: &ClaimedCredentials, clients: &ClientRegistry, error: ErrorCode) {
    if let Some(client) = claimed.client(clients) {
        record_client(client);
    }
    if let Some(hint) = claimed.hint(clients, error) {
        record_hint(hint);
    }
}

/// Adds what is probably wrong with the request, for a caller that gets a less specific answer.
pub fn record_hint(hint: &str) {
    in_current_span(|fields| fields.add_hint(hint));
}

/// Adds how many authentications failed.
pub fn record_failures(count: u64) {
    in_current_span(|fields| fields.add_failures(count));
}

/// The `traceparent` header for a call on behalf of the current request.
#[must_use]
pub fn traceparent() -> Option<HeaderValue> {
    let trace = in_current_span(|fields| fields.trace.clone())??;
    let span_id = u64::from_ne_bytes(random_bytes()).max(1);
    HeaderValue::try_from(trace.traceparent(span_id)).ok()
}

/// `Span::current().record(…)` takes four times as many instructions, and this runs for every request.
fn in_current_span<T>(mut work: impl FnMut(&mut SpanFields) -> T) -> Option<T> {
    dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Log>()?.spans.in_current(&mut work))
}
