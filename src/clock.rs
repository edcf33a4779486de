//! The only place that sees the time. Everything else is handed a [`Clock`] or a `now`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Every request is answered by then, with a token, a page or an outage: platforms do not wait for ever. More than a
/// mint may take, so that its own, better answer comes first.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(14_500);

/// When a request that comes in now has to be answered.
#[must_use]
pub fn answer_deadline() -> tokio::time::Instant {
    tokio::time::Instant::now() + ANSWER_WITHIN
}

/// An instant in whole seconds since 1970-01-01 UTC: the `NumericDate` of RFC 7519 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The instant `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The instant `seconds` earlier.
    #[must_use]
    pub const fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Seconds from `now` until this instant; 0 once it has passed.
    #[must_use]
    pub const fn seconds_left(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0)
    }
}

/// Where the time comes from. Tests put their own clock in.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> UnixSeconds;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(since_epoch().as_secs())
    }
}

/// The time since 1970-01-01 UTC by the machine's clock, for log lines.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

/// Measures how long something took, for log lines; never for decisions.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start, with fractions.
    #[must_use]
    pub fn elapsed_ms(&self) -> f64 {
        (self.0.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }
}
