//! Limits how often an access token that an API rejected is replaced. Pure: time is an argument.
//!
//! An API responds with 401 if a token ended early and also if the user lacks access; a new token helps only in the first
//! case. So tokens are replaced at most twice a minute without an API accepting one, and not at all after an API rejected a new
//! one too.

use std::collections::VecDeque;

use crate::clock::UnixSeconds;

/// The most replacements within [`WINDOW`] that an API did not accept.
const MAX_REPLACEMENTS: usize = 2;

/// How long a replacement counts, and how long nothing is replaced after a new token was rejected, in seconds.
const WINDOW: u64 = 60;

/// The replacements of one user and scope.
#[derive(Debug, Default)]
pub struct Replacements {
    /// The time until which each replacement counts.
    counted: VecDeque<UnixSeconds>,
    paused_until: Option<UnixSeconds>,
}

impl Replacements {
    /// Whether a token may be replaced at `now`. If so, counts it.
    pub fn begin(&mut self, now: UnixSeconds) -> bool {
        let lasts = |until: &UnixSeconds| until.seconds_left_of(WINDOW, now).is_some();
        self.counted.retain(lasts);
        if self.counted.len() >= MAX_REPLACEMENTS || self.paused_until.as_ref().is_some_and(lasts) {
            return false;
        }
        self.counted.push_back(now.plus(WINDOW));
        true
    }

    /// Reports that an API accepted a token.
    pub fn report_accepted(&mut self) {
        self.counted.clear();
    }

    /// Reports that an API also rejected the replacement issued at `issued_at`. An older one may just have ended too.
    pub fn report_refused(&mut self, issued_at: UnixSeconds, now: UnixSeconds) {
        if now <= issued_at.plus(WINDOW / 3) {
            self.paused_until = Some(now.plus(WINDOW));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_rejection_costs_few_mints_and_an_early_end_costs_one() {
        let at = |seconds: u64| UnixSeconds(1_000_000 + seconds);
        let mut replacements = Replacements::default();
        assert!(replacements.begin(at(0)) && replacements.begin(at(1)));
        assert!(!replacements.begin(at(2)) && !replacements.begin(at(59)));
        assert!(replacements.begin(at(60)), "the first no longer counts");
        replacements.report_refused(at(0), at(61));
        assert!(replacements.begin(at(62)), "a rejected old token does not count");
        replacements.report_refused(at(62), at(63));
        assert!(!replacements.begin(at(122)) && replacements.begin(at(123)));
        for seconds in 124..200 {
            assert!(replacements.begin(at(seconds)), "each one helps");
            replacements.report_accepted();
        }
        assert!(
            Replacements { paused_until: Some(at(9999)), ..Replacements::default() }.begin(at(0)),
            "the clock was set back"
        );
    }
}
