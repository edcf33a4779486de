//! Bodies: complete in memory, or streamed, so that a large one does not fill the memory.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, EXPECT, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use thiserror::Error;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, timeout};

/// How long a streamed body may pause. The Functions host ends a request after 240 s.
pub const STANDSTILL: Duration = Duration::from_secs(120);

/// How much of an unread body is drained, in bytes, and for how long.
const MAX_DRAINED_BYTES: usize = 128 * 1024 * 1024;
const MAX_DRAIN_TIME: Duration = Duration::from_secs(20);

/// Why a body ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StreamError {
    /// The sender closed the connection.
    #[error("the body broke off")]
    BrokenOff,
    /// Nothing arrived for [`STANDSTILL`].
    #[error("the body stalled")]
    Stalled,
}

/// The pieces of a body.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send + Sync>>;

/// The body of an answer.
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// Piece by piece.
    Streamed(Chunks),
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

/// Marks an answer whose body comes from DocuSign. It has the same origin as the sign-in, so the browser must not run it as
/// one of our pages.
pub fn mark_as_foreign(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Shared caches treat answers to requests with Authorization as private, but not those to requests with an API key.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// `chunks`, whose error is one poll late. The server closes the connection at an error, with what it has not sent until then:
/// an answer without its head makes the Functions host send a GET up to forty times.
pub fn after_the_head(chunks: Chunks) -> impl Stream<Item = Result<Bytes, StreamError>> + Send + Sync {
    chunks.then(async |chunk| {
        if chunk.is_err() {
            yield_now().await;
        }
        chunk
    })
}

/// `Content-Length` in bytes, if there is one.
#[must_use]
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the client sends its body only after `100 Continue`.
#[must_use]
pub fn waits_for_continue(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// The body of a request.
pub struct Upload {
    /// Its pieces.
    pub chunks: Chunks,
    /// Its length in bytes, if the sender declares it.
    pub length: Option<u64>,
}

/// The source of a body. It is shared, so that the rest of the body can be drained before the answer is sent.
#[derive(Clone)]
pub struct BodySource(Arc<Mutex<BodyState>>);

struct BodyState {
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send>>,
    /// How it ended. An interrupted body stays interrupted, so that no reader takes it for complete.
    ended: Option<Result<(), StreamError>>,
    /// Whether it was read. A sender that waits for `100 Continue` sends only then.
    was_read: bool,
}

impl BodySource {
    /// The source of `pieces`.
    pub fn new(pieces: impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(BodyState { pieces: Box::pin(pieces), ended: None, was_read: false })))
    }

    /// Whether any of it was read.
    #[must_use]
    pub fn was_read(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).was_read
    }

    /// Drains what was not read, within limits. A client that sends its whole body before it reads the answer would
    /// otherwise lose the answer, because the connection closes while the body is still on its way.
    pub async fn drain(mut self) {
        let mut left = MAX_DRAINED_BYTES;
        let draining = async {
            while let Some(Ok(piece)) = self.next().await {
                left = left.saturating_sub(piece.len());
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(MAX_DRAIN_TIME, draining).await;
    }
}

impl Stream for BodySource {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inflow = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inflow.was_read = true;
        if let Some(ended) = inflow.ended {
            return Poll::Ready(ended.err().map(Err));
        }
        let polled = inflow.pieces.as_mut().poll_next(context);
        inflow.ended = match &polled {
            Poll::Ready(None) => Some(Ok(())),
            Poll::Ready(Some(Err(error))) => Some(Err(*error)),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => None,
        };
        polled
    }
}

/// Pieces with a limit on the pause between them.
pub struct Watched<S> {
    inner: Pin<Box<S>>,
    idle: Pin<Box<Sleep>>,
    ended: bool,
}

impl<S> Watched<S> {
    /// Watches `inner` from now on.
    pub fn new(inner: S) -> Self {
        Self { inner: Box::pin(inner), idle: Box::pin(sleep(STANDSTILL)), ended: false }
    }
}

impl<S: Stream<Item = Result<Bytes, StreamError>>> Stream for Watched<S> {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let polled = match self.inner.as_mut().poll_next(context) {
            Poll::Ready(polled) => polled,
            Poll::Pending => match self.idle.as_mut().poll(context) {
                Poll::Ready(()) => Some(Err(StreamError::Stalled)),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.ended = !matches!(polled, Some(Ok(_)));
        self.idle.as_mut().set(sleep(STANDSTILL));
        Poll::Ready(polled)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_ends_when_it_stalls() {
        let slowly = stream::unfold(0, |count| async move {
            sleep(STANDSTILL / 2).await;
            (count < 4).then(|| (Ok(Bytes::from_static(b"x")), count + 1))
        });
        assert_eq!(Watched::new(slowly).filter_map(|chunk| async { chunk.ok() }).count().await, 4);
        let mut stalls = Watched::new(stream::pending());
        assert_eq!(stalls.next().await, Some(Err(StreamError::Stalled)));
        assert_eq!(stalls.next().await, None);
    }
}
