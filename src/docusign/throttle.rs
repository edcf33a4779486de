//! DocuSign's wish to be left alone: it limits the integration key as a whole, so what one call met holds for all.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::UnixSeconds;
use crate::docusign::error::ExchangeError;
use crate::memory::failures::{FailureKind, MAX_THROTTLED_SECONDS};

/// Until when, in unix seconds, DocuSign wants to be left alone.
#[derive(Debug, Default)]
pub struct Throttle(AtomicU64);

impl Throttle {
    /// May DocuSign be called?
    ///
    /// # Errors
    /// [`ExchangeError::Throttled`] with the seconds left.
    pub fn check(&self, now: UnixSeconds) -> Result<(), ExchangeError> {
        let until = UnixSeconds(self.0.load(Ordering::Relaxed));
        match until.seconds_left(now) {
            // The clock was set back: longer than any memory is none.
            0 => Ok(()),
            left if left > MAX_THROTTLED_SECONDS => Ok(()),
            left => Err(ExchangeError::Throttled { retry_after: Some(left) }),
        }
    }

    /// Takes in how a call ended.
    pub fn remember(&self, error: ExchangeError, now: UnixSeconds) {
        if let FailureKind::Throttled(seconds) = error.kind() {
            self.0.store(now.plus(seconds.min(MAX_THROTTLED_SECONDS)).0, Ordering::Relaxed);
        }
    }
}
