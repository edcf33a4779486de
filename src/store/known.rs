//! What this process knows of records under their names, and for how long it may believe it. Pure but for a lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::UnixSeconds;
use crate::memory::tidy_map::TidyMap;

/// For how long an answer of the store is believed, in seconds.
pub const BELIEVED_FOR: u64 = 60;

/// How many names are kept before those that may be forgotten are.
const NAMES_AT_LEAST: usize = 4096;

/// What is known of one name.
#[derive(Default)]
pub struct Name {
    known: Mutex<Known>,
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// The record's text, if there is one.
    content: Option<String>,
    /// From when on it has to be asked for again.
    stale_from: Option<UnixSeconds>,
    /// From when on nobody asks any more.
    expires_at: Option<UnixSeconds>,
    /// The last time, the store did not answer.
    store_was_away: bool,
}

impl Known {
    /// A memory longer than any answer is believed comes of a clock that was set back.
    fn is_fresh(&self, now: UnixSeconds) -> bool {
        self.stale_from.is_some_and(|stale_from| (1..=BELIEVED_FOR).contains(&stale_from.seconds_left(now)))
    }

    fn may_be_forgotten(&self, now: UnixSeconds) -> bool {
        let useless = self.expires_at.is_some_and(|expires_at| expires_at <= now);
        useless || (self.content.is_none() && !self.is_fresh(now))
    }
}

impl Name {
    /// May what is known be believed?
    pub fn is_fresh(&self, now: UnixSeconds) -> bool {
        self.lock().is_fresh(now)
    }

    /// The record's text, if it is known to exist.
    pub fn content(&self) -> Option<String> {
        self.lock().content.clone()
    }

    /// Did the store not answer the last time?
    pub fn store_was_away(&self) -> bool {
        self.lock().store_was_away
    }

    /// Takes in what the store, or a caller, says. A revocation that only this process knows of is not forgotten.
    pub fn learn(&self, content: Option<String>, stale_from: UnixSeconds, expires_at: Option<UnixSeconds>) {
        let mut known = self.lock();
        known.content = content.or(known.content.take());
        known.expires_at = expires_at.or(known.expires_at);
        known.stale_from = Some(stale_from);
        known.store_was_away = false;
    }

    /// Takes in that the store does not answer, and is to be left alone until then.
    pub fn store_is_away(&self, until: UnixSeconds) {
        let mut known = self.lock();
        known.stale_from = Some(until);
        known.store_was_away = true;
    }

    /// Waits for one's turn to ask the store.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.asking.lock().await
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All names of one kind that were asked for.
pub struct Names(Mutex<TidyMap<String, Arc<Name>>>);

impl Default for Names {
    fn default() -> Self {
        Self(Mutex::new(TidyMap::new(NAMES_AT_LEAST)))
    }
}

impl Names {
    /// What is known of `name`.
    pub fn get(&self, name: &str, now: UnixSeconds) -> Arc<Name> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        let known = Arc::<Name>::default();
        // One that somebody holds is in use.
        let is_live = |known: &Arc<Name>| Arc::strong_count(known) > 1 || !known.lock().may_be_forgotten(now);
        names.insert(name.to_owned(), Arc::clone(&known), is_live);
        known
    }
}
