//! Limits how many bodies are streamed at once. A stream whose reader is slow needs more than 1 MiB of buffers.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::web::body::{Chunks, STANDSTILL, StreamError};

/// The most streams at once.
const MAX_STREAMS: usize = 64;

/// How long a request waits for a place, so that a burst of short calls is not refused.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// The places for streams.
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_STREAMS)))
    }
}

impl Streams {
    /// A place for one stream; `None` if none becomes free in time.
    pub async fn enter(&self) -> Option<StreamPlace> {
        let permit = timeout(MAX_WAIT, Arc::clone(&self.0).acquire_owned()).await.ok()?.ok()?;
        Some(StreamPlace { _permit: permit })
    }
}

/// A place for one stream.
pub struct StreamPlace {
    _permit: OwnedSemaphorePermit,
}

impl StreamPlace {
    /// `chunks`, which keep the place until they are dropped, or until they were not read for [`STANDSTILL`]. The server does
    /// not notice by itself that its client stopped reading.
    #[must_use]
    pub fn hold(self, chunks: Chunks) -> Chunks {
        let held = Arc::new(Mutex::new(Held { source: Some((chunks, self)), reads: 0 }));
        let watcher = tokio::spawn(end_if_unread(Arc::downgrade(&held))).abort_handle();
        Box::pin(HeldStream { held, watcher })
    }
}

struct Held {
    source: Option<(Chunks, StreamPlace)>,
    reads: u64,
}

struct HeldStream {
    held: Arc<Mutex<Held>>,
    watcher: AbortHandle,
}

impl Drop for HeldStream {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

impl Stream for HeldStream {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut held = lock(&self.held);
        held.reads += 1;
        match &mut held.source {
            Some((chunks, _)) => chunks.poll_next_unpin(context),
            None => Poll::Ready(Some(Err(StreamError::Stalled))),
        }
    }
}

async fn end_if_unread(held: Weak<Mutex<Held>>) {
    let mut seen = 0;
    loop {
        sleep(STANDSTILL).await;
        let Some(held) = held.upgrade() else { return };
        let mut held = lock(&held);
        if held.reads == seen {
            held.source = None;
            return;
        }
        seen = held.reads;
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn endless() -> Chunks {
        Box::pin(stream::repeat_with(|| Ok(Bytes::from_static(b"x"))))
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_when_its_stream_ends_or_is_not_read() {
        let streams = Streams::default();
        let mut held = Vec::new();
        for _ in 0..MAX_STREAMS {
            held.push(streams.enter().await.expect("a place").hold(endless()));
        }
        assert!(streams.enter().await.is_none(), "all are taken");
        held.pop();
        let mut read = streams.enter().await.expect("one was dropped").hold(endless());
        for _ in 0..8 {
            sleep(STANDSTILL / 4).await;
            assert!(matches!(read.next().await, Some(Ok(_))), "it is read");
        }
        assert_eq!(streams.0.available_permits(), MAX_STREAMS - 1, "the others were not read");
        let mut unread = held.pop().unwrap();
        assert_eq!(unread.next().await, Some(Err(StreamError::Stalled)), "it does not look complete");
    }
}
