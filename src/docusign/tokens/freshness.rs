//! When to renew a DocuSign access token. Pure: time is an argument.

use crate::clock::UnixSeconds;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::assertion::SKEW;

/// From this many seconds before expiry, a token is renewed in the background and still handed out. DocuSign recommends
/// renewing when less than 10 minutes remain.
pub const RENEW_SOON: u64 = 600;

/// From this many seconds before expiry, callers wait for the renewal, because a Power Automate run may use its token after
/// a slow step. Must be less than DocuSign's lifetime (3600), or nothing would be cached.
pub const RENEW_NOW: u64 = 300;

/// A token with fewer seconds left is not handed out, and `expires_in` is reduced by this much, so that no client uses a
/// token that expires on the way to DocuSign.
pub const HAND_OUT_MARGIN: u64 = 30;

/// What to do with a cached token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Hand it out.
    Fresh,
    /// Hand it out and renew in the background.
    RenewSoon,
    /// Wait for the renewal; hand it out if that fails.
    RenewNow,
    /// Do not use it.
    Expired,
}

impl Freshness {
    /// The freshness of `access_token` at `now`. If the clock was set back by more than the tolerated skew, it counts as expired,
    /// because its remaining lifetime is unknown.
    #[must_use]
    pub const fn of(access_token: &DocusignAccessToken, now: UnixSeconds) -> Self {
        let is_from_the_future = access_token.issued_at.seconds_left(now) > SKEW;
        if is_from_the_future { Self::Expired } else { Self::until(access_token.expires_at, now) }
    }

    /// The freshness at `now` of a token that expires at `expires_at`.
    #[must_use]
    pub const fn until(expires_at: UnixSeconds, now: UnixSeconds) -> Self {
        match expires_at.seconds_left(now) {
            0..HAND_OUT_MARGIN => Self::Expired,
            HAND_OUT_MARGIN..=RENEW_NOW => Self::RenewNow,
            left if left <= RENEW_SOON => Self::RenewSoon,
            _ => Self::Fresh,
        }
    }
}

/// `expires_in` for the client, in seconds; at least 1.
#[must_use]
pub const fn expires_in(expires_at: UnixSeconds, now: UnixSeconds) -> u64 {
    match expires_at.seconds_left(now).saturating_sub(HAND_OUT_MARGIN) {
        0 => 1,
        seconds => seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_changes_exactly_at_the_limits() {
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
            assert_eq!(Freshness::until(now.plus(left), now), expected, "{left} s left");
        }
        assert_eq!(Freshness::until(now.minus(5), now), Freshness::Expired);
    }

    #[test]
    fn expires_in_is_the_remaining_lifetime_minus_the_margin() {
        let now = UnixSeconds(1_000);
        assert_eq!(expires_in(now.plus(3600), now), 3570);
        assert_eq!(expires_in(now.plus(30), now), 1);
    }
}
