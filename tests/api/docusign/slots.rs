//! What a caller gets from the cache, by the seconds that its token has left and by what was tried before.

use std::sync::Arc;

use evergrant::clock::UnixSeconds;
use evergrant::docusign::account_server::DocusignAccessToken;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::freshness::{Freshness, HAND_OUT_MARGIN, RENEW_NOW, RENEW_SOON, expires_in};
use evergrant::docusign::tokens::minter::MintError;
use evergrant::docusign::tokens::replacements::Replacements;
use evergrant::docusign::tokens::slot::{CacheResult, Decision, Slot, is_held};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds(1_900_000_000);

fn token(left: u64) -> Arc<DocusignAccessToken> {
    Arc::new(DocusignAccessToken::new("token".into(), NOW, NOW.plus(left)))
}

/// A slot with a token that has this many seconds left.
fn slot(left: u64) -> Slot {
    let mut slot = Slot::default();
    slot.succeed(token(left));
    slot
}

fn failure(error: ExchangeError) -> Result<Arc<DocusignAccessToken>, MintError> {
    Err(MintError::Exchange(error))
}

/// A short name of the decision.
fn decide(slot: &Slot, now: UnixSeconds) -> &'static str {
    match slot.decide(now) {
        Decision::Hand(_, CacheResult::Hit) => "hit",
        Decision::Hand(_, CacheResult::Stale) => "stale",
        Decision::Hand(_, CacheResult::Minted) => "minted",
        Decision::HandAndRenew(_) => "renew",
        Decision::Await => "await",
        Decision::Refuse(_) => "refuse",
    }
}

#[test]
fn the_windows_of_renewal_hold_to_the_second() {
    for (left, calm, after_failure, suspect, suspect_after_failure) in [
        (3600, "hit", "hit", "await", "stale"),
        (601, "hit", "hit", "await", "stale"),
        (600, "renew", "hit", "await", "stale"),
        (301, "renew", "hit", "await", "stale"),
        (300, "await", "stale", "await", "stale"),
        (31, "await", "stale", "await", "stale"),
        (30, "await", "stale", "await", "stale"),
        (29, "await", "refuse", "await", "refuse"),
        (1, "await", "refuse", "await", "refuse"),
        (0, "await", "refuse", "await", "refuse"),
    ] {
        let mut slot = slot(left);
        assert_eq!(decide(&slot, NOW), calm, "{left} s left");
        slot.suspect();
        assert_eq!(decide(&slot, NOW), suspect, "{left} s left, suspect");
        slot.settle(&failure(ExchangeError::ConsentRequired), NOW);
        assert_eq!(decide(&slot, NOW), suspect_after_failure, "{left} s left, suspect, after a failure");
        slot.succeed(token(left));
        slot.settle(&failure(ExchangeError::ConsentRequired), NOW);
        assert_eq!(decide(&slot, NOW), after_failure, "{left} s left, after a failure");
    }
    assert_eq!(decide(&Slot::default(), NOW), "await");
}

#[test]
fn a_failure_is_remembered_as_long_as_its_kind_says() {
    for (error, seconds) in [
        (ExchangeError::ConsentRequired, 30),
        (ExchangeError::NoValidKeys, 30),
        (ExchangeError::UserNotFound, 30),
        (ExchangeError::Malformed, 2),
        (ExchangeError::TimedOut, 2),
        (ExchangeError::Throttled { retry_after: None }, 2),
        (ExchangeError::Throttled { retry_after: Some(17) }, 17),
        (ExchangeError::Throttled { retry_after: Some(0) }, 1),
        (ExchangeError::Throttled { retry_after: Some(u64::MAX) }, 3600),
    ] {
        let mut slot = Slot::default();
        slot.settle(&failure(error.clone()), NOW);
        for passed in [0, 1, seconds / 2, seconds - 1] {
            let Decision::Refuse(unavailable) = slot.decide(NOW.plus(passed)) else {
                assert!(passed >= seconds, "{error:?} after {passed} s");
                continue;
            };
            assert_eq!(
                (unavailable.error, unavailable.retry_after),
                (MintError::Exchange(error.clone()), seconds - passed)
            );
        }
        assert_eq!(decide(&slot, NOW.plus(seconds)), "await", "{error:?}");
        assert_eq!(decide(&slot, NOW.minus(1)), "await", "{error:?}: set back");
        assert_eq!(decide(&slot, NOW.minus(3601)), "await", "{error:?}: far back");
    }
}

#[test]
fn failures_in_a_row_are_remembered_longer_until_one_succeeds() {
    let mut slot = Slot::default();
    let waits = |slot: &mut Slot| {
        slot.settle(&failure(ExchangeError::TimedOut), NOW);
        slot.cached_failure(NOW).unwrap().retry_after
    };
    assert_eq!([(); 5].map(|()| waits(&mut slot)), [2, 4, 8, 10, 10]);
    slot.settle(&Ok(token(3600)), NOW);
    assert!(slot.cached_failure(NOW).is_none());
    assert_eq!(waits(&mut slot), 2);
    slot.forget_failure();
    assert_eq!((slot.cached_failure(NOW).is_none(), waits(&mut slot)), (true, 2));
}

#[test]
fn a_clock_that_was_set_back_makes_a_token_expired_and_not_eternal() {
    let token = token(3600);
    assert_eq!(Freshness::of(&token, NOW.minus(60)), Freshness::Fresh, "the tolerated skew");
    assert_eq!(Freshness::of(&token, NOW.minus(61)), Freshness::Expired);
    let slot = slot(3600);
    assert_eq!(decide(&slot, NOW.minus(3600)), "await");
    assert!(slot.usable_token(NOW.minus(61)).is_none() && slot.usable_token(NOW).is_some());
}

#[test]
fn a_new_token_clears_the_suspicion_and_the_failure() {
    let mut slot = slot(3600);
    let old = slot.usable_token(NOW).unwrap();
    slot.suspect();
    slot.settle(&failure(ExchangeError::Malformed), NOW);
    assert!(slot.is_suspect() && slot.holds(&old));
    slot.settle(&Ok(token(3600)), NOW);
    assert!(!slot.is_suspect() && !slot.holds(&old) && slot.cached_failure(NOW).is_none());
    assert_eq!(decide(&slot, NOW), "hit");
}

#[test]
fn a_slot_is_kept_while_it_is_held_or_says_something() {
    let held = Arc::new(slot(0));
    assert!(!is_held(&held));
    let other = Arc::clone(&held);
    assert!(is_held(&held));
    drop(other);
    assert!(!held.is_live(NOW) && slot(1).is_live(NOW) && !slot(1).is_live(NOW.plus(1)));
    let mut failed = Slot::default();
    failed.settle(&failure(ExchangeError::ConsentRequired), NOW);
    assert!(failed.is_live(NOW.plus(29)) && !failed.is_live(NOW.plus(30)));
}

#[test]
fn a_rejected_token_is_replaced_twice_a_minute_and_not_after_a_new_one_was_rejected_too() {
    let at = |seconds: u64| NOW.plus(seconds);
    let mut replacements = Replacements::default();
    for (seconds, allowed) in
        [(0, true), (30, true), (59, false), (60, true), (61, false), (90, true), (119, false), (120, true)]
    {
        assert_eq!(replacements.begin(at(seconds)), allowed, "at {seconds} s");
    }
    let mut replacements = Replacements::default();
    replacements.report_refused(at(0), at(20));
    assert_eq!([at(20), at(79), at(80)].map(|now| replacements.begin(now)), [false, false, true], "a minute of rest");
    let mut replacements = Replacements::default();
    replacements.report_refused(at(0), at(21));
    assert!(replacements.begin(at(21)), "it had been accepted long enough to have ended by itself");
}

proptest! {
    #[test]
    fn a_client_never_gets_more_time_than_its_token_has(left in 0_u64..100_000, passed in 0_u64..100_000) {
        let (expires_at, now) = (NOW.plus(left), NOW.plus(passed));
        let shown = expires_in(expires_at, now);
        let true_left = left.saturating_sub(passed);
        prop_assert!(shown >= 1 && (shown == 1 || shown + HAND_OUT_MARGIN <= true_left), "{} of {}", shown, true_left);
        let freshness = Freshness::until(expires_at, now);
        prop_assert_eq!(freshness == Freshness::Expired, true_left < HAND_OUT_MARGIN);
        prop_assert_eq!(freshness == Freshness::Fresh, true_left > RENEW_SOON);
        prop_assert_eq!(freshness == Freshness::RenewSoon, true_left > RENEW_NOW && true_left <= RENEW_SOON);
    }

    #[test]
    fn no_decision_hands_out_an_expired_token(left in 0_u64..4000, passed in 0_u64..4000, failed in any::<bool>(), suspect in any::<bool>()) {
        let mut slot = slot(left);
        if suspect {
            slot.suspect();
        }
        if failed {
            slot.settle(&failure(ExchangeError::ConsentRequired), NOW.plus(passed));
        }
        let now = NOW.plus(passed);
        match slot.decide(now) {
            Decision::Hand(token, _) | Decision::HandAndRenew(token) => {
                prop_assert!(token.expires_at.seconds_left(now) >= HAND_OUT_MARGIN);
            }
            Decision::Refuse(unavailable) => prop_assert!(failed && unavailable.retry_after >= 1),
            Decision::Await => prop_assert!(!failed),
        }
    }
}
