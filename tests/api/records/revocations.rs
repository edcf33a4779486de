//! Revocations in several processes that share a store which is sometimes away.

use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::sealing::claims::Grant;
use evergrant::store::revocations::Revocations;
use evergrant::store::{Condition, Record, Store, StoreError, Version, Write};
use proptest::prelude::*;

use super::{Spy, at_once};
use crate::store::{AWAY, BadLine, DEAF, GOOD, SILENT, grant};
use crate::support::ManualClock;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Store(u8),
    Revoke(usize, usize),
    Ask(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..80_u64).prop_map(Step::Wait),
        1 => prop_oneof![Just(GOOD), Just(AWAY), Just(DEAF)].prop_map(Step::Store),
        1 => (0..3_usize, 0..3_usize).prop_map(|(process, grant)| Step::Revoke(process, grant)),
        4 => (0..3_usize, 0..3_usize).prop_map(|(process, grant)| Step::Ask(process, grant)),
    ];
    proptest::collection::vec(step, 1..30)
}

fn numbered(number: usize, clock: &ManualClock) -> Grant {
    Grant { grant_id: format!("grant-{number}"), ..grant(clock.now()) }
}

/// Asks until look-ups in the background are over.
async fn in_the_end(process: &Revocations, grant: &Grant) -> bool {
    for _ in 0..20 {
        process.is_revoked(grant).await;
        tokio::task::yield_now().await;
    }
    process.is_revoked(grant).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn only_what_was_revoked_is_revoked_and_it_stays_so(steps in steps()) {
        let clock = ManualClock::new();
        let store = BadLine::new(&clock);
        let processes = [(); 3].map(|()| Revocations::new(store.clone(), Arc::new(clock.clone())));
        let (mut state, mut attempted, mut stored) = (GOOD, [[false; 3]; 3], [false; 3]);
        let mut seen = [[false; 3]; 3];
        at_once(async {
            for step in steps {
                match step {
                    Step::Wait(seconds) => clock.advance(seconds),
                    Step::Store(next) => {
                        state = next;
                        store.is(next);
                    }
                    Step::Revoke(process, number) => {
                        let revoked = processes[process].revoke(&format!("grant-{number}"), None).await;
                        prop_assert_eq!(revoked.is_ok(), state == GOOD);
                        attempted[process][number] = true;
                        stored[number] |= state != AWAY;
                    }
                    Step::Ask(process, number) => {
                        let revoked = processes[process].is_revoked(&numbered(number, &clock)).await;
                        let by_anyone = attempted.iter().any(|of_process| of_process[number]);
                        prop_assert!(!revoked || by_anyone, "no one revoked it");
                        prop_assert!(revoked || !attempted[process][number], "this process revoked it");
                        prop_assert!(revoked || !seen[process][number], "it was revoked before");
                        seen[process][number] |= revoked;
                    }
                }
            }
            // Once the store is back, every process learns within a minute what it has.
            store.is(GOOD);
            clock.advance(60);
            for (process, own) in processes.iter().zip(&attempted) {
                for (number, (own, stored)) in own.iter().zip(&stored).enumerate() {
                    let revoked = in_the_end(process, &numbered(number, &clock)).await;
                    prop_assert_eq!(revoked, *own || *stored);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn all_grants_before_the_latest_moment_are_revoked_and_no_later_ones(moments in proptest::collection::vec(0..50_u64, 1..6), at in 0..60_u64) {
        let clock = ManualClock::new();
        let start = clock.now();
        let store = BadLine::new(&clock);
        let fresh = || Revocations::new(store.clone(), Arc::new(clock.clone()));
        at_once(async {
            for moment in &moments {
                prop_assert_eq!(fresh().revoke_all_before("client", start.plus(*moment)).await, Ok(()));
            }
            let latest = moments.iter().copied().max().unwrap();
            prop_assert_eq!(fresh().is_revoked(&grant(start.plus(at))).await, at < latest);
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_delays_a_refresh_once_and_for_three_seconds() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let revocations = Revocations::new(store.clone(), Arc::new(clock.clone()));
    store.is(SILENT);
    let begun = tokio::time::Instant::now();
    assert!(!revocations.is_revoked(&grant(clock.now())).await);
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn an_access_token_is_revoked_by_its_own_id_and_only_until_it_expires() {
    let clock = ManualClock::new();
    let spy = Spy::on(BadLine::new(&clock));
    let revocations = Revocations::new(spy.clone(), Arc::new(clock.clone()));
    let expires_at = clock.now().plus(3600);
    assert_eq!(revocations.revoke("jti", Some(expires_at)).await, Ok(()));
    assert!(revocations.is_access_token_revoked("jti").await);
    assert!(!revocations.is_access_token_revoked("other").await);
    assert!(!revocations.is_revoked(&grant(clock.now())).await, "its grant goes on");
    let written = spy.writes();
    assert_eq!(written.len(), 1);
    assert_eq!((written[0].name.as_str(), written[0].expires_at), ("revoked/jti", Some(expires_at)));
}

#[tokio::test]
async fn a_moment_that_cannot_be_read_revokes_nothing() {
    let clock = ManualClock::new();
    for content in ["", "tomorrow", "-1", "1.5", "99999999999999999999999"] {
        let store = BadLine::new(&clock);
        let spy = Spy::on(store.clone());
        let revocations = Revocations::new(spy.clone(), Arc::new(clock.clone()));
        revocations.revoke_all_before("client", UnixSeconds(1)).await.unwrap();
        let name = spy.writes()[0].name.clone();
        let version = store.read(&name).await.unwrap().unwrap().version;
        let condition = Condition::Unchanged(version);
        let write = Write { name: name.clone(), content: content.to_owned(), condition, expires_at: None };
        assert_eq!(store.write(write).await, Ok(true));
        assert!(!revocations.is_revoked(&grant(clock.now())).await, "{content}");
        // The next revocation replaces it.
        revocations.revoke_all_before("client", clock.now().plus(1)).await.unwrap();
        let fresh = Revocations::new(store, Arc::new(clock.clone()));
        assert!(fresh.is_revoked(&grant(clock.now())).await, "{content}");
    }
}

/// A store in which another process is always faster.
struct Contested;

#[async_trait::async_trait]
impl Store for Contested {
    async fn read(&self, _: &str) -> Result<Option<Record>, StoreError> {
        Ok(Some(Record { content: "1".to_owned(), version: Version("1".to_owned()) }))
    }

    async fn write(&self, _: Write) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn process_id(&self) -> Option<&str> {
        None
    }
}

#[tokio::test]
async fn a_record_that_others_always_write_first_is_an_outage_and_no_endless_loop() {
    let clock = ManualClock::new();
    let spy = Spy::on(Arc::new(Contested));
    let revocations = Revocations::new(spy.clone(), Arc::new(clock.clone()));
    let revoked = revocations.revoke_all_before("client", clock.now()).await;
    assert_eq!(revoked, Err(StoreError::Contended));
    assert!((2..10).contains(&spy.writes().len()), "{} tries", spy.writes().len());
    // A rotation goes on, because a client must never lose its connection to an outage.
    let spy = Spy::on(Arc::new(Contested));
    let rotations = evergrant::store::rotation::Rotations::new(spy.clone());
    let rotation = rotations.rotate(&grant(clock.now()), 4, clock.now()).await;
    let expected = evergrant::store::rotation::Rotation::Successor { generation: 5, at: clock.now() };
    assert_eq!(rotation, expected);
    assert!((2..10).contains(&spy.writes().len()), "{} tries", spy.writes().len());
}
