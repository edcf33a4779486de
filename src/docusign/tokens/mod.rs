//! Access tokens, from the cache or minted: concurrent callers with the same user and scope share one mint.
//!
//! A mint runs in its own task, so a caller that disconnects does not cancel it for the others. Its log lines have the ids of
//! the request that started it. [`Slot::decide`] decides what a caller gets. Each slot has its own lock, which is never held
//! across a call.

pub mod assertion;
pub mod freshness;
pub mod minter;
pub mod missing_consent;
pub mod replacements;
pub mod slot;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::minter::{MintError, Minter};
use crate::docusign::tokens::replacements::Replacements;
use crate::docusign::tokens::slot::{AccessTokenError, CacheResult, Decision, MintOutcome, Slot};
use crate::memory::tidy_map::TidyMap;
use crate::oauth::scope::Scope;
use crate::types::Guid;

/// Slots without a live token or failure are dropped once there are this many.
const MIN_SLOTS: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    user: Guid,
    scope: Scope,
}

/// A running mint; receives its outcome.
type Mint = watch::Receiver<Option<MintOutcome>>;

/// A slot with its running mints.
#[derive(Default)]
struct SlotEntry {
    state: Mutex<(Slot, Option<Mint>)>,
    /// The last forced mint: its start, as a value of `arrivals`, and its outcome.
    forced: tokio::sync::Mutex<Option<(u64, MintOutcome)>>,
    arrivals: AtomicU64,
    /// Replacements because an API rejected the token.
    replacements: Mutex<Replacements>,
}

/// The cache and the running mints. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    minter: Arc<Minter>,
    clock: Arc<dyn Clock>,
    entries: Arc<RwLock<TidyMap<CacheKey, Arc<SlotEntry>>>>,
}

impl AccessTokens {
    /// An empty cache over `minter`.
    #[must_use]
    pub fn new(minter: Arc<Minter>, clock: Arc<dyn Clock>) -> Self {
        Self { minter, clock, entries: Arc::new(RwLock::new(TidyMap::new(MIN_SLOTS))) }
    }

    /// An access token for `user` with `scope`, from the cache if possible.
    ///
    /// # Errors
    /// [`AccessTokenError`] if none is cached and none could be minted.
    pub async fn get(
        &self,
        user: &Guid,
        scope: &Scope,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), AccessTokenError> {
        let cache_key = CacheKey { user: user.clone(), scope: scope.clone() };
        let entry = self.entry(&cache_key);
        let mint = {
            let (slot, mint) = &mut *entry.lock();
            match slot.decide(self.clock.now()) {
                Decision::Hand(access_token, result) => return Ok((access_token, result)),
                Decision::Refuse(unavailable) => return Err(unavailable),
                Decision::HandAndRenew(access_token) => {
                    self.join_or_start(&entry, mint, cache_key);
                    return Ok((access_token, CacheResult::Hit));
                }
                Decision::Await => self.join_or_start(&entry, mint, cache_key),
            }
        };
        match Box::pin(outcome_of(mint)).await {
            Ok(access_token) => Ok((access_token, CacheResult::Minted)),
            Err(error) => self.fall_back(&entry, error),
        }
    }

    /// Mints even if a token or a failure is cached; used right after consent or settings were fixed. A success is cached and
    /// clears the user's cached failures. A failure changes nothing.
    ///
    /// Callers that arrive during such a mint share the next one, so reloading a page many times causes at most two mints.
    ///
    /// # Errors
    /// The error of the mint.
    pub async fn force_mint(&self, user: &Guid, scope: &Scope) -> MintOutcome {
        let cache_key = CacheKey { user: user.clone(), scope: scope.clone() };
        let entry = self.entry(&cache_key);
        let arrived = entry.arrivals.fetch_add(1, Ordering::SeqCst);
        let this = self.clone();
        let minting = async move {
            let mut last = entry.forced.lock().await;
            if let Some((started, outcome)) = &*last
                && *started > arrived
            {
                return outcome.clone();
            }
            let started = entry.arrivals.fetch_add(1, Ordering::SeqCst);
            let outcome = this.minter.mint(&cache_key.user, &cache_key.scope).await.map(Arc::new);
            if let Ok(access_token) = &outcome {
                this.forget_failures(&cache_key.user);
                entry.lock().0.succeed(Arc::clone(access_token));
            }
            *last = Some((started, outcome.clone()));
            outcome
        };
        tokio::spawn(minting.in_current_span()).await.unwrap_or(Err(MintError::BrokenOff))
    }

    /// A replacement for `refused`, which an API rejected: the token that already replaced it, or a new one. `None` if no
    /// other is available, or if replacing did not help in the last minute, because then the user lacks access.
    /// Callers still get `refused` until there is another.
    ///
    /// # Errors
    /// [`AccessTokenError`] if `refused` has expired and none could be minted.
    pub async fn replace(
        &self,
        user: &Guid,
        scope: &Scope,
        refused: &Arc<DocusignAccessToken>,
    ) -> Result<Option<Arc<DocusignAccessToken>>, AccessTokenError> {
        let entry = self.entry(&CacheKey { user: user.clone(), scope: scope.clone() });
        // If the token was already replaced, no mint is needed. Calls that were refused together count once.
        let first_of_token = {
            let (slot, _) = &mut *entry.lock();
            slot.holds(refused) && !slot.is_suspect()
        };
        if first_of_token {
            if !entry.replacements().begin(self.clock.now()) {
                return Ok(None);
            }
            entry.lock().0.suspect();
        }
        let (access_token, _) = self.get(user, scope).await?;
        Ok((!Arc::ptr_eq(&access_token, refused)).then_some(access_token))
    }

    /// Reports that an API accepted the current token, so replacing tokens helps.
    pub fn report_accepted(&self, user: &Guid, scope: &Scope) {
        self.entry(&CacheKey { user: user.clone(), scope: scope.clone() }).replacements().report_accepted();
    }

    /// Reports that an API also rejected `newer`, which replaced another token.
    pub fn report_refused(&self, user: &Guid, scope: &Scope, newer: &DocusignAccessToken) {
        let entry = self.entry(&CacheKey { user: user.clone(), scope: scope.clone() });
        entry.replacements().report_refused(newer.issued_at, self.clock.now());
    }

    /// Checks that DocuSign accepts the next signing key; `None` if there is no next key. Does not touch the cache.
    pub async fn try_next_key(&self, user: &Guid, scope: &Scope) -> Option<Result<(), MintError>> {
        self.minter.try_next_key(user, scope).await
    }

    /// A fix for one scope may have fixed the user's other scopes too, so the next request tries them.
    fn forget_failures(&self, user: &Guid) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let of_user = entries.iter().filter(|(cache_key, _)| cache_key.user == *user);
        of_user.for_each(|(_, entry)| entry.lock().0.forget_failure());
    }

    /// The running mint; starts one if there is none.
    fn join_or_start(&self, entry: &Arc<SlotEntry>, under_way: &mut Option<Mint>, cache_key: CacheKey) -> Mint {
        // If the sender is gone, the mint ended without a result. Do not wait for it.
        if let Some(mint) = under_way.as_ref().filter(|mint| mint.has_changed().is_ok()) {
            return mint.clone();
        }
        let (sender, mint) = watch::channel(None);
        *under_way = Some(mint.clone());
        let (this, entry) = (self.clone(), Arc::clone(entry));
        let minting = async move {
            let outcome = this.minter.mint(&cache_key.user, &cache_key.scope).await.map(Arc::new);
            let (slot, mint) = &mut *entry.lock();
            slot.settle(&outcome, this.clock.now());
            *mint = None;
            sender.send_replace(Some(outcome));
        };
        tokio::spawn(minting.in_current_span());
        mint
    }

    /// After a failed mint: the cached token if it has not expired, otherwise the failure.
    fn fall_back(
        &self,
        entry: &SlotEntry,
        error: MintError,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), AccessTokenError> {
        let now = self.clock.now();
        let (slot, _) = &*entry.lock();
        if let Some(access_token) = slot.usable_token(now) {
            return Ok((access_token, CacheResult::Stale));
        }
        Err(slot.cached_failure(now).unwrap_or(AccessTokenError { error, retry_after: 1 }))
    }

    fn entry(&self, cache_key: &CacheKey) -> Arc<SlotEntry> {
        if let Some(entry) = self.entries.read().unwrap_or_else(PoisonError::into_inner).get(cache_key) {
            return Arc::clone(entry);
        }
        let (mut entries, now) = (self.entries.write().unwrap_or_else(PoisonError::into_inner), self.clock.now());
        let is_live = |entry: &Arc<SlotEntry>| slot::is_held(entry) || entry.lock().0.is_live(now);
        entries.get_or_insert(cache_key, Arc::default, is_live)
    }
}

impl SlotEntry {
    fn replacements(&self) -> MutexGuard<'_, Replacements> {
        self.replacements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, (Slot, Option<Mint>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a mint to end.
async fn outcome_of(mut mint: Mint) -> MintOutcome {
    let outcome = mint.wait_for(Option::is_some).await;
    // The sender is dropped without a result only if the minting task was aborted.
    outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(MintError::BrokenOff))
}
