//! One cached value, which one caller fetches for all. Failures are cached too. While fetching fails, the old value is
//! returned.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::failures::FailureMemory;

/// How long a value is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// This many seconds.
    Seconds(u64),
    /// Until the process ends or the value is dropped.
    Forever,
}

/// How long values and failures are cached.
pub struct Lifetimes<V, E> {
    /// How long a value is cached.
    pub answer: fn(&V) -> Lifetime,
    /// Seconds to wait before the next fetch, from the failure and its number in a row, counted from 1.
    pub failure: fn(&E, u32) -> u64,
}

/// A cached result: a value `V` or an error `E`.
pub struct Cached<V, E> {
    lifetimes: Lifetimes<V, E>,
    state: Mutex<CacheState<V, E>>,
    /// Locked while fetching.
    fetching: tokio::sync::Mutex<()>,
}

struct CacheState<V, E> {
    answer: Option<(V, Expiry)>,
    failure: FailureMemory<E>,
}

#[derive(Clone, Copy)]
enum Expiry {
    Never,
    At { at: UnixSeconds, lifetime: u64 },
}

impl Expiry {
    const fn after(lifetime: Lifetime, since: UnixSeconds) -> Self {
        match lifetime {
            Lifetime::Seconds(lifetime) => Self::At { at: since.plus(lifetime), lifetime },
            Lifetime::Forever => Self::Never,
        }
    }

    /// Whether the expiry is in the future.
    fn is_ahead(self, now: UnixSeconds) -> bool {
        match self {
            Self::Never => true,
            Self::At { at, lifetime } => at.seconds_left_of(lifetime, now).is_some(),
        }
    }
}

impl<V, E> CacheState<V, E> {
    fn succeed(&mut self, answer: V, expiry: Expiry) {
        self.answer = Some((answer, expiry));
        self.failure.clear();
    }
}

impl<V, E> Clone for Lifetimes<V, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V, E> Copy for Lifetimes<V, E> {}

impl<V: Clone, E: Clone> Cached<V, E> {
    /// An empty cache.
    #[must_use]
    pub fn new(lifetimes: Lifetimes<V, E>) -> Self {
        let state = Mutex::new(CacheState { answer: None, failure: FailureMemory::default() });
        Self { lifetimes, state, fetching: tokio::sync::Mutex::default() }
    }

    /// The cached value, or the result of `fetch`. If the caller is canceled, so is the fetch; the next caller starts it again.
    ///
    /// # Errors
    /// The error of `fetch`, if there is no old value.
    pub async fn get(&self, clock: &dyn Clock, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        if let Some(settled) = self.settled(clock.now()) {
            return settled;
        }
        let _guard = self.fetching.lock().await;
        let asked_at = clock.now();
        if let Some(settled) = self.settled(asked_at) {
            return settled;
        }
        let fetched = fetch.await;
        self.settle(fetched, asked_at, clock.now())
    }

    /// Like [`Self::get`] in its own task, so that a caller that disconnects does not cancel the fetch for the others. The
    /// task's log lines have the ids of the request that started it.
    pub fn get_in_task<F>(self: &Arc<Self>, clock: &Arc<dyn Clock>, fetch: F) -> JoinHandle<Result<V, E>>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
        V: Send + 'static,
        E: Send + 'static,
    {
        let (this, clock) = (Arc::clone(self), Arc::clone(clock));
        let getting = async move { this.get(clock.as_ref(), fetch).await };
        tokio::spawn(getting.in_current_span())
    }

    /// The result that is available at `now` without fetching.
    pub fn settled(&self, now: UnixSeconds) -> Option<Result<V, E>> {
        let state = self.lock();
        match (&state.answer, state.failure.cached(now)) {
            (Some((answer, expiry)), failure) if expiry.is_ahead(now) || failure.is_some() => Some(Ok(answer.clone())),
            (None, Some((error, _))) => Some(Err(error.clone())),
            _ => None,
        }
    }

    /// The last value, however old.
    pub fn last_answer(&self) -> Option<V> {
        self.lock().answer.as_ref().map(|(answer, _)| answer.clone())
    }

    /// Whether the last fetch failed.
    pub fn is_failing(&self) -> bool {
        self.lock().failure.is_failing()
    }

    /// The last failure since the last success, however old, and the seconds until the next fetch; at least 1.
    pub fn last_failure(&self, now: UnixSeconds) -> Option<(E, u64)> {
        self.lock().failure.last(now).map(|(error, seconds)| (error.clone(), seconds))
    }

    /// Caches a value that was not fetched here.
    pub fn put(&self, answer: V, lifetime: Lifetime, now: UnixSeconds) {
        self.lock().succeed(answer, Expiry::after(lifetime, now));
    }

    /// Makes the next caller fetch if `is_outdated`. The value remains in case that fails.
    pub fn expire_if(&self, is_outdated: impl FnOnce(&V) -> bool) {
        if let Some((answer, expiry)) = &mut self.lock().answer
            && is_outdated(answer)
        {
            *expiry = Expiry::At { at: UnixSeconds(0), lifetime: 0 };
        }
    }

    /// Drops the value, because it turned out to be wrong.
    pub fn drop_answer(&self) {
        self.lock().answer = None;
    }

    /// Whether this holds a result at `now` or a fetch is running.
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        self.settled(now).is_some() || self.fetching.try_lock().is_err()
    }

    /// Stores the result of a fetch. Its lifetime starts when the fetch started. A value cached since then is newer and wins.
    fn settle(&self, fetched: Result<V, E>, asked_at: UnixSeconds, now: UnixSeconds) -> Result<V, E> {
        let state = &mut *self.lock();
        if let Some((answer, _)) = state.answer.as_ref().filter(|(_, expiry)| expiry.is_ahead(now)) {
            return Ok(answer.clone());
        }
        match fetched {
            Ok(answer) => {
                let expiry = Expiry::after((self.lifetimes.answer)(&answer), asked_at);
                state.succeed(answer.clone(), expiry);
                Ok(answer)
            }
            Err(error) => {
                state.failure.remember(error.clone(), self.lifetimes.failure, now);
                state.answer.as_ref().map(|(answer, _)| answer.clone()).ok_or(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, CacheState<V, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    #[derive(Default)]
    struct TestClock(AtomicU64);

    impl Clock for TestClock {
        fn now(&self) -> UnixSeconds {
            UnixSeconds(self.0.load(Ordering::SeqCst))
        }
    }

    struct Stage {
        cached: Arc<Cached<u32, u32>>,
        clock: Arc<dyn Clock>,
        time: Arc<TestClock>,
        fetches: Arc<AtomicU32>,
    }

    impl Stage {
        fn new() -> Self {
            let time = Arc::new(TestClock(AtomicU64::new(10_000)));
            let answer = |answer: &u32| if *answer == 0 { Lifetime::Forever } else { Lifetime::Seconds(60) };
            let lifetimes = Lifetimes { answer, failure: |_, streak| u64::from(streak) * 10 };
            let cached = Arc::new(Cached::new(lifetimes));
            Self { cached, clock: Arc::<TestClock>::clone(&time), time, fetches: Arc::default() }
        }

        fn fetch(&self, result: Result<u32, u32>) -> impl Future<Output = Result<u32, u32>> + Send + use<> {
            let fetches = Arc::clone(&self.fetches);
            async move {
                fetches.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                result
            }
        }

        async fn get(&self, result: Result<u32, u32>) -> Result<u32, u32> {
            self.cached.get(self.clock.as_ref(), self.fetch(result)).await
        }

        fn advance(&self, seconds: u64) {
            self.time.0.fetch_add(seconds, Ordering::SeqCst);
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_fetches_for_all_and_the_value_is_cached_for_its_lifetime() {
        let stage = Stage::new();
        let answers = join_all((0..50).map(|_| stage.get(Ok(7)))).await;
        assert!(answers.iter().all(|answer| *answer == Ok(7)));
        stage.advance(59);
        assert_eq!(stage.get(Ok(8)).await, Ok(7));
        stage.advance(1);
        assert_eq!(stage.get(Ok(0)).await, Ok(0));
        stage.advance(1_000_000);
        assert_eq!((stage.get(Ok(9)).await, stage.fetches()), (Ok(0), 2), "cached forever");
        stage.cached.drop_answer();
        assert_eq!((stage.get(Ok(9)).await, stage.fetches()), (Ok(9), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_cached_longer_each_time_and_the_old_value_is_returned() {
        let stage = Stage::new();
        assert_eq!(stage.get(Err(1)).await, Err(1));
        stage.advance(9);
        assert_eq!(stage.get(Ok(7)).await, Err(1));
        stage.advance(1);
        assert_eq!(stage.get(Err(2)).await, Err(2));
        stage.advance(19);
        assert_eq!((stage.get(Ok(7)).await, stage.fetches()), (Err(2), 2));
        stage.advance(1);
        assert_eq!(stage.get(Ok(7)).await, Ok(7));
        stage.advance(60);
        assert_eq!(stage.get(Err(3)).await, Ok(7));
        assert!(stage.cached.is_failing());
        assert_eq!((stage.get(Ok(8)).await, stage.fetches()), (Ok(7), 4));
        stage.advance(10);
        assert_eq!(stage.get(Ok(8)).await, Ok(8));
        assert!(!stage.cached.is_failing());
    }

    #[tokio::test(start_paused = true)]
    async fn setting_the_clock_back_extends_no_lifetime() {
        let stage = Stage::new();
        assert_eq!(stage.get(Err(1)).await, Err(1));
        stage.time.0.store(5_000, Ordering::SeqCst);
        assert_eq!(stage.get(Ok(7)).await, Ok(7));
        stage.time.0.store(1_000, Ordering::SeqCst);
        assert_eq!(stage.get(Ok(8)).await, Ok(8));
        assert_eq!((stage.cached.last_answer(), stage.fetches()), (Some(8), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_canceled_caller_does_not_cancel_the_fetch_and_a_newer_value_wins() {
        let stage = Stage::new();
        drop(stage.cached.get_in_task(&stage.clock, stage.fetch(Ok(7))));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(stage.cached.is_live(stage.clock.now()), "it is being fetched");
        assert_eq!((stage.get(Ok(8)).await, stage.fetches()), (Ok(7), 1));
        stage.advance(60);
        let fetching = stage.cached.get_in_task(&stage.clock, stage.fetch(Ok(9)));
        tokio::time::sleep(Duration::from_millis(500)).await;
        stage.cached.put(5, Lifetime::Seconds(30), stage.clock.now());
        assert_eq!(fetching.await.unwrap(), Ok(5));
        stage.advance(30);
        assert!(!stage.cached.is_live(stage.clock.now()));
    }
}
