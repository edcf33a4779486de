//! Revoked grants, and moments before which all grants of a client are revoked.
//!
//! A revocation holds at once in the process that took it, and elsewhere within a minute: the store's answer about a
//! name is believed for a minute, and asked for by one caller for all. When the store does not answer, what is known
//! counts, the refresh goes on, and the store is asked again behind it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::cache::Cache;
use crate::memory::cached::{Cached, Lifetime, Lifetimes};
use crate::sealing::claims::Grant;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::{Condition, Record, Store, StoreError, Write};

/// For how many seconds an answer of the store is believed.
const BELIEVED_FOR: Lifetime = Lifetime::Seconds(60);

/// After a look-up failed, the store is left alone for this many seconds.
const LEFT_ALONE_FOR: u64 = 10;

/// How many names are kept before the expired ones are dropped.
const NAMES_AT_LEAST: usize = 4096;

/// How long a refresh waits for the store's answer. The look-up itself goes on behind it.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// How often a lost race for a client's moment is run again.
const ROUNDS: u32 = 5;

/// What is revoked. Cheap to clone.
#[derive(Clone)]
pub struct Revocations {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// By the id of a grant, or of one sealed access token. What is revoked stays so.
    revoked: Arc<Cache<String, bool, StoreError>>,
    /// By client id.
    not_before: Arc<Cache<String, Option<UnixSeconds>, StoreError>>,
}

impl Revocations {
    /// The revocations that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let forever_if_revoked = |revoked: &bool| if *revoked { Lifetime::Forever } else { BELIEVED_FOR };
        let revoked = Lifetimes { answer: forever_if_revoked, failure: |_, _| LEFT_ALONE_FOR };
        let not_before = Lifetimes { answer: |_| BELIEVED_FOR, failure: |_, _| LEFT_ALONE_FOR };
        let revoked = Arc::new(Cache::new(NAMES_AT_LEAST, revoked));
        Self { store, clock, revoked, not_before: Arc::new(Cache::new(NAMES_AT_LEAST, not_before)) }
    }

    /// Is `grant` revoked, as far as can be told?
    pub async fn is_revoked(&self, grant: &Grant) -> bool {
        let (revoked, moment) =
            tokio::join!(self.is_id_revoked(&grant.grant_id), self.of_client(grant.client_id.as_str()));
        revoked || moment.is_some_and(|moment| grant.granted_at < moment)
    }

    /// Is the sealed access token with this `jti` revoked, as far as can be told?
    pub async fn is_access_token_revoked(&self, jti: &str) -> bool {
        self.is_id_revoked(jti).await
    }

    /// Revokes one grant; or, where `expires_at` says when it dies by itself, one sealed access token.
    ///
    /// # Errors
    /// [`StoreError`] if other processes will not learn of it; this one knows.
    pub async fn revoke(&self, id: &str, expires_at: Option<UnixSeconds>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let lifetime = expires_at.map_or(Lifetime::Forever, |end| Lifetime::Seconds(end.seconds_left(now)));
        self.revoked.put(id, true, lifetime, now);
        let (name, content) = (RecordKind::Revocation.name(id), "revoked".to_owned());
        let written = self.store.write(Write { name, content, condition: Condition::Absent, expires_at }).await;
        written.map(drop).inspect_err(|error| log_failure("revoke", *error))
    }

    /// Revokes every grant of `client_id` from before `moment`. An earlier moment than the one that is known changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`] if that could not be stored.
    pub async fn revoke_all_before(&self, client_id: &str, moment: UnixSeconds) -> Result<(), StoreError> {
        let name = not_before(client_id);
        for _ in 0..ROUNDS {
            let there = self.store.read(&name).await?;
            if there.as_ref().and_then(moment_of).is_some_and(|there| there >= moment) {
                return Ok(());
            }
            let condition = there.map_or(Condition::Absent, |there| Condition::Unchanged(there.version));
            let write = Write { name: name.clone(), content: moment.0.to_string(), condition, expires_at: None };
            if self.store.write(write).await? {
                return Ok(());
            }
        }
        Err(StoreError::NoAnswer)
    }

    /// Makes the connection to the store ahead of the first refresh.
    pub async fn warm_up(&self, client_id: &str) {
        self.of_client(client_id).await;
    }

    async fn is_id_revoked(&self, id: &str) -> bool {
        let (entry, name) = (self.revoked.entry(id, self.clock.now()), || RecordKind::Revocation.name(id));
        self.look_up(entry, name, |record| record.is_some()).await.unwrap_or(false)
    }

    async fn of_client(&self, client_id: &str) -> Option<UnixSeconds> {
        let entry = self.not_before.entry(client_id, self.clock.now());
        self.look_up(entry, || not_before(client_id), |record| record.as_ref().and_then(moment_of)).await.flatten()
    }

    /// What `read` makes of the record `name`, as far as it is known.
    async fn look_up<T: Clone + Send + 'static>(
        &self,
        cached: Arc<Cached<T, StoreError>>,
        name: impl FnOnce() -> String,
        read: fn(Option<Record>) -> T,
    ) -> Option<T> {
        match cached.settled(self.clock.now()) {
            Some(settled) => settled.ok(),
            None => Box::pin(self.ask(cached, name(), read)).await,
        }
    }

    /// Has the store asked for the record `name`, and waits for the answer if that makes sense.
    async fn ask<T: Clone + Send + 'static>(
        &self,
        cached: Arc<Cached<T, StoreError>>,
        name: String,
        read: fn(Option<Record>) -> T,
    ) -> Option<T> {
        let store = Arc::clone(&self.store);
        let fetch = async move {
            let record = store.read(&name).await.inspect_err(|error| log_failure("look up", *error))?;
            Ok(read(record))
        };
        let is_away = cached.is_failing();
        let asking = cached.get_in_task(&self.clock, fetch);
        // While the store is known to be away, nobody waits for it.
        if !is_away {
            let _ = timeout(LOOK_UP_TIMEOUT, asking).await;
        }
        cached.last_answer()
    }
}

fn log_failure(what: &str, error: StoreError) {
    tracing::warn!(event = "store_unavailable", what, cause = %error);
}

fn moment_of(record: &Record) -> Option<UnixSeconds> {
    let moment = record.content.trim().parse().ok().map(UnixSeconds);
    if moment.is_none() {
        tracing::error!(
            event = "not_before_unreadable",
            "a record under not-before/ is no number of seconds: write it again"
        );
    }
    moment
}

fn not_before(client_id: &str) -> String {
    RecordKind::NotBefore.name(&hex(&sha256(client_id.as_bytes())))
}
