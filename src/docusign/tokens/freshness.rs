//! When a DocuSign access token is fresh. Pure: time is an argument.

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

/// The remaining life that a client is told, in seconds; at least 1.
#[must_use]
pub const fn expires_in(expires_at: UnixSeconds, now: UnixSeconds) -> u64 {
    match expires_at.seconds_left(now).saturating_sub(HAND_OUT_MARGIN) {
        0 => 1,
        told => told,
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
        assert_eq!(expires_in(now.plus(30), now), 1);
    }
}
