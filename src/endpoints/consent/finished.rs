//! Sign-ins that came to their end in this process: each state is good for one (RFC 9700 §4.7.1).
//!
//! The first guard is the browser, which is told to forget the cookie; the second is DocuSign, whose codes work once.
//! This is the third.

use std::sync::{Mutex, PoisonError};

use crate::clock::UnixSeconds;
use crate::memory::tidy_map::TidyMap;

/// How many are kept before the expired ones are forgotten.
const KEPT_AT_LEAST: usize = 1024;

/// The states that were used, with the time from when on they are worth nothing anyway.
pub struct FinishedSignIns(Mutex<TidyMap<String, UnixSeconds>>);

impl Default for FinishedSignIns {
    fn default() -> Self {
        Self(Mutex::new(TidyMap::new(KEPT_AT_LEAST)))
    }
}

impl FinishedSignIns {
    /// Is this the first time that the state `jti` comes back?
    pub fn is_first(&self, jti: &str, expires_at: UnixSeconds, now: UnixSeconds) -> bool {
        let mut finished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        finished.insert(jti.to_owned(), expires_at, |expires_at| now < *expires_at).is_none()
    }
}
