//! Upstream failures, and how long they are cached, so that not every request makes a call during an outage. Pure.

use crate::clock::UnixSeconds;

/// When a retry can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Only after someone fixes consent, a key or a setting.
    Permanent,
    /// Soon: it may pass by itself.
    Transient,
    /// After this many seconds, which upstream returned.
    Throttled(u64),
}

/// How long a permanent failure is cached, in seconds.
pub const PERMANENT_FAILURE_SECONDS: u64 = 30;

/// How long the first transient failure in a row is cached, in seconds, and the maximum for the following ones.
const FIRST_TRANSIENT_SECONDS: u64 = 2;
const MAX_TRANSIENT_SECONDS: u64 = 10;

/// The longest accepted wait in seconds. DocuSign's rate limits reset every full hour.
pub const MAX_THROTTLED_SECONDS: u64 = 3600;

impl FailureKind {
    /// Seconds to wait after the `streak`th failure in a row, counted from 1.
    #[must_use]
    pub fn cached_for(self, streak: u32) -> u64 {
        match self {
            Self::Permanent => PERMANENT_FAILURE_SECONDS,
            Self::Transient => (FIRST_TRANSIENT_SECONDS << streak.saturating_sub(1).min(8)).min(MAX_TRANSIENT_SECONDS),
            Self::Throttled(seconds) => seconds.clamp(1, MAX_THROTTLED_SECONDS),
        }
    }
}

/// The last failure, until a success.
#[derive(Debug)]
pub struct FailureMemory<E>(Option<LastFailure<E>>);

#[derive(Debug)]
struct LastFailure<E> {
    error: E,
    /// Its number in a row, counted from 1.
    streak: u32,
    until: UnixSeconds,
    lifetime: u64,
}

impl<E> Default for FailureMemory<E> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E> FailureMemory<E> {
    /// Remembers `error`, for as many seconds as `cached_for` returns for it and its number in a row.
    pub fn remember(&mut self, error: E, cached_for: impl FnOnce(&E, u32) -> u64, now: UnixSeconds) {
        let streak = self.0.as_ref().map_or(1, |last| last.streak.saturating_add(1));
        let lifetime = cached_for(&error, streak);
        self.0 = Some(LastFailure { error, streak, until: now.plus(lifetime), lifetime });
    }

    /// Forgets it, after a success or a fix.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Whether there was a failure since the last success.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.0.is_some()
    }

    /// The last failure, however old, and the seconds until the next try; at least 1.
    #[must_use]
    pub fn last(&self, now: UnixSeconds) -> Option<(&E, u64)> {
        self.cached(now).or_else(|| Some((&self.0.as_ref()?.error, 1)))
    }

    /// The last failure and the seconds until the next try, if it is still cached.
    #[must_use]
    pub fn cached(&self, now: UnixSeconds) -> Option<(&E, u64)> {
        let last = self.0.as_ref()?;
        Some((&last.error, last.until.seconds_left_of(last.lifetime, now)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_cached_briefly() {
        let transient: Vec<u64> = (1..=6).map(|n| FailureKind::Transient.cached_for(n)).collect();
        assert_eq!(transient, [2, 4, 8, 10, 10, 10]);
        assert_eq!(FailureKind::Permanent.cached_for(9), 30);
        assert_eq!(FailureKind::Throttled(17).cached_for(1), 17);
        assert_eq!(FailureKind::Throttled(0).cached_for(1), 1);
        assert_eq!(FailureKind::Throttled(86_400).cached_for(1), 3600);
        assert_eq!(FailureKind::Transient.cached_for(u32::MAX), 10);
    }
}
