//! The response to a request whose handling panicked. The panic has a log line of its own, from [`telemetry`](crate::telemetry).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::StatusCode;

use crate::telemetry::{Answer, AnswerRecord};
use crate::web::response::json;

const MESSAGE: &str = "Evergrant made a mistake; the operator finds it in the log by the x-request-id of this answer";

#[derive(serde::Serialize)]
struct BugBody<'a> {
    error: &'static str,
    error_description: &'static str,
    request_id: &'a str,
}

/// Polls `future`, or returns what it panicked with. Then it must not be polled again.
pub fn catch_panic<F: Future>(
    future: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<Result<F::Output, Box<dyn Any + Send>>> {
    // Nothing uses the future after a panic, and locks that were held ignore poisoning.
    let polled = catch_unwind(AssertUnwindSafe(|| future.poll(context)));
    polled.map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
}

/// 500, in one form for all routes, because nothing is known about the request.
pub fn answer(request_id: &str) -> Answer {
    let body = BugBody { error: "server_error", error_description: MESSAGE, request_id };
    let record = AnswerRecord { cause: Some("panic"), ..AnswerRecord::default() };
    Answer { response: json(StatusCode::INTERNAL_SERVER_ERROR, &body), record: record.refused(body.error, MESSAGE) }
}
