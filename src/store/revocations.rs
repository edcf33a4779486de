//! Revoked grants, and moments before which all grants of a client are revoked.
//!
//! A revocation holds at once in the process that took it, and elsewhere within a minute: each name is looked up at most
//! once a minute, by one caller for all. When the store does not answer, what is known counts and the refresh goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, UnixSeconds};
use crate::oauth::sealed::claims::Grant;
use crate::secret::{hex, sha256};
use crate::store::{Condition, Store, StoreError, Write};

/// For how long an answer of the store is believed, in seconds.
const BELIEVED_FOR: u64 = 60;

/// After a look-up failed, the store is left alone for this many seconds.
const LEFT_ALONE_FOR: u64 = 10;

/// How long a refresh waits for a look-up.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// From this many names on, those that may be looked up again are forgotten before one is added.
const NAMES_BEFORE_CLEANING: usize = 4096;

/// What is known of one name.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The record's text, if there is one.
    content: Option<String>,
    /// From when on it has to be looked up again.
    stale_from: Option<UnixSeconds>,
}

impl Known {
    /// A memory longer than any answer is believed comes of a clock that was set back.
    fn is_fresh(&self, now: UnixSeconds) -> bool {
        self.stale_from.is_some_and(|stale_from| (1..=BELIEVED_FOR).contains(&stale_from.seconds_left(now)))
    }
}

type Slot = Arc<tokio::sync::Mutex<Known>>;

/// What is revoked.
#[derive(Clone)]
pub struct Revocations {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    slots: Arc<Mutex<HashMap<String, Slot>>>,
}

impl Revocations {
    /// The revocations that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, slots: Arc::default() }
    }

    /// Is `grant` revoked, as far as can be told?
    pub async fn is_revoked(&self, grant: &Grant) -> bool {
        let (revoked, not_before) = (revoked(&grant.grant_id), not_before(&grant.client_id));
        let (revoked, not_before) = tokio::join!(self.look_up(&revoked), self.look_up(&not_before));
        let not_before: Option<u64> = not_before.and_then(|text| text.parse().ok());
        revoked.is_some() || not_before.is_some_and(|not_before| grant.granted_at < not_before)
    }

    /// Revokes one grant.
    ///
    /// # Errors
    /// [`StoreError`] if other processes will not learn of it; this one knows.
    pub async fn revoke(&self, grant_id: &str) -> Result<(), StoreError> {
        self.put(revoked(grant_id), "revoked".to_owned(), Condition::Absent).await
    }

    /// Revokes every grant of `client_id` from before `moment`.
    ///
    /// # Errors
    /// [`StoreError`] if other processes will not learn of it; this one knows.
    pub async fn revoke_all_before(&self, client_id: &str, moment: UnixSeconds) -> Result<(), StoreError> {
        self.put(not_before(client_id), moment.0.to_string(), Condition::Always).await
    }

    /// Makes the connection to the store ahead of the first refresh.
    pub async fn warm_up(&self, client_id: &str) {
        self.look_up(&not_before(client_id)).await;
    }

    async fn put(&self, name: String, content: String, condition: Condition) -> Result<(), StoreError> {
        let slot = self.slot(&name);
        let mut known = slot.lock().await;
        known.content = Some(content.clone());
        known.stale_from = Some(self.clock.now().plus(BELIEVED_FOR));
        let written = self.store.write(Write { name, content, condition, useless_from: None }).await;
        let written = written.inspect_err(|error| complain("revoke", *error));
        written.map(|_| ())
    }

    /// The text of the record `name`, if it is known to exist.
    async fn look_up(&self, name: &str) -> Option<String> {
        let slot = self.slot(name);
        let mut known = slot.lock().await;
        let now = self.clock.now();
        if !known.is_fresh(now) {
            let answer = timeout(LOOK_UP_TIMEOUT, self.store.read(name)).await;
            match answer.unwrap_or(Err(StoreError::NoAnswer)) {
                Ok(record) => {
                    // A revocation that only this process knows of is not forgotten.
                    known.content = record.map(|record| record.content).or(known.content.take());
                    known.stale_from = Some(now.plus(BELIEVED_FOR));
                }
                Err(error) => {
                    complain("look up", error);
                    known.stale_from = Some(now.plus(LEFT_ALONE_FOR));
                }
            }
        }
        known.content.clone()
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        if slots.len() >= NAMES_BEFORE_CLEANING {
            let now = self.clock.now();
            // One that is locked or held is in use. What this process knows to be revoked stays known.
            slots.retain(|_, slot| {
                let in_use = Arc::strong_count(slot) > 1;
                in_use || slot.try_lock().is_ok_and(|known| known.content.is_some() || known.is_fresh(now))
            });
        }
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

fn complain(what: &str, error: StoreError) {
    tracing::warn!(event = "store_unavailable", what, cause = %error);
}

fn revoked(grant_id: &str) -> String {
    format!("revoked/{grant_id}")
}

fn not_before(client_id: &str) -> String {
    format!("not-before/{}", hex(&sha256(client_id.as_bytes())))
}
