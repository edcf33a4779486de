//! Sign-ins that came to their end in this process: each state is good for one (RFC 9700 §4.7.1).
//!
//! The first guard is the browser, which is told to forget the cookie; the second is DocuSign, whose codes work once.
//! This is the third.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::UnixSeconds;

/// From this many on, expired ones are forgotten before one is added.
const BEFORE_CLEANING: usize = 1024;

/// The states that were used, with the time from when on they are worth nothing anyway.
#[derive(Default)]
pub struct FinishedSignIns(Mutex<HashMap<String, UnixSeconds>>);

impl FinishedSignIns {
    /// Is this the first time that the state `jti` comes back?
    pub fn is_first(&self, jti: &str, expires_at: UnixSeconds, now: UnixSeconds) -> bool {
        let mut finished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if finished.len() >= BEFORE_CLEANING {
            finished.retain(|_, expires_at| now < *expires_at);
        }
        finished.insert(jti.to_owned(), expires_at).is_none()
    }
}
