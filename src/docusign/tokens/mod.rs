//! Access tokens from the cache or freshly minted: one mint per user, scope and token life, however many callers.
//!
//! A mint runs in a task of its own, so a caller who hangs up cancels nothing for the others; its log lines have the ids of
//! the request that began it. What to do for a caller
//! is decided by [`Slot::decide`]; each slot has its own lock, which is never held across a call.

pub mod assertion;
pub mod freshness;
pub mod minter;
mod replacements;
pub mod slot;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::minter::{MintError, Minter};
use crate::docusign::tokens::replacements::Replacements;
use crate::docusign::tokens::slot::{CacheResult, Decision, MintOutcome, Slot, Unavailable};
use crate::memory::tidy_map::TidyMap;
use crate::oauth::scope::Scope;
use crate::types::Guid;

/// How many slots are kept before those that hold nothing of use are dropped.
const SLOTS_AT_LEAST: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    user: Guid,
    scope: Scope,
}

/// A mint under way: holds its outcome once it has ended.
type Mint = watch::Receiver<Option<MintOutcome>>;

/// A slot with what goes on around it.
#[derive(Default)]
struct SlotEntry {
    state: Mutex<(Slot, Option<Mint>)>,
    /// The last mint for somebody who mended something: its start on the counter of arrivals, and its outcome.
    anew: tokio::sync::Mutex<Option<(u64, MintOutcome)>>,
    arrivals: AtomicU64,
    /// How often it was replaced because an API refused it.
    replacements: Mutex<Replacements>,
}

/// The cache and the mints under way. Cheap to clone.
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
        Self { minter, clock, entries: Arc::new(RwLock::new(TidyMap::new(SLOTS_AT_LEAST))) }
    }

    /// An access token of `user` within `scope`, from memory if possible.
    ///
    /// # Errors
    /// [`Unavailable`] when there is none and none could be minted.
    pub async fn get(
        &self,
        user: &Guid,
        scope: &Scope,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), Unavailable> {
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

    /// Mints whatever the cache holds or remembers, for whoever has just mended something.
    /// A success is kept for everyone, and the user's failures are forgotten; a failure changes nothing.
    ///
    /// Whoever comes while such a mint is under way shares the one after it, so that a page loaded many times
    /// causes no more than two at once in a row.
    ///
    /// # Errors
    /// The mint's own.
    pub async fn mint_anew(&self, user: &Guid, scope: &Scope) -> MintOutcome {
        let cache_key = CacheKey { user: user.clone(), scope: scope.clone() };
        let entry = self.entry(&cache_key);
        let arrived = entry.arrivals.fetch_add(1, Ordering::SeqCst);
        let this = self.clone();
        let minting = async move {
            let mut last = entry.anew.lock().await;
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

    /// An access token instead of `refused`, which an API did not accept: the one that has taken its place, or else a
    /// fresh one. `None` where none can be had, and where a fresh one was refused too within the last minute: then it is the
    /// user who may not. `refused` itself goes on being handed out as long as there is no other.
    ///
    /// # Errors
    /// [`Unavailable`] when `refused` has ended meanwhile and none could be minted.
    pub async fn replace(
        &self,
        user: &Guid,
        scope: &Scope,
        refused: &Arc<DocusignAccessToken>,
    ) -> Result<Option<Arc<DocusignAccessToken>>, Unavailable> {
        let entry = self.entry(&CacheKey { user: user.clone(), scope: scope.clone() });
        // Whoever comes with a token that another took the place of already costs no mint.
        if entry.lock().0.holds(refused) {
            if !entry.replacements().begin(self.clock.now()) {
                return Ok(None);
            }
            entry.lock().0.suspect();
        }
        let (access_token, _) = self.get(user, scope).await?;
        Ok((!Arc::ptr_eq(&access_token, refused)).then_some(access_token))
    }

    /// `newer`, which took another's place, was refused as well.
    pub fn report_refused(&self, user: &Guid, scope: &Scope, newer: &DocusignAccessToken) {
        let entry = self.entry(&CacheKey { user: user.clone(), scope: scope.clone() });
        entry.replacements().was_futile(newer.issued_at, self.clock.now());
    }

    /// Does DocuSign take the next signing key's signatures? `None` if there is no next key. The cache is left alone.
    pub async fn try_next_key(&self, user: &Guid, scope: &Scope) -> Option<Result<(), MintError>> {
        self.minter.try_next_key(user, scope).await
    }

    /// What was mended for one scope may be mended for the user's others too: each is tried at its next request.
    fn forget_failures(&self, user: &Guid) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let of_user = entries.iter().filter(|(cache_key, _)| cache_key.user == *user);
        of_user.for_each(|(_, entry)| entry.lock().0.forget_failure());
    }

    /// The mint under way; started now if there is none.
    fn join_or_start(&self, entry: &Arc<SlotEntry>, under_way: &mut Option<Mint>, cache_key: CacheKey) -> Mint {
        // A mint whose sender is gone ended without landing; it must not be waited for.
        if let Some(mint) = under_way.as_ref().filter(|mint| mint.has_changed().is_ok()) {
            return mint.clone();
        }
        let (land, mint) = watch::channel(None);
        *under_way = Some(mint.clone());
        let (this, entry) = (self.clone(), Arc::clone(entry));
        let minting = async move {
            let outcome = this.minter.mint(&cache_key.user, &cache_key.scope).await.map(Arc::new);
            let (slot, mint) = &mut *entry.lock();
            slot.settle(&outcome, this.clock.now());
            *mint = None;
            land.send_replace(Some(outcome));
        };
        tokio::spawn(minting.in_current_span());
        mint
    }

    /// A mint failed: whatever the slot holds that still lives, else the failure.
    fn fall_back(
        &self,
        entry: &SlotEntry,
        error: MintError,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), Unavailable> {
        let now = self.clock.now();
        let (slot, _) = &*entry.lock();
        if let Some(access_token) = slot.alive(now) {
            return Ok((access_token, CacheResult::Stale));
        }
        Err(slot.remembered(now).unwrap_or(Unavailable { error, retry_after: 1 }))
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
    // The sender is gone without a word only if the minting task was ended from outside.
    outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(MintError::BrokenOff))
}
