//! Codes and assertions work once in all processes that share a store, whatever is lost on the way.

use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::oauth::client::ClientId;
use evergrant::store::StoreError;
use evergrant::store::assertions::UsedAssertions;
use evergrant::store::codes::UsedCodes;
use evergrant::store::memory::MemoryStore;
use futures_util::future::join_all;
use proptest::prelude::*;

use super::{Spy, at_once};
use crate::store::{AWAY, BadLine, DEAF, GOOD};
use crate::support::ManualClock;

const STATES: [u8; 3] = [GOOD, DEAF, AWAY];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_code_works_exactly_once_in_the_end(steps in proptest::collection::vec((0..3_usize, 0..3_usize), 0..12), last in 0..3_usize) {
        let clock = ManualClock::new();
        let store = BadLine::new(&clock);
        let processes = [(); 3].map(|()| UsedCodes::new(store.clone(), Arc::new(clock.clone())));
        let until = clock.now().plus(300);
        at_once(async {
            let mut successes = 0;
            for (process, state) in steps {
                store.is(STATES[state]);
                match processes[process].use_up("code", None, until).await {
                    Ok(used_up) => successes += usize::from(used_up),
                    Err(error) => prop_assert_eq!(error, StoreError::NoAnswer),
                }
            }
            store.is(GOOD);
            // Every client tries again after its 503, in any order.
            for number in 0..3 {
                successes += usize::from(processes[(last + number) % 3].use_up("code", None, until).await == Ok(true));
            }
            prop_assert_eq!(successes, 1);
            for process in &processes {
                prop_assert_eq!(process.use_up("code", None, until).await, Ok(false));
            }
            Ok(())
        })?;
    }

    #[test]
    fn an_assertion_works_once_for_each_client_and_jti(uses in proptest::collection::vec((0..2_usize, 0..2_usize, 0..3_usize), 1..20)) {
        let clock = ManualClock::new();
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let processes = [(); 2].map(|()| UsedAssertions::new(store.clone(), Arc::new(clock.clone())));
        let clients = ["one", "onex"].map(|id| ClientId::parse(id).unwrap());
        // Run together, some of these pairs are the same text.
        let jtis = ["a", "xa", "x:a"];
        let mut used = std::collections::HashSet::new();
        at_once(async {
            for (process, client, jti) in uses {
                let first = processes[process].use_up(&clients[client], jtis[jti], clock.now().plus(60)).await;
                prop_assert_eq!(first, Ok(used.insert((client, jti))));
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_code_also_if_all_responses_are_lost_at_first() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let processes = [(); 4].map(|()| UsedCodes::new(store.clone(), Arc::new(clock.clone())));
    let until = clock.now().plus(300);
    store.is(DEAF);
    let race = || join_all((0..100).map(|number| processes[number % 4].use_up("code", None, until)));
    assert!(race().await.iter().all(|used_up| *used_up == Err(StoreError::NoAnswer)));
    store.is(GOOD);
    assert_eq!(race().await.iter().filter(|used_up| **used_up == Ok(true)).count(), 1);
    assert_eq!(race().await.iter().filter(|used_up| **used_up == Ok(true)).count(), 0);
}

#[tokio::test]
async fn a_code_belongs_to_its_process_unless_all_share_a_store() {
    let clock = ManualClock::new();
    let until = clock.now().plus(300);
    let own = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let own_id = evergrant::store::Store::process_id(&*own).unwrap().to_owned();
    let alone = UsedCodes::new(own, Arc::new(clock.clone()));
    for (process_id, expected) in
        [(None, false), (Some("other"), false), (Some(""), false), (Some(own_id.as_str()), true)]
    {
        assert_eq!(alone.use_up("code", process_id, until).await, Ok(expected), "{process_id:?}");
    }
    let shared = UsedCodes::new(BadLine::new(&clock), Arc::new(clock.clone()));
    for (process_id, expected) in [(Some(own_id.as_str()), false), (Some(""), false), (None, true)] {
        assert_eq!(shared.use_up("code", process_id, until).await, Ok(expected), "{process_id:?}");
    }
}

#[tokio::test]
async fn the_store_never_sees_a_code_or_a_jti() {
    let clock = ManualClock::new();
    let spy = Spy::on(BadLine::new(&clock));
    let (codes, assertions) = (
        UsedCodes::new(spy.clone(), Arc::new(clock.clone())),
        UsedAssertions::new(spy.clone(), Arc::new(clock.clone())),
    );
    let client_id = ClientId::parse("client-1").unwrap();
    codes.use_up("hunter2-code", None, UnixSeconds(clock.now().0 + 300)).await.unwrap();
    assertions.use_up(&client_id, "hunter2-jti", clock.now().plus(60)).await.unwrap();
    for write in spy.writes() {
        assert!(!format!("{write:?}").contains("hunter2") && !format!("{write:?}").contains("client-1"), "{write:?}");
        assert_eq!(write.name.split_once('/').unwrap().1.len(), 64, "a SHA-256");
    }
    assert_eq!(spy.writes().len(), 2);
}
