//! One value that one caller fetches for all: how long it is used, what failures do, and what is never fetched twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use evergrant::clock::{Clock, UnixSeconds};
use evergrant::memory::cache::Cache;
use evergrant::memory::cached::{Cached, Lifetime, Lifetimes};
use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::time::sleep;

use crate::records::at_once;
use crate::support::ManualClock;

/// Values are used for a minute, failures for ten seconds more each time in a row.
const LIFETIMES: Lifetimes<u32, u32> =
    Lifetimes { answer: |_| Lifetime::Seconds(60), failure: |_, streak| 10 * u64::from(streak) };

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    /// A caller asks, while a fetch has this result.
    Get(Result<u32, u32>),
    Put(u32, u64),
    Drop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..40_u64).prop_map(Step::Wait),
        3 => any::<u32>().prop_map(|value| Step::Get(Ok(value))),
        3 => any::<u32>().prop_map(|error| Step::Get(Err(error))),
        1 => (any::<u32>(), 0..90_u64).prop_map(|(value, seconds)| Step::Put(value, seconds)),
        1 => Just(Step::Drop),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What the cache has to hold.
#[derive(Default)]
struct Model {
    value: Option<(u32, u64)>,
    failure: Option<(u32, u64)>,
    streak: u64,
}

impl Model {
    /// What is returned without fetching.
    fn settled(&self, now: u64) -> Option<Result<u32, u32>> {
        let pausing = self.failure.filter(|(_, until)| now < *until);
        match (self.value, pausing) {
            (Some((value, until)), pausing) if now < until || pausing.is_some() => Some(Ok(value)),
            (None, Some((error, _))) => Some(Err(error)),
            _ => None,
        }
    }

    fn fetched(&mut self, result: Result<u32, u32>, now: u64) -> Result<u32, u32> {
        match result {
            Ok(value) => {
                *self = Self { value: Some((value, now + 60)), ..Self::default() };
                Ok(value)
            }
            Err(error) => {
                self.streak += 1;
                self.failure = Some((error, now + 10 * self.streak));
                self.value.map(|(value, _)| value).ok_or(error)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_value_a_failure_and_an_old_value_are_used_as_long_as_they_should(steps in steps()) {
        let clock = ManualClock::new();
        let (cached, mut model) = (Cached::new(LIFETIMES), Model::default());
        let fetches = AtomicU32::new(0);
        at_once(async {
            for step in steps {
                let now = clock.now().0;
                match step {
                    Step::Wait(seconds) => clock.advance(seconds),
                    Step::Put(value, seconds) => {
                        cached.put(value, Lifetime::Seconds(seconds), clock.now());
                        model = Model { value: Some((value, now + seconds)), ..Model::default() };
                    }
                    Step::Drop => {
                        cached.drop_answer();
                        model.value = None;
                    }
                    Step::Get(result) => {
                        let expected = model.settled(now);
                        prop_assert_eq!(cached.settled(clock.now()), expected);
                        prop_assert_eq!(cached.is_live(clock.now()), expected.is_some());
                        let before = fetches.load(Ordering::SeqCst);
                        let found = cached.get(&clock, async {
                            fetches.fetch_add(1, Ordering::SeqCst);
                            result
                        });
                        let found = found.await;
                        prop_assert_eq!(fetches.load(Ordering::SeqCst) - before, u32::from(expected.is_none()), "fetches");
                        prop_assert_eq!(found, expected.unwrap_or_else(|| model.fetched(result, now)));
                    }
                }
                prop_assert_eq!(cached.last_answer(), model.value.map(|(value, _)| value));
                prop_assert_eq!(cached.is_failing(), model.failure.is_some());
            }
            Ok(())
        })?;
    }
}

/// A fetch that takes a second and counts itself.
fn slow(fetches: &Arc<AtomicU32>, result: Result<u32, u32>) -> impl Future<Output = Result<u32, u32>> + Send + use<> {
    let fetches = Arc::clone(fetches);
    async move {
        fetches.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_secs(1)).await;
        result
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_fetch_and_its_failure() {
    for result in [Ok(7), Err(1)] {
        let (cached, fetches) = (Cached::new(LIFETIMES), Arc::new(AtomicU32::new(0)));
        let clock = ManualClock::new();
        let found = join_all((0..1000).map(|_| cached.get(&clock, slow(&fetches, result)))).await;
        assert!(found.iter().all(|found| *found == result));
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn if_the_fetching_caller_hangs_up_the_next_one_fetches() {
    let (cached, fetches) = (Cached::new(LIFETIMES), Arc::new(AtomicU32::new(0)));
    let clock = ManualClock::new();
    let hung_up = tokio::time::timeout(Duration::from_millis(500), cached.get(&clock, slow(&fetches, Ok(1)))).await;
    assert!(hung_up.is_err() && cached.last_answer().is_none());
    assert_eq!(cached.get(&clock, slow(&fetches, Ok(2))).await, Ok(2));
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_in_a_task_ends_though_all_callers_hang_up() {
    let (cached, fetches) = (Arc::new(Cached::new(LIFETIMES)), Arc::new(AtomicU32::new(0)));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
    for _ in 0..20 {
        drop(cached.get_in_task(&clock, slow(&fetches, Ok(7))));
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!((cached.last_answer(), fetches.load(Ordering::SeqCst)), (Some(7), 1));
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_counts_from_the_beginning_of_the_fetch() {
    let (cached, fetches) = (Cached::new(LIFETIMES), Arc::new(AtomicU32::new(0)));
    let clock = ManualClock::new();
    let waiting = clock.clone();
    let late = async {
        waiting.advance(50);
        Ok(7)
    };
    assert_eq!(cached.get(&clock, late).await, Ok(7));
    clock.advance(9);
    assert_eq!(cached.get(&clock, slow(&fetches, Ok(8))).await, Ok(7));
    clock.advance(1);
    assert_eq!(cached.get(&clock, slow(&fetches, Ok(8))).await, Ok(8), "60 s after it was asked for");
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_neither_a_value_nor_a_failure_too_long() {
    for back in [1, 3600, 1_000_000] {
        let (cached, clock) = (Cached::new(LIFETIMES), ManualClock::new());
        assert_eq!(cached.get(&clock, async { Err(1) }).await, Err(1));
        clock.set_back(back);
        assert_eq!(cached.get(&clock, async { Ok(7) }).await, Ok(7), "{back}");
        clock.set_back(back);
        assert_eq!(cached.get(&clock, async { Ok(8) }).await, Ok(8), "{back}");
    }
}

#[tokio::test]
async fn each_key_of_a_cache_has_its_own_value_and_live_ones_are_kept() {
    let (cache, clock) = (Cache::new(8, LIFETIMES), ManualClock::new());
    let start = clock.now();
    for key in 0..1000_u32 {
        cache.put(&key, key, if key % 2 == 0 { Lifetime::Forever } else { Lifetime::Seconds(10) }, start);
    }
    let value = |key: u32, now: UnixSeconds| cache.entry(&key, now).settled(now);
    for key in 0..1000 {
        assert_eq!(value(key, start.plus(9)), Some(Ok(key)));
    }
    for key in 0..1000 {
        assert_eq!(value(key, start.plus(10)), (key % 2 == 0).then_some(Ok(key)), "{key}");
    }
    let same = cache.entry(&1, start.plus(10));
    assert!(Arc::ptr_eq(&same, &cache.entry(&1, start.plus(10))), "callers of one key share its fetch");
}
