//! A map that stays small: it drops outdated entries before it grows. Pure.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// The entries, and the size at which outdated ones are dropped.
#[derive(Debug)]
pub struct TidyMap<K, V> {
    entries: HashMap<K, V>,
    at_least: usize,
    tidy_at: usize,
}

impl<K: Eq + Hash, V> TidyMap<K, V> {
    /// An empty map. Nothing is dropped before it holds `at_least` entries.
    #[must_use]
    pub fn new(at_least: usize) -> Self {
        Self { entries: HashMap::new(), at_least, tidy_at: at_least }
    }

    /// The value at `key`.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries.get(key)
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// Adds `value` and returns the one it replaces. Entries are checked only after their number has doubled, so that adding
    /// takes constant time on average.
    pub fn insert(&mut self, key: K, value: V, is_live: impl Fn(&V) -> bool) -> Option<V> {
        if self.entries.len() >= self.tidy_at {
            self.entries.retain(|_, value| is_live(value));
            self.tidy_at = self.at_least.max(self.entries.len() * 2);
        }
        self.entries.insert(key, value)
    }

    /// The value at `key`; adds one if there is none.
    pub fn get_or_insert<Q>(&mut self, key: &Q, new: impl FnOnce() -> V, is_live: impl Fn(&V) -> bool) -> V
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
        V: Clone,
    {
        if let Some(value) = self.get(key) {
            return value.clone();
        }
        let value = new();
        self.insert(key.to_owned(), value.clone(), is_live);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outdated_entries_are_dropped_and_live_entries_are_rarely_checked() {
        let mut map = TidyMap::new(4);
        for key in 0..4 {
            map.insert(key, key % 2 == 0, |even| *even);
        }
        assert_eq!(map.insert(4, true, |even| *even), None);
        assert_eq!((map.get(&1), map.get(&2), map.get(&4)), (None, Some(&true), Some(&true)));
        let looked_at = std::cell::Cell::new(0);
        for key in 10..1010 {
            map.insert(key, true, |_| {
                looked_at.set(looked_at.get() + 1);
                true
            });
        }
        assert!(looked_at.get() < 2100, "{}", looked_at.get());
    }
}
