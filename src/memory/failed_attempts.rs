//! Counts failed attempts, to limit them: a token bucket for each key, in bounded memory. Successful attempts cost nothing,
//! because they are not counted. Pure.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::clock::UnixSeconds;

/// Failed attempts in a minute, for one key.
const MAX_FAILED_ATTEMPTS: u64 = 20;

/// Seconds until a full bucket is empty.
const WINDOW: u64 = 60;

/// Seconds after which one more attempt may fail.
const INTERVAL: u64 = WINDOW / MAX_FAILED_ATTEMPTS;

/// The most keys that are counted apart. Further ones share one bucket until others are empty.
const MAX_COUNTED_KEYS: usize = 16 * 1024;

/// A failed attempt that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// Failures of the same key without a pause.
    pub count: u64,
    /// Seconds after which the caller may try again, if there were too many.
    pub retry_after: Option<u64>,
}

#[derive(Clone, Copy)]
struct Bucket {
    empty_at: UnixSeconds,
    count: u64,
}

#[derive(Default)]
struct Buckets {
    by_hash: HashMap<u64, Bucket>,
    /// When empty buckets were last dropped.
    tidied_at: Option<UnixSeconds>,
}

/// The failed attempts of all keys. Only hashes of the keys are kept.
#[derive(Default)]
pub struct FailedAttempts {
    hasher: RandomState,
    buckets: Mutex<Buckets>,
}

impl FailedAttempts {
    /// Counts a failed attempt of `key`.
    pub fn count(&self, key: &impl Hash, now: UnixSeconds) -> FailedAttempt {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = buckets.place(self.hasher.hash_one(key), now);
        buckets.by_hash.entry(hash).or_insert(Bucket { empty_at: now, count: 0 }).add(now)
    }
}

impl Buckets {
    /// The bucket of `hash`, or the one that all keys share for which there is no room.
    fn place(&mut self, hash: u64, now: UnixSeconds) -> u64 {
        if self.by_hash.len() < MAX_COUNTED_KEYS || self.by_hash.contains_key(&hash) {
            return hash;
        }
        if self.tidied_at != Some(now) {
            self.tidied_at = Some(now);
            self.by_hash.retain(|_, bucket| bucket.is_live(now));
        }
        if self.by_hash.len() < MAX_COUNTED_KEYS { hash } else { u64::MAX }
    }
}

impl Bucket {
    /// Whether it is not empty.
    fn is_live(&self, now: UnixSeconds) -> bool {
        self.empty_at.seconds_left_of(WINDOW, now).is_some()
    }

    fn add(&mut self, now: UnixSeconds) -> FailedAttempt {
        if !self.is_live(now) {
            *self = Self { empty_at: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        let filled_until = self.empty_at.plus(INTERVAL);
        let excess = filled_until.seconds_left(now.plus(WINDOW));
        if excess == 0 {
            self.empty_at = filled_until;
        }
        FailedAttempt { count: self.count, retry_after: (excess > 0).then_some(excess) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_failure_in_a_minute_is_one_too_many_and_other_keys_are_not_concerned() {
        let (attempts, start) = (FailedAttempts::default(), UnixSeconds(1_000_000));
        let fail = |key: &str, seconds: u64| attempts.count(&key, start.plus(seconds));
        for count in 1..=20 {
            assert_eq!(fail("a", 0), FailedAttempt { count, retry_after: None });
        }
        assert_eq!(fail("a", 0), FailedAttempt { count: 21, retry_after: Some(3) });
        assert_eq!(fail("a", 1).retry_after, Some(2));
        assert_eq!(fail("b", 1), FailedAttempt { count: 1, retry_after: None });
        assert_eq!(fail("a", 3), FailedAttempt { count: 23, retry_after: None }, "one every three seconds");
        assert_eq!(fail("a", 3).retry_after, Some(3));
        assert_eq!(fail("a", 64), FailedAttempt { count: 1, retry_after: None }, "a minute without a failure");
    }

    #[test]
    fn setting_the_clock_back_hinders_no_one_and_memory_is_bounded() {
        let (attempts, start) = (FailedAttempts::default(), UnixSeconds(1_000_000));
        assert!((0..30).any(|_| attempts.count(&"a", start).retry_after.is_some()));
        assert_eq!(attempts.count(&"a", start.minus(5000)).retry_after, None);
        let limited = (0..MAX_COUNTED_KEYS * 2).filter(|key| attempts.count(key, start).retry_after.is_some());
        assert!(limited.count() > MAX_COUNTED_KEYS / 2, "those without room share one bucket");
        assert!(attempts.buckets.lock().unwrap().by_hash.len() <= MAX_COUNTED_KEYS + 1);
        assert_eq!(attempts.count(&"new", start.plus(61)).retry_after, None, "the others are empty by now");
    }
}
