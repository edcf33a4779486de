//! Sealing keys: the current one seals, earlier ones still open, each process needs one signature, and a key that cannot be used
//! is an outage and never "not ours".

use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::sealing::Sealable as _;
use evergrant::sealing::claims::{AuthorizationCode, ConsentState, RefreshToken, SealedAccessToken, SignInState};
use evergrant::sealing::keys::{OpenError, SealingKey, SealingKeys};
use evergrant::sealing::opened::open_any;
use evergrant::signing::SignError;
use futures_util::future::join_all;

use super::{ISSUER, NOW, TestKey, all_kinds, code, seal};
use crate::support::ManualClock;

fn sealing_key(key: &Arc<TestKey>, clock: &ManualClock) -> SealingKey {
    SealingKey::new(key.name.to_owned(), key.clone(), Arc::new(clock.clone()))
}

fn keys(current: &Arc<TestKey>, previous: &[&Arc<TestKey>], clock: &ManualClock) -> SealingKeys {
    SealingKeys::new(sealing_key(current, clock), previous.iter().map(|key| sealing_key(key, clock)).collect())
}

async fn open(keys: &SealingKeys, text: &str) -> Result<String, OpenError> {
    keys.open::<AuthorizationCode>(ISSUER, text, NOW).await.map(|(_, secret)| secret.kid().to_owned())
}

#[tokio::test]
async fn a_token_opens_with_the_key_that_it_names_if_that_is_listed() {
    let clock = ManualClock::new();
    let [old, middle, new] = ["old", "middle", "new"].map(TestKey::new);
    let tokens = [&old, &middle, &new].map(|key| seal(code(), ISSUER, Some(60), &key.secret()));
    for (current, previous, expected) in [
        (&old, &[][..], [Ok("old"), Err(()), Err(())]),
        (&old, &[&middle], [Ok("old"), Ok("middle"), Err(())]),
        (&middle, &[&old], [Ok("old"), Ok("middle"), Err(())]),
        (&new, &[&middle, &old], [Ok("old"), Ok("middle"), Ok("new")]),
        (&new, &[&new, &old], [Ok("old"), Err(()), Ok("new")]),
        (&new, &[], [Err(()), Err(()), Ok("new")]),
    ] {
        let keys = keys(current, previous, &clock);
        assert_eq!(keys.current().await.unwrap().kid(), current.name);
        for (text, expected) in tokens.iter().zip(expected) {
            let expected = expected.map(ToOwned::to_owned).map_err(|()| OpenError::UnknownKey);
            assert_eq!(open(&keys, text).await, expected, "{}", current.name);
        }
    }
}

#[tokio::test]
async fn every_key_signs_once_in_a_process_however_many_callers_there_are() {
    let clock = ManualClock::new();
    let (current, previous) = (TestKey::new("current"), TestKey::new("previous"));
    let keys = keys(&current, &[&previous], &clock);
    assert_eq!((current.signatures(), previous.signatures()), (0, 0), "nothing before the first use");
    let of_previous = seal(code(), ISSUER, Some(60), &previous.secret());
    let of_current = seal(code(), ISSUER, Some(60), &current.secret());
    for text in [&of_current, &of_previous] {
        assert!(join_all((0..50).map(|_| open(&keys, text))).await.iter().all(Result::is_ok));
    }
    assert!(join_all((0..50).map(|_| keys.current())).await.iter().all(Result::is_ok));
    clock.advance(10 * 365 * 24 * 3600);
    assert!(open(&keys, &of_current).await.is_ok(), "the secret is kept");
    assert_eq!((current.signatures(), previous.signatures()), (1, 1));
    // What is not ours by its form needs no key at all.
    let idle = TestKey::new("current");
    let keys = self::keys(&idle, &[], &clock);
    for text in ["", "a.b.c", &of_previous, &seal(ConsentState {}, ISSUER, None, &idle.secret())] {
        assert!(open(&keys, text).await.is_err());
    }
    assert_eq!(idle.signatures(), 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_an_outage_for_its_own_tokens_only() {
    let clock = ManualClock::new();
    let (current, previous) = (TestKey::new("current"), TestKey::new("previous"));
    let keys = keys(&current, &[&previous], &clock);
    previous.fail(Some(SignError::AccessDenied));
    let of_previous = seal(code(), ISSUER, Some(60), &previous.secret());
    let of_current = seal(code(), ISSUER, Some(60), &current.secret());
    assert_eq!(open(&keys, &of_previous).await, Err(OpenError::Unavailable(SignError::AccessDenied)));
    assert!(open(&keys, &of_current).await.is_ok());
    // A token that is changed is not judged before its key works.
    let (signed, signature) = of_previous.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    assert!(matches!(open(&keys, &forged).await, Err(OpenError::Unavailable(_))));
    previous.fail(None);
    clock.advance(30);
    assert!(open(&keys, &of_previous).await.is_ok());
    assert_eq!(open(&keys, &forged).await.err().is_some(), forged != of_previous);
}

#[tokio::test]
async fn failures_are_remembered_as_long_as_their_kind_says() {
    for (error, seconds) in [(SignError::AccessDenied, 30), (SignError::NoAnswer, 2), (SignError::KeyDeleted, 30)] {
        let clock = ManualClock::new();
        let key = TestKey::new("key");
        let keys = keys(&key, &[], &clock);
        key.fail(Some(error.clone()));
        for _ in 0..20 {
            assert_eq!(keys.current().await.err(), Some(error.clone()));
        }
        assert_eq!(key.signatures(), 1, "{error}");
        key.fail(None);
        clock.advance(seconds - 1);
        assert_eq!(keys.current().await.err(), Some(error.clone()));
        clock.advance(1);
        assert!(keys.current().await.is_ok(), "{error}");
        assert_eq!(key.signatures(), 2);
    }
}

#[tokio::test]
async fn transient_failures_in_a_row_are_remembered_longer_each_time() {
    let clock = ManualClock::new();
    let key = TestKey::new("key");
    let keys = keys(&key, &[], &clock);
    key.fail(Some(SignError::NoAnswer));
    for (number, seconds) in [2_u64, 4, 8, 10, 10].into_iter().enumerate() {
        assert!(keys.current().await.is_err());
        assert_eq!(key.signatures(), u32::try_from(number).unwrap() + 1);
        clock.advance(seconds - 1);
        assert!(keys.current().await.is_err());
        assert_eq!(key.signatures(), u32::try_from(number).unwrap() + 1, "{seconds} s are not over");
        clock.advance(1);
    }
    assert!(clock.now() > UnixSeconds(0));
}

#[tokio::test]
async fn only_the_kinds_that_a_caller_expects_are_opened() {
    let clock = ManualClock::new();
    let key = TestKey::new("v1");
    let keys = keys(&key, &[], &clock);
    let openable = [
        ConsentState::TYP,
        SignInState::TYP,
        evergrant::sealing::claims::BrowsingState::TYP,
        AuthorizationCode::TYP,
        RefreshToken::TYP,
        SealedAccessToken::TYP,
    ];
    for (typ, text) in all_kinds(ISSUER, NOW, &key.secret()) {
        for kinds in [&openable[..], &openable[..3], &openable[3..], &[], &[typ]] {
            let opened = open_any(&keys, kinds, ISSUER, &text, NOW).await;
            let expected = kinds.contains(&typ) && openable.contains(&typ);
            assert_eq!(opened.is_ok(), expected, "{typ} as one of {kinds:?}");
            match opened {
                Ok((opened, secret)) => assert_eq!((opened.jti(), secret.kid()), ("jti-1", "v1")),
                Err(error) => assert_eq!(error, OpenError::NotOurs),
            }
        }
        let late = open_any(&keys, &openable, ISSUER, &text, NOW.plus(60)).await;
        let elsewhere = open_any(&keys, &openable, "https://other.example", &text, NOW).await;
        if openable.contains(&typ) {
            assert_eq!(late.err(), Some(OpenError::Expired), "{typ}");
            assert_eq!(elsewhere.err(), Some(OpenError::OtherIssuer), "{typ}");
        }
    }
}
