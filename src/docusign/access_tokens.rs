//! Access tokens from the cache or freshly minted: one mint per user, scope and token life, however many callers.
//!
//! A mint runs in a task of its own, so a caller who hangs up cancels nothing for the others. What to do for a caller
//! is decided by [`Slot::decide`]; each slot has its own lock, which is never held across a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::shapes::Guid;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::freshness::HAND_OUT_MARGIN;
use crate::docusign::minter::{MintError, Minter};
use crate::docusign::slot::{CacheResult, Decision, Flight, Outcome, Slot, Unavailable};
use crate::oauth::scope::Scope;

/// From this many slots on, those that hold nothing of use are dropped before one is added.
const SLOTS_BEFORE_CLEANING: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    user: Guid,
    scope: Scope,
}

type SharedSlot = Arc<Mutex<Slot>>;

/// The cache and the mints under way. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    minter: Arc<Minter>,
    clock: Arc<dyn Clock>,
    slots: Arc<RwLock<HashMap<CacheKey, SharedSlot>>>,
}

impl AccessTokens {
    /// An empty cache over `minter`.
    #[must_use]
    pub fn new(minter: Arc<Minter>, clock: Arc<dyn Clock>) -> Self {
        Self { minter, clock, slots: Arc::default() }
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
        let key = CacheKey { user: user.clone(), scope: scope.clone() };
        let slot = self.slot(&key);
        let (flight, fallback) = {
            let mut held = lock(&slot);
            match held.decide(self.clock.now()) {
                Decision::Hand(token, result) => return Ok((token, result)),
                Decision::Refuse(unavailable) => return Err(unavailable),
                Decision::HandAndRenew(token) => {
                    self.flight(&slot, &mut held, key);
                    return Ok((token, CacheResult::Hit));
                }
                Decision::Await(fallback) => (self.flight(&slot, &mut held, key), fallback),
            }
        };
        match landed(flight).await {
            Ok(token) => Ok((token, CacheResult::Minted)),
            Err(error) => self.fall_back(&slot, fallback, error),
        }
    }

    /// Mints whatever the cache holds or remembers, for whoever has just mended something.
    /// A success is kept for everyone; a failure changes nothing.
    ///
    /// # Errors
    /// The mint's own.
    pub async fn mint_anew(&self, user: &Guid, scope: &Scope) -> Outcome {
        let key = CacheKey { user: user.clone(), scope: scope.clone() };
        let this = self.clone();
        let minting = tokio::spawn(async move {
            let token = Arc::new(this.minter.mint(&key.user, &key.scope).await?);
            lock(&this.slot(&key)).succeed(Arc::clone(&token));
            Ok(token)
        });
        minting.await.unwrap_or(Err(MintError::BrokenOff))
    }

    /// The mint under way for this slot; started now if there is none.
    fn flight(&self, slot: &SharedSlot, held: &mut Slot, key: CacheKey) -> Flight {
        // A flight whose sender is gone ended without landing; it must not be waited for.
        if let Some(flight) = held.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return flight.clone();
        }
        let (land, flight) = watch::channel(None);
        held.flight = Some(flight.clone());
        let (this, slot) = (self.clone(), Arc::clone(slot));
        tokio::spawn(async move {
            let outcome = this.minter.mint(&key.user, &key.scope).await.map(Arc::new);
            lock(&slot).settle(&outcome, this.clock.now());
            land.send_replace(Some(outcome));
        });
        flight
    }

    /// A renewal failed: the old token if it still lives long enough, else the failure.
    fn fall_back(
        &self,
        slot: &SharedSlot,
        fallback: Option<Arc<DocusignAccessToken>>,
        error: MintError,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), Unavailable> {
        let now = self.clock.now();
        let alive = |token: &Arc<DocusignAccessToken>| token.expires_at.seconds_left(now) >= HAND_OUT_MARGIN;
        if let Some(token) = fallback.filter(alive) {
            return Ok((token, CacheResult::Stale));
        }
        let remembered = lock(slot).remembered(now);
        Err(remembered.unwrap_or(Unavailable { error, retry_after: 1 }))
    }

    fn slot(&self, key: &CacheKey) -> SharedSlot {
        if let Some(slot) = self.slots.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Arc::clone(slot);
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= SLOTS_BEFORE_CLEANING {
            let now = self.clock.now();
            slots.retain(|_, slot| lock(slot).is_of_use(now));
        }
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

fn lock(slot: &SharedSlot) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a mint to end.
async fn landed(mut flight: Flight) -> Outcome {
    let outcome = flight.wait_for(Option::is_some).await;
    // The sender is gone without a word only if the minting task was ended from outside.
    outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(MintError::BrokenOff))
}
