//! DocuSign's rate limits.
//!
//! A limit that a mint meets applies to the whole integration key, so it pauses every call. Others may have caused a limit that
//! a sign-in meets, with codes that they made up, so it pauses only the calls of its kind.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::UnixSeconds;
use crate::docusign::error::ExchangeError;
use crate::memory::failures::{FailureKind, MAX_THROTTLED_SECONDS};

/// A kind of call with its own pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// The exchange of an assertion.
    Mint,
    /// The exchange of a code, which anyone may send.
    SignIn,
    /// The look-up of a user.
    UserInfo,
}

/// When calls may resume.
#[derive(Debug, Default)]
pub struct Throttles {
    mints: Throttle,
    sign_ins: Throttle,
    userinfo: Throttle,
}

impl Throttles {
    /// Checks whether DocuSign may be called.
    ///
    /// # Errors
    /// [`ExchangeError::Throttled`] with the remaining seconds.
    pub fn check(&self, kind: CallKind, now: UnixSeconds) -> Result<(), ExchangeError> {
        self.mints.check(now)?;
        self.of(kind).check(now)
    }

    /// Starts a pause if `error` is a rate limit.
    pub fn remember(&self, kind: CallKind, error: &ExchangeError, now: UnixSeconds) {
        self.of(kind).remember(error, now);
    }

    const fn of(&self, kind: CallKind) -> &Throttle {
        match kind {
            CallKind::Mint => &self.mints,
            CallKind::SignIn => &self.sign_ins,
            CallKind::UserInfo => &self.userinfo,
        }
    }
}

/// When calls of one kind may resume, in Unix seconds.
#[derive(Debug, Default)]
struct Throttle(AtomicU64);

impl Throttle {
    fn check(&self, now: UnixSeconds) -> Result<(), ExchangeError> {
        let until = UnixSeconds(self.0.load(Ordering::Relaxed));
        match until.seconds_left_of(MAX_THROTTLED_SECONDS, now) {
            None => Ok(()),
            retry_after => Err(ExchangeError::Throttled { retry_after }),
        }
    }

    fn remember(&self, error: &ExchangeError, now: UnixSeconds) {
        if let FailureKind::Throttled(seconds) = error.kind() {
            self.0.store(now.plus(seconds.min(MAX_THROTTLED_SECONDS)).0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_that_a_mint_meets_pauses_the_other_calls() {
        use CallKind::{Mint, SignIn, UserInfo};
        let (now, limit) = (UnixSeconds(1_000_000), ExchangeError::Throttled { retry_after: Some(60) });
        for (met, paused) in [(Mint, &[Mint, SignIn, UserInfo][..]), (SignIn, &[SignIn]), (UserInfo, &[UserInfo])] {
            let throttles = Throttles::default();
            throttles.remember(met, &limit, now);
            for kind in [Mint, SignIn, UserInfo] {
                assert_eq!(throttles.check(kind, now).is_err(), paused.contains(&kind), "{met:?} → {kind:?}");
                assert_eq!(throttles.check(kind, now.plus(60)), Ok(()));
            }
        }
    }
}
