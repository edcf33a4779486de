//! The only module that reads the time. Everything else gets a [`Clock`] or a `now`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Time limit for a response, because platforms stop waiting. Longer than the limit of a mint, so that the mint's more
/// specific error comes first.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(14_500);

/// The deadline for responding to a request that arrives now.
#[must_use]
pub fn answer_deadline() -> tokio::time::Instant {
    tokio::time::Instant::now() + ANSWER_WITHIN
}

/// The output of `future` if it completes within `limit`. Unlike [`tokio::time::timeout`], it reads the clock only if the
/// future has to wait, because most requests are served from the cache. The caller pins it, because an async function has room
/// for a future twice: as its argument, and where it pins it.
///
/// # Errors
/// [`Elapsed`] if it does not complete in time.
pub async fn within<F: Future + Unpin>(limit: Duration, mut future: F) -> Result<F::Output, Elapsed> {
    match (&mut future).now_or_never() {
        Some(output) => Ok(output),
        None => timeout(limit, future).await,
    }
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

    /// Like [`Self::seconds_left`]; `None` once it has passed, and if more than `lifetime` seconds are left: the clock was set
    /// back.
    #[must_use]
    pub fn seconds_left_of(self, lifetime: u64, now: Self) -> Option<u64> {
        Some(self.seconds_left(now)).filter(|left| (1..=lifetime).contains(left))
    }
}

/// A source of time. Tests use their own clock.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> UnixSeconds;
}

/// The system clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(whole_seconds())
    }
}

/// Seconds since 1970. The coarse clock is up to 10 ms behind, less than two machines differ, and five times as fast to read.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn whole_seconds() -> u64 {
    clock_gettime(ClockId::RealtimeCoarse).tv_sec.try_into().unwrap_or(0)
}

/// Seconds since 1970.
#[cfg(not(target_os = "linux"))]
fn whole_seconds() -> u64 {
    since_epoch().as_secs()
}

/// The time since 1970-01-01 UTC from the system clock, for log lines.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

/// Measures durations for log lines. Never use it for decisions.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts a measurement.
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn within_returns_the_output_or_times_out() {
        let limit = Duration::from_secs(3);
        assert_eq!(within(limit, std::future::ready(1)).await.ok(), Some(1));
        let later = async |seconds| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        assert_eq!(within(limit, pin!(later(2))).await.ok(), Some(2));
        assert!(within(limit, pin!(later(4))).await.is_err());
        assert!(within(limit, std::future::pending::<()>()).await.is_err());
    }
}
