//! Revoked grants, and moments before which all grants of a client are revoked.
//!
//! A revocation holds at once in the process that took it, and elsewhere within a minute: the store's answer about a
//! name is believed for a minute, and asked for by one caller for all. When the store does not answer, what is known
//! counts, the refresh goes on, and the store is asked again behind it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, UnixSeconds};
use crate::sealing::claims::Grant;
use crate::secret::{hex, sha256};
use crate::store::known::{BELIEVED_FOR, Name, Names};
use crate::store::{Condition, Store, StoreError, Write};

/// After a look-up failed, the store is left alone for this many seconds.
const LEFT_ALONE_FOR: u64 = 10;

/// How long a refresh waits for the store's answer. The look-up itself goes on behind it.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// How often a lost race for a client's moment is run again.
const ROUNDS: u32 = 5;

/// What is revoked. Cheap to clone.
#[derive(Clone)]
pub struct Revocations {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// By the id of a grant, or of one sealed access token.
    revoked: Arc<Names>,
    /// By client.
    not_before: Arc<Names>,
}

/// Names a record in the store.
type NameRecord = fn(&str) -> String;

impl Revocations {
    /// The revocations that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, revoked: Arc::default(), not_before: Arc::default() }
    }

    /// Is `grant` revoked, as far as can be told?
    pub async fn is_revoked(&self, grant: &Grant) -> bool {
        let (revoked, moment) = tokio::join!(self.of_id(&grant.grant_id), self.of_client(&grant.client_id));
        revoked.is_some() || moment.and_then(|text| parse(&text)).is_some_and(|moment| grant.granted_at < moment.0)
    }

    /// Is the sealed access token with this `jti` revoked, as far as can be told?
    pub async fn is_access_token_revoked(&self, jti: &str) -> bool {
        self.of_id(jti).await.is_some()
    }

    /// Revokes one grant; or, where `expires_at` says when it dies by itself, one sealed access token.
    ///
    /// # Errors
    /// [`StoreError`] if other processes will not learn of it; this one knows.
    pub async fn revoke(&self, id: &str, expires_at: Option<UnixSeconds>) -> Result<(), StoreError> {
        let (name, content) = (revoked(id), "revoked".to_owned());
        let now = self.clock.now();
        self.revoked.get(id, now).learn(Some(content.clone()), now.plus(BELIEVED_FOR), expires_at);
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
            if there.as_ref().and_then(|there| parse(&there.content)).is_some_and(|there| there >= moment) {
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

    async fn of_id(&self, id: &str) -> Option<String> {
        self.look_up(&self.revoked, id, revoked).await
    }

    async fn of_client(&self, client_id: &str) -> Option<String> {
        self.look_up(&self.not_before, client_id, not_before).await
    }

    /// The text of the record of `id`, if it is known to exist.
    async fn look_up(&self, names: &Names, id: &str, record: NameRecord) -> Option<String> {
        let now = self.clock.now();
        let known = names.get(id, now);
        if !known.is_fresh(now) {
            Box::pin(self.find_out(&known, record(id))).await;
        }
        known.content()
    }

    /// Has the store asked for the record `name`, and waits for the answer if that makes sense.
    async fn find_out(&self, known: &Arc<Name>, name: String) {
        let (this, asked) = (self.clone(), Arc::clone(known));
        let asking = tokio::spawn(async move { this.ask(&asked, &name).await });
        // While the store is known to be away, nobody waits for it.
        if !known.store_was_away() {
            let _ = timeout(LOOK_UP_TIMEOUT, asking).await;
        }
    }

    /// Asks the store, unless somebody just did. In a task of its own, so that a caller who hangs up cancels nothing.
    async fn ask(&self, known: &Name, name: &str) {
        let _turn = known.turn().await;
        let now = self.clock.now();
        if known.is_fresh(now) {
            return;
        }
        match self.store.read(name).await {
            Ok(record) => known.learn(record.map(|record| record.content), now.plus(BELIEVED_FOR), None),
            Err(error) => {
                log_failure("look up", error);
                known.store_is_away(self.clock.now().plus(LEFT_ALONE_FOR));
            }
        }
    }
}

fn log_failure(what: &str, error: StoreError) {
    tracing::warn!(event = "store_unavailable", what, cause = %error);
}

fn parse(text: &str) -> Option<UnixSeconds> {
    let moment = text.trim().parse().ok().map(UnixSeconds);
    if moment.is_none() {
        tracing::error!(
            event = "not_before_unreadable",
            "a record under not-before/ is no number of seconds: write it anew"
        );
    }
    moment
}

fn revoked(id: &str) -> String {
    format!("revoked/{id}")
}

fn not_before(client_id: &str) -> String {
    format!("not-before/{}", hex(&sha256(client_id.as_bytes())))
}
