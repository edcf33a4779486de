//! Sign-ins that ended in this process. Each state works once (RFC 9700 §4.7.1).
//!
//! Two other guards come first: the browser deletes the cookie, and DocuSign's codes work once.

use std::sync::{Mutex, PoisonError};

use crate::clock::UnixSeconds;
use crate::memory::tidy_map::TidyMap;

/// How many states there are before expired ones are removed.
const TIDY_FROM_STATES: usize = 1024;

/// The used states, each with the time at which it expires.
pub struct FinishedSignIns(Mutex<TidyMap<String, UnixSeconds>>);

impl Default for FinishedSignIns {
    fn default() -> Self {
        Self(Mutex::new(TidyMap::new(TIDY_FROM_STATES)))
    }
}

impl FinishedSignIns {
    /// Whether the state `jti` comes back for the first time.
    pub fn is_first(&self, jti: &str, expires_at: UnixSeconds, now: UnixSeconds) -> bool {
        let mut finished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        finished.insert(jti.to_owned(), expires_at, |expires_at| now < *expires_at).is_none()
    }
}
