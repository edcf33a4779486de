//! Whether an access token that an API does not accept may be replaced. Pure: time is an argument.
//!
//! An API answers 401 for an access token that has ended early, and for a user who may not: only the first is mended by
//! another token. So they are replaced a few times a minute at most, and not at all where a fresh one was refused too.

use std::collections::VecDeque;

use crate::clock::UnixSeconds;

/// How often within [`WINDOW`].
const MAX_REPLACEMENTS: usize = 2;

/// For how many seconds a replacement counts, and nothing is replaced after a fresh access token was refused.
const WINDOW: u64 = 60;

/// The replacements of one user and scope.
#[derive(Debug, Default)]
pub struct Replacements {
    /// Until when each counts.
    counted: VecDeque<UnixSeconds>,
    futile_until: Option<UnixSeconds>,
}

impl Replacements {
    /// May another access token be fetched at `now`? Counted, if so.
    pub fn begin(&mut self, now: UnixSeconds) -> bool {
        let lasts = |until: &UnixSeconds| (1..=WINDOW).contains(&until.seconds_left(now));
        self.counted.retain(lasts);
        if self.counted.len() >= MAX_REPLACEMENTS || self.futile_until.as_ref().is_some_and(lasts) {
            return false;
        }
        self.counted.push_back(now.plus(WINDOW));
        true
    }

    /// The access token that took another's place at `issued_at` was refused as well. An old one may have ended too.
    pub fn was_futile(&mut self, issued_at: UnixSeconds, now: UnixSeconds) {
        if now <= issued_at.plus(WINDOW / 3) {
            self.futile_until = Some(now.plus(WINDOW));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_refusal_costs_few_mints_and_an_early_end_one() {
        let at = |seconds: u64| UnixSeconds(1_000_000 + seconds);
        let mut replacements = Replacements::default();
        assert!(replacements.begin(at(0)) && replacements.begin(at(1)));
        assert!(!replacements.begin(at(2)) && !replacements.begin(at(59)));
        assert!(replacements.begin(at(60)), "the first counts no more");
        replacements.was_futile(at(0), at(61));
        assert!(replacements.begin(at(62)), "an old token tells nothing");
        replacements.was_futile(at(62), at(63));
        assert!(!replacements.begin(at(122)) && replacements.begin(at(123)));
        assert!(
            Replacements { futile_until: Some(at(9999)), ..Replacements::default() }.begin(at(0)),
            "the clock was set back"
        );
    }
}
