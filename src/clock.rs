//! The only place that sees the time. Everything else is handed a [`Clock`] or a `now`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Every request is answered by then, with a token, a page or an outage: platforms do not wait for ever. More than a
/// mint may take, so that its own, better answer comes first.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(14_500);

/// When a request that comes in now has to be answered.
#[must_use]
pub fn answer_deadline() -> tokio::time::Instant {
    tokio::time::Instant::now() + ANSWER_WITHIN
}

/// The output of `future` if it comes within `limit`. Unlike [`tokio::time::timeout`] it looks at the clock only if there is
/// something to wait for, and nearly every request is answered from memory.
///
/// # Errors
/// [`Elapsed`] if it does not come in time.
pub async fn within<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = std::pin::pin!(future);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_time_is_given_and_nothing_is_waited_for_longer() {
        let limit = Duration::from_secs(3);
        assert_eq!(within(limit, std::future::ready(1)).await.ok(), Some(1));
        let later = async |seconds| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        assert_eq!(within(limit, later(2)).await.ok(), Some(2));
        assert!(within(limit, later(4)).await.is_err());
        assert!(within(limit, std::future::pending::<()>()).await.is_err());
    }
}
