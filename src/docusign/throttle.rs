//! DocuSign's rate limit. It applies to the whole integration key, so one `Retry-After` pauses every call.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::UnixSeconds;
use crate::docusign::error::ExchangeError;
use crate::memory::failures::{FailureKind, MAX_THROTTLED_SECONDS};

/// When calls may resume, in Unix seconds.
#[derive(Debug, Default)]
pub struct Throttle(AtomicU64);

impl Throttle {
    /// Checks whether DocuSign may be called.
    ///
    /// # Errors
    /// [`ExchangeError::Throttled`] with the remaining seconds.
    pub fn check(&self, now: UnixSeconds) -> Result<(), ExchangeError> {
        let until = UnixSeconds(self.0.load(Ordering::Relaxed));
        match until.seconds_left(now) {
            // A longer wait is never stored, so the clock was set back.
            0 => Ok(()),
            left if left > MAX_THROTTLED_SECONDS => Ok(()),
            left => Err(ExchangeError::Throttled { retry_after: Some(left) }),
        }
    }

    /// Starts a pause if `error` is a rate limit.
    pub fn remember(&self, error: ExchangeError, now: UnixSeconds) {
        if let FailureKind::Throttled(seconds) = error.kind() {
            self.0.store(now.plus(seconds.min(MAX_THROTTLED_SECONDS)).0, Ordering::Relaxed);
        }
    }
}
