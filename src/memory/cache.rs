//! Cached results by key, in a map that stays small.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::UnixSeconds;
use crate::memory::cached::{Cached, Lifetime, Lifetimes};
use crate::memory::tidy_map::TidyMap;

/// A cached result for each key: a value `V` or an error `E`.
pub struct Cache<K, V, E> {
    lifetimes: Lifetimes<V, E>,
    entries: Mutex<TidyMap<K, Arc<Cached<V, E>>>>,
}

impl<K: Eq + Hash, V: Clone, E: Clone> Cache<K, V, E> {
    /// An empty cache. Expired entries are dropped once it holds `at_least` entries.
    #[must_use]
    pub fn new(at_least: usize, lifetimes: Lifetimes<V, E>) -> Self {
        Self { lifetimes, entries: Mutex::new(TidyMap::new(at_least)) }
    }

    /// The entry of `key`, which may be empty.
    pub fn entry<Q>(&self, key: &Q, now: UnixSeconds) -> Arc<Cached<V, E>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.with_entry(key, now, Arc::clone)
    }

    /// Caches a value that was not fetched here.
    pub fn put<Q>(&self, key: &Q, answer: V, lifetime: Lifetime, now: UnixSeconds)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        // Keep the map locked: an empty entry could be dropped before the value is in it.
        self.with_entry(key, now, |entry| entry.put(answer, lifetime, now));
    }

    fn with_entry<Q, T>(&self, key: &Q, now: UnixSeconds, act: impl FnOnce(&Arc<Cached<V, E>>) -> T) -> T
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Cached::new(self.lifetimes));
        act(&entries.get_or_insert(key, new, |entry| entry.is_live(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_values_are_found_and_expired_entries_are_dropped() {
        let lifetimes = Lifetimes { answer: |_: &u32| Lifetime::Forever, failure: |(): &(), _| 0 };
        let cache: Cache<String, u32, ()> = Cache::new(2, lifetimes);
        let now = UnixSeconds(1000);
        cache.put("brief", 1, Lifetime::Seconds(5), now);
        cache.put("forever", 2, Lifetime::Forever, now);
        let later = now.plus(5);
        assert_eq!(cache.entry("other", later).settled(later), None);
        assert_eq!(cache.entry("brief", later).last_answer(), None, "dropped");
        assert_eq!(cache.entry("forever", later).settled(later), Some(Ok(2)));
    }
}
