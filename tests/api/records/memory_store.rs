//! The store in memory keeps the promises of the trait, which Blob Storage keeps by `If-Match` and `If-None-Match`.

use std::collections::HashMap;
use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::store::memory::MemoryStore;
use evergrant::store::{Condition, Store as _, Version, Write};
use futures_util::future::join_all;
use proptest::prelude::*;

use super::at_once;
use crate::support::ManualClock;

fn write(name: &str, content: &str, condition: Condition) -> Write {
    Write { name: name.to_owned(), content: content.to_owned(), condition, expires_at: None }
}

/// Whether a write expects no record, the version that was read last, or an older one.
#[derive(Clone, Copy, Debug)]
enum Expects {
    Nothing,
    Latest,
    Older,
    MadeUp,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn conditions_hold_exactly_as_for_blobs(steps in proptest::collection::vec((0..3_usize, 0..4_u8), 1..30)) {
        let store = MemoryStore::new(Arc::new(ManualClock::new()));
        let names = ["revoked/a", "revoked/b", "rotated/a"];
        // All versions of each record so far, and the content of the last.
        let mut versions: HashMap<usize, Vec<Version>> = HashMap::new();
        let mut contents: HashMap<usize, String> = HashMap::new();
        at_once(async {
            for (number, (name, expects)) in steps.into_iter().enumerate() {
                let expects = [Expects::Nothing, Expects::Latest, Expects::Older, Expects::MadeUp][usize::from(expects)];
                let known = versions.entry(name).or_default();
                let made_up = Version("made up".to_owned());
                let (condition, holds) = match expects {
                    Expects::Nothing => (Condition::Absent, known.is_empty()),
                    Expects::Latest => (Condition::Unchanged(known.last().cloned().unwrap_or(made_up)), !known.is_empty()),
                    Expects::Older => (Condition::Unchanged(known.first().cloned().unwrap_or(made_up)), known.len() == 1),
                    Expects::MadeUp => (Condition::Unchanged(made_up), false),
                };
                let content = format!("content {number}");
                prop_assert_eq!(store.write(write(names[name], &content, condition)).await, Ok(holds), "{:?}", expects);
                if holds {
                    contents.insert(name, content);
                }
                let found = store.read(names[name]).await.unwrap();
                prop_assert_eq!(found.as_ref().map(|record| &record.content), contents.get(&name));
                if let Some(record) = found.filter(|_| holds) {
                    prop_assert!(!known.contains(&record.version), "every write has a version of its own");
                    known.push(record.version);
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_one_succeeds() {
    let store = Arc::new(MemoryStore::new(Arc::new(ManualClock::new())));
    let race = async |condition: Condition| {
        let writers = (0..64).map(|number| {
            let (store, condition) = (Arc::clone(&store), condition.clone());
            tokio::spawn(async move { store.write(write("rotated/a", &number.to_string(), condition)).await.unwrap() })
        });
        join_all(writers).await.into_iter().filter(|written| *written.as_ref().unwrap()).count()
    };
    assert_eq!(race(Condition::Absent).await, 1);
    let version = store.read("rotated/a").await.unwrap().unwrap().version;
    assert_eq!(race(Condition::Unchanged(version.clone())).await, 1);
    assert_eq!(race(Condition::Unchanged(version)).await, 0);
}

#[tokio::test]
async fn expired_records_make_room_and_live_ones_stay_however_many_there_are() {
    let clock = ManualClock::new();
    let store = MemoryStore::new(Arc::new(clock.clone()));
    let expiring =
        |name: String, expires_at: Option<UnixSeconds>| Write { expires_at, ..write(&name, "x", Condition::Absent) };
    for number in 0..100 {
        store.write(expiring(format!("revoked/{number}"), None)).await.unwrap();
        store.write(expiring(format!("redeemed/long-{number}"), Some(clock.now().plus(1_000_000)))).await.unwrap();
    }
    for number in 0..20_000 {
        clock.advance(1);
        let until = clock.now().plus(5);
        store.write(expiring(format!("redeemed/{number}"), Some(until))).await.unwrap();
    }
    for number in 0..100 {
        for name in [format!("revoked/{number}"), format!("redeemed/long-{number}")] {
            assert!(store.read(&name).await.unwrap().is_some(), "{name}");
        }
    }
    assert!(store.read("redeemed/0").await.unwrap().is_none(), "it expired long ago");
    assert!(store.read("redeemed/19999").await.unwrap().is_some());
}

#[tokio::test]
async fn every_process_has_an_id_of_its_own() {
    let ids =
        [(); 50].map(|()| MemoryStore::new(Arc::new(ManualClock::new())).process_id().map(ToOwned::to_owned).unwrap());
    let different: std::collections::HashSet<&String> = ids.iter().collect();
    assert!(different.len() == 50 && ids.iter().all(|id| !id.is_empty()), "{ids:?}");
}
