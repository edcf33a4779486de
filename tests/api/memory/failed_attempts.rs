//! Limits on failed authentication (`docs/reference/limits.md`): 20 in 60 s for each key, and never a wrong `Retry-After`.

use std::collections::HashMap;

use evergrant::clock::UnixSeconds;
use evergrant::memory::failed_attempts::FailedAttempts;
use proptest::prelude::*;

const START: UnixSeconds = UnixSeconds(2_000_000_000);

/// A token bucket: how full it is, in seconds until it is empty.
#[derive(Clone, Copy, Default)]
struct Bucket {
    empty_at: u64,
    count: u64,
}

impl Bucket {
    /// The number of failures without a pause, and the seconds to wait if there were too many.
    fn fail(&mut self, now: u64) -> (u64, Option<u64>) {
        if self.empty_at <= now {
            *self = Self { empty_at: now, count: 0 };
        }
        self.count += 1;
        // Each failure fills three seconds, and sixty fit in.
        if self.empty_at + 3 > now + 60 {
            return (self.count, Some(self.empty_at + 3 - now - 60));
        }
        self.empty_at += 3;
        (self.count, None)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_key_has_a_bucket_of_its_own(steps in proptest::collection::vec((0..4_u8, prop_oneof![4 => 0..3_u64, 1 => 3..90_u64]), 1..120)) {
        let (attempts, mut model) = (FailedAttempts::default(), HashMap::<u8, Bucket>::new());
        let mut now = START.0;
        for (key, seconds) in steps {
            now += seconds;
            let found = attempts.count(&key, UnixSeconds(now));
            prop_assert_eq!((found.count, found.retry_after), model.entry(key).or_default().fail(now));
        }
    }

    #[test]
    fn a_caller_that_waits_for_retry_after_may_fail_once_more(before in 0..60_u64, failures in 21..60_u64) {
        let attempts = FailedAttempts::default();
        let now = START.plus(before);
        let last = (0..failures).map(|_| attempts.count(&"key", now)).last().unwrap();
        let seconds = last.retry_after.unwrap();
        prop_assert!((1..=60).contains(&seconds));
        prop_assert!(attempts.count(&"key", now.plus(seconds - 1)).retry_after.is_some(), "one second too early");
        prop_assert_eq!(attempts.count(&"key", now.plus(seconds)).retry_after, None);
        prop_assert!(attempts.count(&"key", now.plus(seconds)).retry_after.is_some(), "and no more");
    }

    #[test]
    fn in_no_minute_more_than_forty_failures_get_through(pauses in proptest::collection::vec(0..4_u64, 200..400)) {
        let (attempts, mut now) = (FailedAttempts::default(), START);
        let mut through: Vec<u64> = Vec::new();
        for seconds in pauses {
            now = now.plus(seconds);
            if attempts.count(&"key", now).retry_after.is_none() {
                through.push(now.0);
            }
        }
        // A full bucket, and what flows out of it meanwhile.
        for (at, begin) in through.iter().enumerate() {
            let in_a_minute = through[at..].iter().take_while(|moment| **moment < begin + 60).count();
            prop_assert!(in_a_minute <= 40, "{}", in_a_minute);
        }
    }
}

#[test]
fn a_pause_of_a_minute_forgets_everything() {
    let attempts = FailedAttempts::default();
    for round in 0..5_u64 {
        let now = START.plus(round * 61);
        for count in 1..=30 {
            let found = attempts.count(&"key", now);
            assert_eq!((found.count, found.retry_after.is_some()), (count, count > 20), "round {round}");
        }
    }
}

#[test]
fn keys_without_room_share_one_bucket_until_others_are_empty() {
    let attempts = FailedAttempts::default();
    for key in 0..16_384_u32 {
        assert_eq!(attempts.count(&key, START).retry_after, None);
    }
    let limited = (20_000..20_100_u32).filter(|key| attempts.count(key, START).retry_after.is_some()).count();
    assert_eq!(limited, 80, "they share one bucket");
    assert_eq!(attempts.count(&0_u32, START).count, 2, "those that have one keep it");
    // Three seconds later, the others' buckets are empty and make room.
    let later = START.plus(3);
    assert_eq!(attempts.count(&30_000_u32, later).count, 1);
    assert_eq!(attempts.count(&30_001_u32, later).count, 1);
}
