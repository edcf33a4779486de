//! The keys of one issuer: fetched once for all callers, refreshed in the background, and kept through an outage for a day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Instrument as _;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::failures::FailureMemory;
use crate::oauth::assertion::key_set::KeySet;
use crate::registry::issuers::error::IssuerError;

/// Keys are used this long without asking the issuer, in seconds.
const FRESH: u64 = 10 * 60;

/// After this long without being asked, the issuer is asked before the keys are used again, in seconds.
const STALE: u64 = 60 * 60;

/// Keys are used this long while the issuer does not answer, in seconds.
const KEPT_IN_OUTAGE: u64 = 24 * 60 * 60;

/// How often an unknown `kid` leads to a fetch, in seconds.
const NEW_KEY_INTERVAL: u64 = 60;

/// Keys that were fetched. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The keys.
    pub keys: Arc<KeySet>,
    at: UnixSeconds,
    /// Which fetch brought them.
    fetch: u64,
}

/// Keys that cannot be fetched at the moment.
#[derive(Clone, Debug)]
pub struct KeySetUnavailable {
    /// Why.
    pub error: IssuerError,
    /// Seconds after which a caller may try again.
    pub retry_after: u64,
}

#[derive(Default)]
struct KeySetState {
    loaded: Option<Loaded>,
    /// Why the last fetch failed.
    failure: FailureMemory<IssuerError>,
    /// The number of fetches so far.
    fetches: u64,
    /// Until when an unknown `kid` leads to no other fetch.
    asked_for_new_key: Option<UnixSeconds>,
}

/// What to do for the next caller.
enum KeySetStep {
    Use(Loaded),
    /// Use them, and fetch in the background.
    Refresh(Loaded),
    /// Wait for a fetch.
    Fetch,
    Fail(KeySetUnavailable),
}

/// The keys of one issuer.
#[derive(Default)]
pub struct CachedKeys {
    state: Mutex<KeySetState>,
    /// Locked while fetching.
    fetching: tokio::sync::Mutex<()>,
}

impl CachedKeys {
    /// The keys, from `fetch` if there are none yet or they are too old. It runs in its own task, so that a caller that
    /// disconnects does not cancel it for the others. Also returns whether this caller's own
    /// fetch brought them.
    ///
    /// # Errors
    /// [`KeySetUnavailable`] if there are none.
    pub async fn get<F>(self: &Arc<Self>, clock: &Arc<dyn Clock>, fetch: F) -> Result<(Loaded, bool), KeySetUnavailable>
    where
        F: Future<Output = Result<KeySet, IssuerError>> + Send + 'static,
    {
        let (step, fetches) = self.lock().next_step(clock.now());
        let refresh = || {
            let (this, clock) = (Arc::clone(self), Arc::clone(clock));
            tokio::spawn(async move { this.fetch_once(&*clock, fetches, fetch).await }.in_current_span())
        };
        match step {
            KeySetStep::Use(loaded) => Ok((loaded, false)),
            KeySetStep::Fail(unavailable) => Err(unavailable),
            KeySetStep::Refresh(loaded) => {
                drop(refresh());
                Ok((loaded, false))
            }
            KeySetStep::Fetch => {
                let is_new = refresh().await.unwrap_or(false);
                self.lock().outcome(clock.now()).map(|loaded| (loaded, is_new))
            }
        }
    }

    /// Keys that are newer than `known`, for a `kid` that is not in them; `None` if there are none and the issuer was asked for
    /// them less than a minute ago.
    ///
    /// # Errors
    /// [`KeySetUnavailable`] if the issuer does not answer.
    pub async fn newer<F>(
        self: &Arc<Self>,
        clock: &Arc<dyn Clock>,
        known: &Loaded,
        fetch: F,
    ) -> Result<Option<Loaded>, KeySetUnavailable>
    where
        F: Future<Output = Result<KeySet, IssuerError>> + Send + 'static,
    {
        let (this, clock, known) = (Arc::clone(self), Arc::clone(clock), known.fetch);
        let asking = async move {
            let _guard = this.fetching.lock().await;
            let settled = this.lock().without_asking(known, clock.now());
            if let Some(settled) = settled {
                return settled;
            }
            let fetched = fetch.await;
            let now = clock.now();
            let mut state = this.lock();
            state.settle(fetched, now);
            // Older keys are no answer to the question whether there is a new one.
            match state.last_failure(now) {
                Some(unavailable) => Err(unavailable),
                None => Ok(state.loaded.clone()),
            }
        };
        tokio::spawn(asking.in_current_span()).await.unwrap_or(Ok(None))
    }

    /// Fetches, unless another caller did since there were `fetches`. Returns whether it did.
    async fn fetch_once(
        &self,
        clock: &dyn Clock,
        fetches: u64,
        fetch: impl Future<Output = Result<KeySet, IssuerError>>,
    ) -> bool {
        let _guard = self.fetching.lock().await;
        if self.lock().fetches != fetches {
            return false;
        }
        let keys = fetch.await;
        self.lock().settle(keys, clock.now());
        true
    }

    /// Whether this holds keys that may still be used, or a failure that still saves calls.
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        let state = self.lock();
        let is_remembered = state.usable(now).is_some() || state.recent_failure(now).is_some();
        drop(state);
        is_remembered || self.fetching.try_lock().is_err()
    }

    fn lock(&self) -> MutexGuard<'_, KeySetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeySetState {
    fn usable(&self, now: UnixSeconds) -> Option<&Loaded> {
        self.loaded.as_ref().filter(|loaded| now.seconds_left(loaded.at) < KEPT_IN_OUTAGE)
    }

    /// The last failure, if it is too recent for another try.
    fn recent_failure(&self, now: UnixSeconds) -> Option<KeySetUnavailable> {
        let (error, retry_after) = self.failure.cached(now)?;
        Some(KeySetUnavailable { error: error.clone(), retry_after })
    }

    /// The last failure, however old.
    fn last_failure(&self, now: UnixSeconds) -> Option<KeySetUnavailable> {
        let last = || Some(KeySetUnavailable { error: self.failure.last()?.clone(), retry_after: 1 });
        self.recent_failure(now).or_else(last)
    }

    fn next_step(&self, now: UnixSeconds) -> (KeySetStep, u64) {
        let step = match (self.usable(now).cloned(), self.recent_failure(now)) {
            (Some(loaded), Some(_)) => KeySetStep::Use(loaded),
            (Some(loaded), None) => match now.seconds_left(loaded.at) {
                age if age < FRESH => KeySetStep::Use(loaded),
                // After a failure, no one waits for the next one.
                age if age < STALE || self.failure.last().is_some() => KeySetStep::Refresh(loaded),
                _ => KeySetStep::Fetch,
            },
            (None, Some(unavailable)) => KeySetStep::Fail(unavailable),
            (None, None) => KeySetStep::Fetch,
        };
        (step, self.fetches)
    }

    /// The keys after a fetch.
    fn outcome(&self, now: UnixSeconds) -> Result<Loaded, KeySetUnavailable> {
        let never_fetched = || KeySetUnavailable { error: IssuerError::Malformed, retry_after: 1 };
        self.usable(now).cloned().ok_or_else(|| self.last_failure(now).unwrap_or_else(never_fetched))
    }

    /// What [`CachedKeys::newer`] returns without asking the issuer; `None` if it has to be asked, which is noted.
    fn without_asking(&mut self, known: u64, now: UnixSeconds) -> Option<Result<Option<Loaded>, KeySetUnavailable>> {
        if let Some(loaded) = self.usable(now).filter(|loaded| loaded.fetch != known) {
            return Some(Ok(Some(loaded.clone())));
        }
        let asked = self.asked_for_new_key.is_some_and(|until| until.seconds_left_of(NEW_KEY_INTERVAL, now).is_some());
        match self.last_failure(now) {
            Some(failure) if asked || self.recent_failure(now).is_some() => Some(Err(failure)),
            None if asked => Some(Ok(None)),
            _ => {
                self.asked_for_new_key = Some(now.plus(NEW_KEY_INTERVAL));
                None
            }
        }
    }

    fn settle(&mut self, fetched: Result<KeySet, IssuerError>, now: UnixSeconds) {
        self.fetches += 1;
        match fetched {
            Ok(keys) => {
                self.loaded = Some(Loaded { keys: Arc::new(keys), at: now, fetch: self.fetches });
                self.failure.clear();
            }
            Err(error) => self.failure.remember(error, |error, streak| error.kind().cached_for(streak), now),
        }
    }
}
