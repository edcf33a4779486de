//! What is remembered of failures, and what happens to a cached value meanwhile.

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::memory::cached::{Cached, Lifetime, Lifetimes};
use evergrant::memory::failures::FailureMemory;

use crate::support::ManualClock;

#[test]
fn no_more_than_the_lifetime_is_ever_left_even_if_the_clock_was_set_back() {
    let end = UnixSeconds(1_000);
    for (now, left) in [(989, None), (990, Some(10)), (999, Some(1)), (1_000, None), (1_001, None), (0, None)] {
        assert_eq!(end.seconds_left_of(10, UnixSeconds(now)), left, "{now}");
    }
    assert_eq!(UnixSeconds(7).seconds_left_of(0, UnixSeconds(7)), None);
}

#[test]
fn the_last_failure_is_cached_for_its_time_and_counted_until_a_success() {
    let (mut memory, now) = (FailureMemory::default(), UnixSeconds(1_000));
    let cached_for = |seconds: &u64, streak| seconds * u64::from(streak);
    assert_eq!((memory.last(now), memory.is_failing()), (None, false));
    memory.remember(10, cached_for, now);
    assert_eq!((memory.cached(now.plus(9)), memory.cached(now.plus(10))), (Some((&10, 1)), None));
    let back = now.minus(1);
    assert_eq!((memory.last(back), memory.cached(back)), (Some((&10, 1)), None), "the clock was set back");
    memory.remember(20, cached_for, now.plus(10));
    assert_eq!(memory.cached(now.plus(10)), Some((&20, 40)), "the second in a row");
    memory.clear();
    memory.remember(30, cached_for, now);
    assert_eq!(memory.cached(now), Some((&30, 30)));
}

#[tokio::test]
async fn an_outdated_value_is_fetched_again_and_kept_if_that_fails() {
    let clock = ManualClock::new();
    let cached = Cached::new(Lifetimes { answer: |_: &u32| Lifetime::Forever, failure: |_: &u32, _| 10 });
    let get = |result: Result<u32, u32>| cached.get(&clock, std::future::ready(result));
    cached.expire_if(|_| true);
    assert_eq!((get(Ok(7)).await, cached.last_failure(clock.now())), (Ok(7), None));
    cached.expire_if(|value| *value != 7);
    assert_eq!(get(Ok(8)).await, Ok(7), "it is not outdated");
    cached.expire_if(|value| *value == 7);
    assert_eq!(get(Err(1)).await, Ok(7), "it remains");
    assert_eq!(cached.last_failure(clock.now()), Some((1, 10)));
    clock.advance(10);
    assert_eq!(cached.last_failure(clock.now()), Some((1, 1)), "the next caller fetches");
    assert_eq!((get(Ok(8)).await, cached.last_failure(clock.now())), (Ok(8), None));
}
