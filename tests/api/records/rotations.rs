//! Rotation of public clients' refresh tokens: the old one returns the newest for a minute, and counts as stolen afterwards. No
//! outage of the store ends the connection of an honest client.

use std::collections::HashMap;
use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::store::memory::MemoryStore;
use evergrant::store::rotation::{Rotation, Rotations};
use evergrant::store::{Condition, Store as _, Write};
use proptest::prelude::*;

use super::at_once;
use crate::store::{AWAY, BadLine, DEAF, GOOD, SILENT, grant};
use crate::support::ManualClock;

/// The documented grace period, in seconds.
const MINUTE: u64 = 60;

/// When each generation was created; the first comes with the code.
struct Model(Vec<u64>);

impl Model {
    /// The generation that a client gets for `presented`; `None` if that was stolen.
    fn rotate(&mut self, presented: usize, now: u64) -> Option<usize> {
        let newest = self.0.len() - 1;
        if presented == newest {
            self.0.push(now);
            return Some(newest + 1);
        }
        let replaced_at = self.0[presented + 1];
        (now <= replaced_at + MINUTE).then_some(newest)
    }
}

fn successor(rotation: Rotation) -> Option<(u64, UnixSeconds)> {
    match rotation {
        Rotation::Successor { generation, at } => Some((generation, at)),
        Rotation::Reused => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Each step waits, and then presents the token that is so many generations behind the newest.
    #[test]
    fn a_history_without_outages_is_as_documented(steps in proptest::collection::vec((0..45_u64, 0..4_usize), 1..25)) {
        let clock = ManualClock::new();
        let rotations = Rotations::new(Arc::new(MemoryStore::new(Arc::new(clock.clone()))));
        let (grant, mut model) = (grant(clock.now()), Model(vec![clock.now().0]));
        at_once(async {
            for (seconds, behind) in steps {
                clock.advance(seconds);
                let presented = (model.0.len() - 1).saturating_sub(behind);
                let found = successor(rotations.rotate(&grant, presented as u64, clock.now()).await);
                let expected = model.rotate(presented, clock.now().0);
                prop_assert_eq!(found.map(|(generation, _)| generation), expected.map(|generation| generation as u64));
                if let Some((generation, at)) = found {
                    prop_assert_eq!(at.0, model.0[usize::try_from(generation).unwrap()], "every caller gets the same token");
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_client_that_presents_the_newest_it_got_is_never_a_thief(steps in proptest::collection::vec((0..200_u64, 0..4_u8), 1..25)) {
        let clock = ManualClock::new();
        let store = BadLine::new(&clock);
        let rotations = Rotations::new(store.clone());
        let (grant, mut held) = (grant(clock.now()), 0);
        at_once(async {
            for (seconds, state) in steps {
                clock.advance(seconds);
                store.is([GOOD, DEAF, AWAY, SILENT][usize::from(state)]);
                let found = successor(rotations.rotate(&grant, held, clock.now()).await);
                prop_assert!(found.is_some(), "generation {} with the store in state {}", held, state);
                let (generation, at) = found.unwrap();
                prop_assert!(generation > held && at <= clock.now(), "{} after {}", generation, held);
                held = generation;
            }
            Ok(())
        })?;
    }

    /// Three workers share a connection. A worker may be behind by what the others did in the last minute.
    #[test]
    fn parallel_workers_are_no_thieves_whatever_the_store_does(
        steps in proptest::collection::vec((0..3_usize, 0..40_u64, 0..3_u8), 1..40)
    ) {
        let clock = ManualClock::new();
        let store = BadLine::new(&clock);
        let rotations = Rotations::new(store.clone());
        let (grant, mut held) = (grant(clock.now()), [0_u64; 3]);
        // When each generation was first replaced.
        let mut replaced: HashMap<u64, u64> = HashMap::new();
        at_once(async {
            for (worker, seconds, state) in steps {
                clock.advance(seconds);
                store.is([GOOD, DEAF, AWAY][usize::from(state)]);
                let now = clock.now().0;
                let newest = held.into_iter().max().unwrap();
                if replaced.get(&held[worker]).is_some_and(|at| now > at + MINUTE) {
                    // It was away for too long: it gets the newest one from the others.
                    held[worker] = newest;
                    continue;
                }
                let found = successor(rotations.rotate(&grant, held[worker], clock.now()).await);
                prop_assert!(found.is_some(), "worker {} with generation {}", worker, held[worker]);
                replaced.entry(held[worker]).or_insert(now);
                held[worker] = found.unwrap().0;
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_stolen_token_is_noticed_however_old_it_is() {
    let clock = ManualClock::new();
    let rotations = Rotations::new(Arc::new(MemoryStore::new(Arc::new(clock.clone()))));
    let grant = grant(clock.now());
    for generation in 0..100 {
        clock.advance(3600);
        rotations.rotate(&grant, generation, clock.now()).await;
    }
    clock.advance(MINUTE);
    assert!(
        successor(rotations.rotate(&grant, 99, clock.now()).await).is_some(),
        "the last second of its grace period"
    );
    for stolen in [0, 1, 50, 98] {
        assert_eq!(rotations.rotate(&grant, stolen, clock.now()).await, Rotation::Reused, "{stolen}");
    }
    clock.advance(1);
    assert_eq!(rotations.rotate(&grant, 99, clock.now()).await, Rotation::Reused);
}

#[tokio::test]
async fn many_rotations_in_a_minute_lose_no_worker() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let rotations = Rotations::new(store.clone());
    let grant = grant(clock.now());
    for generation in 0..200 {
        rotations.rotate(&grant, generation, clock.now()).await;
    }
    for behind in [0, 1, 100, 199] {
        let found = successor(rotations.rotate(&grant, behind, clock.now()).await);
        assert_eq!(found.map(|(generation, _)| generation), Some(200), "{behind}");
    }
    let record = store.read("rotated/grant").await.unwrap().unwrap();
    assert!(record.content.len() < 1000, "the record stays small: {}", record.content);
}

#[tokio::test]
async fn each_grant_rotates_by_itself() {
    let clock = ManualClock::new();
    let rotations = Rotations::new(Arc::new(MemoryStore::new(Arc::new(clock.clone()))));
    let one = grant(clock.now());
    let other = evergrant::sealing::claims::Grant { grant_id: "other".to_owned(), ..one.clone() };
    for generation in 0..3 {
        rotations.rotate(&one, generation, clock.now()).await;
    }
    clock.advance(MINUTE + 1);
    assert_eq!(rotations.rotate(&one, 0, clock.now()).await, Rotation::Reused);
    let found = successor(rotations.rotate(&other, 0, clock.now()).await);
    assert_eq!(found.map(|(generation, _)| generation), Some(1));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_ends_no_connection() {
    let clock = ManualClock::new();
    for content in ["", "x", "1", ":", "1:", ":1", "a:b", "1:2:3", "-1:5", "99999999999999999999:1"] {
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let name = "rotated/grant".to_owned();
        let write = Write { name, content: content.to_owned(), condition: Condition::Absent, expires_at: None };
        assert_eq!(store.write(write).await, Ok(true));
        let rotations = Rotations::new(store);
        let found = successor(rotations.rotate(&grant(clock.now()), 4, clock.now()).await);
        assert_eq!(found.map(|(generation, _)| generation), Some(5), "{content}");
    }
}
