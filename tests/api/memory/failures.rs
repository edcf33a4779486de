//! How long failures are remembered (`docs/reference/limits.md`), and retries with their pauses.

use std::cell::RefCell;
use std::time::Duration;

use evergrant::memory::failures::{FailureKind, MAX_THROTTLED_SECONDS};
use evergrant::memory::retry::retry;
use proptest::prelude::*;
use tokio::time::Instant;

use crate::records::at_once;

proptest! {
    #[test]
    fn a_failure_is_remembered_for_a_second_at_least_and_an_hour_at_most(
        streak in any::<u32>(), seconds in prop_oneof![0..2_u64, 0..4000_u64, any::<u64>()]
    ) {
        for kind in [FailureKind::Permanent, FailureKind::Transient, FailureKind::Throttled(seconds)] {
            prop_assert!((1..=3600).contains(&kind.cached_for(streak)), "{:?} {}", kind, streak);
            prop_assert!(kind.cached_for(streak) <= kind.cached_for(streak.saturating_add(1)), "never shorter in a row");
        }
        let throttled = FailureKind::Throttled(seconds).cached_for(streak);
        prop_assert!(throttled == seconds || seconds == 0 || seconds > MAX_THROTTLED_SECONDS);
    }

    /// The results of the calls in turn, and the pauses that are allowed after each failure.
    #[test]
    fn a_call_is_repeated_as_long_as_a_pause_is_allowed(
        results in proptest::collection::vec(any::<bool>(), 1..12), pauses in proptest::collection::vec(0..100_u64, 0..10)
    ) {
        at_once(async {
            let (calls, begun) = (RefCell::new(0_usize), Instant::now());
            let call = || {
                *calls.borrow_mut() += 1;
                let number = *calls.borrow();
                std::future::ready(if results.get(number - 1) == Some(&true) { Ok(number) } else { Err(number) })
            };
            let found = retry(call, |error: &usize, tries| {
                assert_eq!(*error, tries as usize, "the error of the last try");
                pauses.get(tries as usize - 1).map(|seconds| Duration::from_secs(*seconds))
            });
            let found = found.await;
            let allowed = pauses.len() + 1;
            let first = results.iter().take(allowed).position(|good| *good).map(|at| at + 1);
            prop_assert_eq!(found, first.ok_or(allowed));
            let tries = first.unwrap_or(allowed);
            prop_assert_eq!(*calls.borrow(), tries);
            prop_assert_eq!(begun.elapsed().as_secs(), pauses.iter().take(tries - 1).sum::<u64>());
            Ok(())
        })?;
    }
}

#[test]
fn the_times_are_those_of_the_documentation() {
    for streak in [1, 2, 50, u32::MAX] {
        assert_eq!(FailureKind::Permanent.cached_for(streak), 30);
        assert_eq!(FailureKind::Throttled(600).cached_for(streak), 600);
        assert_eq!(FailureKind::Throttled(7200).cached_for(streak), 3600);
    }
    let transient: Vec<u64> = (0..7).map(|streak| FailureKind::Transient.cached_for(streak)).collect();
    assert_eq!(transient, [2, 2, 4, 8, 10, 10, 10]);
}
