//! A map that stays small: nothing live is ever dropped, and what is outdated does not pile up.

use std::collections::HashMap;

use evergrant::memory::tidy_map::TidyMap;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Each step inserts a key that is live for so many further steps.
    #[test]
    fn live_entries_stay_and_the_map_is_at_most_twice_as_large_as_they_need(
        at_least in 1..12_usize, steps in proptest::collection::vec((0..60_u8, 0..30_usize), 1..200)
    ) {
        let mut map = TidyMap::new(at_least);
        let mut last: HashMap<u8, usize> = HashMap::new();
        for (now, (key, lifetime)) in steps.into_iter().enumerate() {
            let replaced = map.insert(key, now + lifetime, |until| now <= *until);
            // An outdated one may have been dropped before.
            prop_assert!(replaced.is_none_or(|until| last.get(&key) == Some(&until)));
            prop_assert!(replaced.is_some() || last.get(&key).is_none_or(|until| *until < now));
            last.insert(key, now + lifetime);
            for (key, until) in &last {
                prop_assert!(map.get(key).is_none_or(|found| found == until), "the last value");
                prop_assert!(*until < now || map.get(key) == Some(until), "key {} is live until {}", key, until);
            }
            prop_assert_eq!(map.iter().filter(|(key, until)| last.get(key) == Some(until)).count(), map.iter().count());
        }
    }

    #[test]
    fn a_value_is_made_only_if_there_is_none(keys in proptest::collection::vec(0..10_u32, 1..60)) {
        let (mut map, mut made) = (TidyMap::new(100), HashMap::new());
        for (number, key) in keys.into_iter().enumerate() {
            let found = map.get_or_insert(&key, || number, |_| true);
            prop_assert_eq!(found, *made.entry(key).or_insert(number));
        }
    }
}

#[test]
fn outdated_entries_do_not_pile_up() {
    let mut map = TidyMap::new(16);
    let mut largest = 0;
    for now in 0..100_000_usize {
        map.insert(now, now + 10, |until| now <= *until);
        largest = largest.max(map.iter().count());
    }
    assert!(largest <= 32, "{largest} entries, of which 11 are live");
}
