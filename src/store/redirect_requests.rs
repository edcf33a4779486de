//! Records the redirect URIs that clients asked for and that are not registered, so that the setup page can show the
//! operator what to register.
//!
//! Anyone can send such requests. So they are collected in memory, in a short [list](super::redirect_list), and one task
//! writes the list, with a pause after each write. Callers never wait for the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::store::records::RecordKind;
use crate::store::redirect_list::{RedirectList, RedirectRequest};
use crate::store::{Store, StoreError, log_failure, update};

/// The pause after each write.
const WRITE_PAUSE: Duration = Duration::from_secs(10);

/// The one record's key.
const KEY: &str = "latest";

/// The redirect URIs that clients asked for. Cheap to clone.
#[derive(Clone)]
pub struct RedirectRequests {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<RedirectRequestsState>>,
}

#[derive(Default)]
struct RedirectRequestsState {
    list: RedirectList,
    /// Whether the list has something that the store may not have.
    is_unwritten: bool,
    /// Whether a task writes the list.
    is_writing: bool,
}

/// What the setup page shows.
#[derive(Debug)]
pub struct LatestRequests {
    /// The requests, newest first.
    pub requests: Vec<RedirectRequest>,
    /// Whether the store could be read; otherwise the requests are this process's own.
    pub is_complete: bool,
}

impl RedirectRequests {
    /// The requests in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, state: Arc::default() }
    }

    /// Records that `client_id` asked for `redirect_uri`. Returns at once; the store is written later.
    pub fn record(&self, client_id: &str, redirect_uri: &str) {
        let asked_at = self.clock.now();
        let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
        let mut state = self.state();
        state.is_unwritten |= state.list.add(RedirectRequest { client_id, redirect_uri, asked_at }, asked_at);
        if state.is_unwritten && !state.is_writing {
            state.is_writing = true;
            tokio::spawn(self.clone().write_until_done().in_current_span());
        }
    }

    /// The requests of the last day.
    pub async fn latest(&self) -> LatestRequests {
        let record = self.store.read(&RecordKind::RequestedRedirects.name(KEY)).await;
        let record = record.inspect_err(|error| log_failure("list redirect URIs", error));
        let is_complete = record.is_ok();
        let stored = record.ok().flatten().map(|record| RedirectList::from_record(&record.content));
        let mut list = self.state().list.clone();
        list.merge(stored.unwrap_or_default(), self.clock.now());
        LatestRequests { requests: list.into_requests(), is_complete }
    }

    /// Writes the list, and once more after a pause if something was added meanwhile. After a failure, the next request tries
    /// again.
    async fn write_until_done(self) {
        loop {
            let list = {
                let mut state = self.state();
                state.is_unwritten = false;
                state.list.clone()
            };
            let written = self.write(list).await.inspect_err(|error| log_failure("record a redirect URI", error));
            sleep(WRITE_PAUSE).await;
            let mut state = self.state();
            state.is_writing = written.is_ok() && state.is_unwritten;
            state.is_unwritten |= written.is_err();
            if !state.is_writing {
                return;
            }
        }
    }

    async fn write(&self, list: RedirectList) -> Result<(), StoreError> {
        let (name, now) = (RecordKind::RequestedRedirects.name(KEY), self.clock.now());
        let merge = |there: Option<&str>| {
            let mut merged = list.clone();
            merged.merge(there.map(RedirectList::from_record).unwrap_or_default(), now);
            (Some(merged.to_record()).filter(|merged| there != Some(merged.as_str())), ())
        };
        update(self.store.as_ref(), &name, RecordKind::RequestedRedirects.expires_at(now), merge).await
    }

    fn state(&self) -> MutexGuard<'_, RedirectRequestsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
