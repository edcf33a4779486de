//! The keys of one issuer: fetched once for all callers, refreshed in the background, and kept through an outage for a day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::task::JoinHandle;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::cached::{Cached, Lifetime, Lifetimes};
use crate::oauth::jwk::key_set::KeySet;
use crate::registry::issuers::error::IssuerError;

/// Keys are used this long without asking the issuer, in seconds.
const FRESH: u64 = 10 * 60;

/// After this long without being asked, the issuer is asked before the keys are used again, in seconds.
const STALE: u64 = 60 * 60;

/// Keys are used this long while the issuer does not answer, in seconds.
const KEPT_IN_OUTAGE: u64 = 24 * 60 * 60;

/// How often an unknown `kid` leads to a fetch, in seconds.
const NEW_KEY_INTERVAL: u64 = 60;

/// Fetched keys are fresh at first. Failures are cached as others.
const LIFETIMES: Lifetimes<FetchedKeys, IssuerError> =
    Lifetimes { answer: |_| Lifetime::Seconds(FRESH), failure: |error, streak| error.kind().cached_for(streak) };

/// Keys that were fetched. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FetchedKeys {
    /// The keys.
    pub keys: Arc<KeySet>,
    at: UnixSeconds,
}

impl FetchedKeys {
    const fn age(&self, now: UnixSeconds) -> u64 {
        now.seconds_left(self.at)
    }

    const fn is_usable(&self, now: UnixSeconds) -> bool {
        self.age(now) < KEPT_IN_OUTAGE
    }

    /// Whether one fetch brought both.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.keys, &other.keys)
    }
}

/// Keys that cannot be fetched at the moment.
#[derive(Clone, Debug)]
pub struct IssuerKeysError {
    /// Why.
    pub error: IssuerError,
    /// Seconds after which a caller may try again.
    pub retry_after: u64,
}

/// The keys of one issuer.
pub struct CachedKeys {
    loaded: Arc<Cached<FetchedKeys, IssuerError>>,
    /// Until this time, in Unix seconds, an unknown `kid` leads to no fetch.
    no_refetch_until: Arc<AtomicU64>,
}

impl Default for CachedKeys {
    fn default() -> Self {
        Self { loaded: Arc::new(Cached::new(LIFETIMES)), no_refetch_until: Arc::default() }
    }
}

impl CachedKeys {
    /// The keys, from `fetch` if there are none yet or they are too old. Also returns whether this caller's own fetch brought
    /// them.
    ///
    /// # Errors
    /// [`IssuerKeysError`] if there are none.
    pub async fn get<F>(&self, clock: &Arc<dyn Clock>, fetch: F) -> Result<(FetchedKeys, bool), IssuerKeysError>
    where
        F: Future<Output = Result<KeySet, IssuerError>> + Send + 'static,
    {
        let now = clock.now();
        if let Some(settled) = self.loaded.settled(now) {
            return Ok((self.usable(settled.ok(), now)?, false));
        }
        // After a failure, no one waits for the next one.
        let may_be_old = |loaded: &FetchedKeys| loaded.age(now) < STALE || self.loaded.is_failing();
        let old = self.loaded.last_answer().filter(|loaded| loaded.is_usable(now) && may_be_old(loaded));
        let is_own = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&is_own);
        let fetching = self.fetch_in_task(clock, move || begun.store(true, Ordering::SeqCst), fetch);
        if let Some(old) = old {
            return Ok((old, false));
        }
        let fetched = fetching.await.ok().and_then(Result::ok);
        Ok((self.usable(fetched, clock.now())?, is_own.load(Ordering::SeqCst)))
    }

    /// Keys that are newer than `known`, for a `kid` that is not in them; `None` if there are none and the issuer was asked for
    /// them less than a minute ago.
    ///
    /// # Errors
    /// [`IssuerKeysError`] if the issuer does not answer.
    pub async fn newer<F>(
        &self,
        clock: &Arc<dyn Clock>,
        known: &FetchedKeys,
        fetch: F,
    ) -> Result<Option<FetchedKeys>, IssuerKeysError>
    where
        F: Future<Output = Result<KeySet, IssuerError>> + Send + 'static,
    {
        let now = clock.now();
        let no_refetch_until = UnixSeconds(self.no_refetch_until.load(Ordering::SeqCst));
        if no_refetch_until.seconds_left_of(NEW_KEY_INTERVAL, now).is_none() {
            self.loaded.expire_if(|loaded| loaded.is(known));
        }
        let (asked, until) = (Arc::clone(&self.no_refetch_until), now.plus(NEW_KEY_INTERVAL));
        let fetching = self.fetch_in_task(clock, move || asked.store(until.0, Ordering::SeqCst), fetch);
        let fetched = fetching.await.ok().and_then(Result::ok);
        if let Some(newer) = fetched.filter(|loaded| !loaded.is(known)) {
            return Ok(Some(newer));
        }
        // Older keys are no answer to the question whether there is a new one.
        if self.loaded.is_failing() { Err(self.unavailable(clock.now())) } else { Ok(None) }
    }

    /// What is settled, or the result of `fetch`, which calls `begin` first.
    fn fetch_in_task<F>(
        &self,
        clock: &Arc<dyn Clock>,
        begin: impl FnOnce() + Send + 'static,
        fetch: F,
    ) -> JoinHandle<Result<FetchedKeys, IssuerError>>
    where
        F: Future<Output = Result<KeySet, IssuerError>> + Send + 'static,
    {
        let then = Arc::clone(clock);
        let fetching = async move {
            begin();
            let keys = Arc::new(fetch.await?);
            Ok(FetchedKeys { keys, at: then.now() })
        };
        self.loaded.get_in_task(clock, fetching)
    }

    fn usable(&self, loaded: Option<FetchedKeys>, now: UnixSeconds) -> Result<FetchedKeys, IssuerKeysError> {
        loaded.filter(|loaded| loaded.is_usable(now)).ok_or_else(|| self.unavailable(now))
    }

    fn unavailable(&self, now: UnixSeconds) -> IssuerKeysError {
        let (error, retry_after) = self.loaded.last_failure(now).unwrap_or((IssuerError::Malformed, 1));
        IssuerKeysError { error, retry_after }
    }

    /// Whether this holds keys that may still be used, or a failure that still saves calls.
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        self.loaded.last_answer().is_some_and(|loaded| loaded.is_usable(now)) || self.loaded.is_live(now)
    }
}
