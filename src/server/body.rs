//! Reads form bodies, chunked or not, with limits on size and time.

use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, BufMut as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, StatusCode};

use crate::clock::within;
use crate::oauth::error::ErrorCode;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{content_length, waits_for_continue};

/// The largest form accepted, in bytes. Real requests are far smaller.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Up to this many bytes of an oversized body are read and dropped, so that the client can read the error response.
const MAX_DRAINED_BYTES: usize = 8 * 1024 * 1024;

/// Time limit for receiving a form.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a form could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Larger than [`MAX_FORM_BYTES`].
    TooLarge,
    /// Did not arrive in time.
    TooSlow,
    /// The connection closed before the body was complete.
    BrokenOff,
}

impl BodyError {
    /// The error response.
    #[must_use]
    pub fn answer(self) -> Answer {
        let (status, description) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "the body ended before it was complete"),
        };
        let error = ErrorCode::InvalidRequest.with_description(description);
        let record = AnswerRecord::default().refused(error.error.as_str(), description);
        Answer { response: error.reply_with(status), record }
    }
}

/// Reads a body to its end, keeping no more than [`MAX_FORM_BYTES`] of it, and returns what is wrong with it.
pub async fn read<B: Buf, E>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, E>>,
) -> (Bytes, Option<BodyError>) {
    // A client that waits for `100 Continue` sends no body, so there is nothing to drain.
    if waits_for_continue(headers) && content_length(headers).is_some_and(|length| length > MAX_FORM_BYTES as u64) {
        return (Bytes::new(), Some(BodyError::TooLarge));
    }
    within(BODY_TIMEOUT, pin!(collect(body))).await.unwrap_or((Bytes::new(), Some(BodyError::TooSlow)))
}

async fn collect<B: Buf, E>(body: impl Stream<Item = Result<B, E>>) -> (Bytes, Option<BodyError>) {
    let mut body = pin!(body);
    let (mut form, mut seen, mut error) = (BytesMut::new(), 0, None);
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else {
            error = Some(BodyError::BrokenOff);
            break;
        };
        seen += piece.remaining();
        if seen > MAX_DRAINED_BYTES {
            break;
        }
        let room = MAX_FORM_BYTES - form.len();
        form.put(piece.take(room));
    }
    (form.freeze(), error.or((seen > MAX_FORM_BYTES).then_some(BodyError::TooLarge)))
}
