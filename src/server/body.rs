//! Reads request bodies, chunked or not, within bounds.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyDataStream;

use crate::clock::within;
use crate::oauth::error::ErrorCode;
use crate::telemetry::{Answer, AnswerRecord};

/// The largest form taken, in bytes; the largest legitimate one is a fraction of it.
pub const FORM_LIMIT: usize = 64 * 1024;

/// An oversized body is read and thrown away up to this size, so that its sender gets to read the answer.
const DRAIN_LIMIT: usize = 8 * 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Why a body could not be read.
#[derive(Debug)]
pub enum BodyFault {
    /// Larger than [`FORM_LIMIT`].
    TooLarge,
    /// Not complete in time.
    TooSlow,
    /// The connection ended first.
    BrokenOff,
}

impl BodyFault {
    /// What the sender is told.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let (status, description) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "the body broke off"),
        };
        let error = ErrorCode::InvalidRequest.say(description);
        let record = AnswerRecord { error: Some(error.error.as_str()), ..AnswerRecord::default() };
        Answer { response: error.reply_with(status), record }
    }
}

/// Reads a body to its end, chunked or not, keeping no more than [`FORM_LIMIT`] of it.
pub async fn read<B: Body<Data = Bytes> + Unpin>(body: B) -> Result<Bytes, BodyFault> {
    let reading = pin!(async {
        let mut body = BodyDataStream::new(body);
        let (mut first, mut more, mut seen) = (Bytes::new(), BytesMut::new(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| BodyFault::BrokenOff)?;
            seen += chunk.len();
            if seen > DRAIN_LIMIT {
                break;
            }
            if seen > FORM_LIMIT {
                continue;
            }
            // Nearly every form comes in one piece, which is taken as it is.
            if first.is_empty() {
                first = chunk;
            } else {
                more.extend_from_slice(&chunk);
            }
        }
        let whole = if more.is_empty() { first } else { [first, more.freeze()].concat().into() };
        if seen <= FORM_LIMIT { Ok(whole) } else { Err(BodyFault::TooLarge) }
    });
    within(BODY_TIMEOUT, reading).await.unwrap_or(Err(BodyFault::TooSlow))
}
