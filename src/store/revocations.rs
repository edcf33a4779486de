//! Revoked grants, and the times before which all grants of a client are revoked.
//!
//! A revocation applies immediately in the process that received it, and within a minute in the others, because they cache
//! the store's results for a minute. If the store does not respond, refreshes continue with the last cached result, and the
//! store is asked again in the background.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::cache::Cache;
use crate::memory::cached::{Cached, Lifetime, Lifetimes};
use crate::sealing::claims::Grant;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::{Condition, Record, Store, StoreError, Write, log_failure, update};

/// How long a result from the store is cached.
const CACHE_LIFETIME: Lifetime = Lifetime::Seconds(60);

/// Seconds to wait before the next lookup after one failed.
const FAILURE_PAUSE: u64 = 10;

/// Expired names are dropped once the cache holds this many.
const MIN_CACHED_NAMES: usize = 4096;

/// How long a refresh waits for the store. The lookup itself continues in the background.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// The revocations. Cheap to clone.
#[derive(Clone)]
pub struct Revocations {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// By the id of a grant or a sealed access token. One that was made here is cached forever, because the store may not have
    /// it. One that the store reported is looked up again: if it was wrong, it ends.
    revoked: Arc<Cache<String, bool, StoreError>>,
    /// By client id.
    not_before: Arc<Cache<String, Option<UnixSeconds>, StoreError>>,
}

impl Revocations {
    /// The revocations in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let revoked = Lifetimes { answer: |_| CACHE_LIFETIME, failure: |_, _| FAILURE_PAUSE };
        let not_before = Lifetimes { answer: |_| CACHE_LIFETIME, failure: |_, _| FAILURE_PAUSE };
        let revoked = Arc::new(Cache::new(MIN_CACHED_NAMES, revoked));
        Self { store, clock, revoked, not_before: Arc::new(Cache::new(MIN_CACHED_NAMES, not_before)) }
    }

    /// Whether `grant` is revoked, as far as is known.
    pub async fn is_revoked(&self, grant: &Grant) -> bool {
        let (revoked, moment) =
            tokio::join!(self.is_id_revoked(&grant.grant_id), self.of_client(grant.client_id.as_str()));
        revoked || moment.is_some_and(|moment| grant.granted_at < moment)
    }

    /// Whether the sealed access token with this `jti` is revoked, as far as is known.
    pub async fn is_access_token_revoked(&self, jti: &str) -> bool {
        self.is_id_revoked(jti).await
    }

    /// Revokes a grant, or a sealed access token, which expires at `expires_at`.
    ///
    /// # Errors
    /// [`StoreError`] if the revocation is known in this process only.
    pub async fn revoke(&self, id: &str, expires_at: Option<UnixSeconds>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let lifetime = expires_at.map_or(Lifetime::Forever, |end| Lifetime::Seconds(end.seconds_left(now)));
        self.revoked.put(id, true, lifetime, now);
        let (name, content) = (RecordKind::Revocation.name(id), "revoked".to_owned());
        let written = self.store.write(Write { name, content, condition: Condition::Absent, expires_at }).await;
        written.map(drop).inspect_err(|error| log_failure("revoke", error))
    }

    /// Revokes every grant of `client_id` issued before `moment`. Has no effect if a later moment is already stored.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be stored.
    pub async fn revoke_all_before(&self, client_id: &str, moment: UnixSeconds) -> Result<(), StoreError> {
        let advance = |there: Option<&str>| {
            let is_later = there.and_then(moment_of).is_none_or(|there| there < moment);
            (is_later.then(|| moment.0.to_string()), ())
        };
        update(self.store.as_ref(), &not_before(client_id), None, advance).await
    }

    /// Connects to the store before the first refresh.
    pub async fn warm_up(&self, client_id: &str) {
        self.of_client(client_id).await;
    }

    async fn is_id_revoked(&self, id: &str) -> bool {
        let (entry, name) = (self.revoked.entry(id, self.clock.now()), || RecordKind::Revocation.name(id));
        self.look_up(entry, name, |record| record.is_some()).await.unwrap_or(false)
    }

    async fn of_client(&self, client_id: &str) -> Option<UnixSeconds> {
        let entry = self.not_before.entry(client_id, self.clock.now());
        self.look_up(entry, || not_before(client_id), |record| moment_of(&record?.content)).await.flatten()
    }

    /// Reads the record `name` and parses it with `read`; `None` if it is not known.
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

    /// Looks up the record `name` in the store. Waits for the result unless the store is failing.
    async fn ask<T: Clone + Send + 'static>(
        &self,
        cached: Arc<Cached<T, StoreError>>,
        name: String,
        read: fn(Option<Record>) -> T,
    ) -> Option<T> {
        let store = Arc::clone(&self.store);
        let fetch = async move {
            let record = store.read(&name).await.inspect_err(|error| log_failure("look up", error))?;
            Ok(read(record))
        };
        let is_away = cached.is_failing();
        let asking = cached.get_in_task(&self.clock, fetch);
        // Do not wait while the store is failing.
        if !is_away {
            let _ = timeout(LOOK_UP_TIMEOUT, asking).await;
        }
        cached.last_answer()
    }
}

fn moment_of(content: &str) -> Option<UnixSeconds> {
    let moment = content.trim().parse().ok().map(UnixSeconds);
    if moment.is_none() {
        tracing::error!(
            event = "not_before_unreadable",
            "a record under not-before/ is not a number of seconds; write it again"
        );
    }
    moment
}

fn not_before(client_id: &str) -> String {
    RecordKind::NotBefore.name(&hex(&sha256(client_id.as_bytes())))
}
