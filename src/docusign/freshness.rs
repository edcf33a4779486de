//! When a DocuSign access token is fresh, and how long a failure is remembered. Pure: time is an argument.

use crate::clock::UnixSeconds;

/// From this many seconds before expiry on, a token is renewed in the background while it is still handed out.
/// DocuSign's own advice is to renew when less than 10 minutes remain.
pub const RENEW_SOON: u64 = 600;

/// From this many seconds before expiry on, callers wait for the renewal: a Power Automate run may hold what it
/// gets across a slow step. Must stay below the life DocuSign grants (3600), or nothing is ever cached.
pub const RENEW_NOW: u64 = 300;

/// A token with fewer seconds left than this is not handed out, and `expires_in` is told this much shorter,
/// so that a client never presents a token that expires on the way.
pub const HAND_OUT_MARGIN: u64 = 30;

/// What to do with a token at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Hand it out.
    Fresh,
    /// Hand it out and renew in the background.
    RenewSoon,
    /// Wait for the renewal; hand it out if that fails.
    RenewNow,
    /// Of no use.
    Expired,
}

impl Freshness {
    /// Judges a token that ends at `expires_at`.
    #[must_use]
    pub const fn of(expires_at: UnixSeconds, now: UnixSeconds) -> Self {
        match expires_at.seconds_left(now) {
            0..HAND_OUT_MARGIN => Self::Expired,
            HAND_OUT_MARGIN..=RENEW_NOW => Self::RenewNow,
            left if left <= RENEW_SOON => Self::RenewSoon,
            _ => Self::Fresh,
        }
    }
}

/// The remaining life that a client is told, in seconds.
#[must_use]
pub const fn expires_in(expires_at: UnixSeconds, now: UnixSeconds) -> u64 {
    expires_at.seconds_left(now).saturating_sub(HAND_OUT_MARGIN)
}

/// What kind of failure a mint ended with, as far as trying again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Somebody has to mend something: a consent, a key, a setting.
    Permanent,
    /// It may pass by itself.
    Transient,
    /// Upstream named the number of seconds to wait.
    Throttled(u64),
}

/// Seconds that a permanent failure is remembered.
const PERMANENT: u64 = 30;

/// Seconds that the first transient failure in a row is remembered, and the most it grows to.
const TRANSIENT: u64 = 2;
const TRANSIENT_MOST: u64 = 10;

/// The longest wait believed: DocuSign's rate limits reset on the clock hour.
const THROTTLED_MOST: u64 = 3600;

impl FailureKind {
    /// Seconds for which no new mint is tried after the `streak`th failure in a row, counted from 1.
    #[must_use]
    pub fn remembered_for(self, streak: u32) -> u64 {
        match self {
            Self::Permanent => PERMANENT,
            Self::Transient => (TRANSIENT << streak.saturating_sub(1).min(8)).min(TRANSIENT_MOST),
            Self::Throttled(seconds) => seconds.clamp(1, THROTTLED_MOST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_changes_exactly_at_its_limits() {
        let now = UnixSeconds(1_000);
        for (left, expected) in [
            (3600, Freshness::Fresh),
            (601, Freshness::Fresh),
            (600, Freshness::RenewSoon),
            (301, Freshness::RenewSoon),
            (300, Freshness::RenewNow),
            (30, Freshness::RenewNow),
            (29, Freshness::Expired),
            (0, Freshness::Expired),
        ] {
            assert_eq!(Freshness::of(now.plus(left), now), expected, "{left} s left");
        }
        assert_eq!(Freshness::of(now.minus(5), now), Freshness::Expired);
    }

    #[test]
    fn the_told_life_is_the_true_one_less_the_margin() {
        let now = UnixSeconds(1_000);
        assert_eq!(expires_in(now.plus(3600), now), 3570);
        assert_eq!(expires_in(now.plus(10), now), 0);
    }

    #[test]
    fn failures_are_remembered_briefly() {
        let transient: Vec<u64> = (1..=6).map(|n| FailureKind::Transient.remembered_for(n)).collect();
        assert_eq!(transient, [2, 4, 8, 10, 10, 10]);
        assert_eq!(FailureKind::Permanent.remembered_for(9), 30);
        assert_eq!(FailureKind::Throttled(17).remembered_for(1), 17);
        assert_eq!(FailureKind::Throttled(0).remembered_for(1), 1);
        assert_eq!(FailureKind::Throttled(86_400).remembered_for(1), 3600);
        assert_eq!(FailureKind::Transient.remembered_for(u32::MAX), 10);
    }
}
