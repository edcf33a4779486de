//! The response to a request whose handling panicked. The panic has a log line of its own, from [`telemetry`](crate::telemetry).

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use futures_util::FutureExt as _;
use http::StatusCode;

use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::Body;
use crate::web::response::json;

const MESSAGE: &str = "Evergrant made a mistake; the operator finds it in the log by the x-request-id of this answer";

#[derive(serde::Serialize)]
struct BugBody<'a> {
    error: &'static str,
    error_description: &'static str,
    request_id: &'a str,
}

/// The output of `future`, or what it panicked with. It must not be polled after a panic.
pub async fn catch_panic<F: Future + Unpin>(mut future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    // Locks that were held ignore poisoning.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.poll_unpin(context))) {
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// 500, in one form for all routes, because nothing is known about the request.
pub fn answer(request_id: &str) -> Answer<Body> {
    let body = BugBody { error: "server_error", error_description: MESSAGE, request_id };
    let record = AnswerRecord { cause: Some("panic"), ..AnswerRecord::default() };
    Answer { response: json(StatusCode::INTERNAL_SERVER_ERROR, &body), record: record.refused(body.error, MESSAGE) }
        .into()
}
