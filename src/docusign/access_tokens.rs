//! Access tokens from the cache or freshly minted: one mint per user, scope and token life, however many callers.
//!
//! A mint runs in a task of its own, so a caller who hangs up cancels nothing for the others. The decision what to do
//! with what a slot holds is [`Slot::plan`]; when a token counts as fresh is told by [`super::freshness`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;

use crate::clock::{Clock, UnixSeconds};
use crate::config::shapes::Guid;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::freshness::{Freshness, HAND_OUT_MARGIN};
use crate::docusign::minter::{MintError, Minter};
use crate::oauth::scope::Scope;

/// From this many slots on, those that hold nothing of use are dropped before one is added.
const SLOTS_BEFORE_CLEANING: usize = 256;

/// How an answer came about; `cache.result` of the log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheResult {
    /// From memory.
    Hit,
    /// This caller waited for a mint, its own or one already under way.
    Minted,
    /// A renewal failed or is not tried again yet; the old token still lives.
    Stale,
}

impl CacheResult {
    /// The word for log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Minted => "minted",
            Self::Stale => "stale",
        }
    }
}

/// Why no access token can be had for now.
#[derive(Clone, Debug)]
pub struct Unavailable {
    /// What went wrong.
    pub error: MintError,
    /// Seconds until the next mint may be tried; at least 1.
    pub retry_after: u64,
}

type Outcome = Result<Arc<DocusignAccessToken>, MintError>;
type Flight = watch::Receiver<Option<Outcome>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    user: Guid,
    scope: Scope,
}

/// The cache and the mints under way. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    minter: Arc<Minter>,
    clock: Arc<dyn Clock>,
    slots: Arc<RwLock<HashMap<CacheKey, Arc<Slot>>>>,
}

/// One user and scope.
#[derive(Default)]
struct Slot(Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    token: Option<Arc<DocusignAccessToken>>,
    failure: Option<Failure>,
    flight: Option<Flight>,
}

/// The last failure, and until when no new mint is tried.
struct Failure {
    error: MintError,
    streak: u32,
    until: UnixSeconds,
}

/// What to do for a caller.
enum Plan {
    Hand(Arc<DocusignAccessToken>, CacheResult),
    Refuse(Unavailable),
    Await(Flight, Option<Arc<DocusignAccessToken>>),
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
        match self.plan(&slot, key) {
            Plan::Hand(token, result) => Ok((token, result)),
            Plan::Refuse(unavailable) => Err(unavailable),
            Plan::Await(flight, fallback) => match landed(flight).await {
                Ok(token) => Ok((token, CacheResult::Minted)),
                Err(error) => self.fall_back(&slot, fallback, error),
            },
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
            this.slot(&key).lock().succeed(Arc::clone(&token));
            Ok(token)
        });
        minting.await.unwrap_or(Err(MintError::BrokenOff))
    }

    /// Decides under the slot's lock, and takes off if a mint is due.
    fn plan(&self, slot: &Arc<Slot>, key: CacheKey) -> Plan {
        let now = self.clock.now();
        let mut state = slot.lock();
        let token = state.token.clone();
        let freshness = token.as_ref().map_or(Freshness::Expired, |token| Freshness::of(token.expires_at, now));
        match (token, freshness, state.remembered(now)) {
            (Some(token), Freshness::Fresh, _) | (Some(token), Freshness::RenewSoon, Some(_)) => {
                Plan::Hand(token, CacheResult::Hit)
            }
            (Some(token), Freshness::RenewSoon, None) => {
                self.flight(slot, &mut state, key);
                Plan::Hand(token, CacheResult::Hit)
            }
            (Some(token), Freshness::RenewNow, Some(_)) => Plan::Hand(token, CacheResult::Stale),
            (_, _, Some(unavailable)) => Plan::Refuse(unavailable),
            (token, freshness, None) => {
                let fallback = token.filter(|_| freshness == Freshness::RenewNow);
                Plan::Await(self.flight(slot, &mut state, key), fallback)
            }
        }
    }

    /// The mint under way for this slot; started now if there is none.
    fn flight(&self, slot: &Arc<Slot>, state: &mut SlotState, key: CacheKey) -> Flight {
        let live = state.flight.as_ref().filter(|flight| flight.has_changed().is_ok());
        if let Some(flight) = live {
            return flight.clone();
        }
        let (land, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let (this, slot) = (self.clone(), Arc::clone(slot));
        tokio::spawn(async move {
            let outcome = this.minter.mint(&key.user, &key.scope).await.map(Arc::new);
            slot.lock().settle(&outcome, this.clock.now());
            land.send_replace(Some(outcome));
        });
        flight
    }

    /// A renewal failed: the old token if it still lives long enough, else the failure.
    fn fall_back(
        &self,
        slot: &Slot,
        fallback: Option<Arc<DocusignAccessToken>>,
        error: MintError,
    ) -> Result<(Arc<DocusignAccessToken>, CacheResult), Unavailable> {
        let now = self.clock.now();
        if let Some(token) = fallback.filter(|token| token.expires_at.seconds_left(now) >= HAND_OUT_MARGIN) {
            return Ok((token, CacheResult::Stale));
        }
        let remembered = slot.lock().remembered(now);
        Err(remembered.unwrap_or(Unavailable { error, retry_after: 1 }))
    }

    fn slot(&self, key: &CacheKey) -> Arc<Slot> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        drop(slots);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= SLOTS_BEFORE_CLEANING {
            let now = self.clock.now();
            slots.retain(|_, slot| slot.lock().is_of_use(now));
        }
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotState {
    /// The failure that is still remembered at `now`.
    fn remembered(&self, now: UnixSeconds) -> Option<Unavailable> {
        let failure = self.failure.as_ref().filter(|failure| now < failure.until)?;
        Some(Unavailable { error: failure.error.clone(), retry_after: failure.until.seconds_left(now) })
    }

    fn settle(&mut self, outcome: &Outcome, now: UnixSeconds) {
        self.flight = None;
        match outcome {
            Ok(token) => self.succeed(Arc::clone(token)),
            Err(error) => {
                let streak = self.failure.as_ref().map_or(1, |failure| failure.streak.saturating_add(1));
                let until = now.plus(error.kind().remembered_for(streak));
                self.failure = Some(Failure { error: error.clone(), streak, until });
            }
        }
    }

    fn succeed(&mut self, token: Arc<DocusignAccessToken>) {
        self.token = Some(token);
        self.failure = None;
    }

    fn is_of_use(&self, now: UnixSeconds) -> bool {
        let lives = self.token.as_ref().is_some_and(|token| token.expires_at.seconds_left(now) > 0);
        lives || self.flight.is_some() || self.remembered(now).is_some()
    }
}

/// Waits for a mint to end.
async fn landed(mut flight: Flight) -> Outcome {
    let outcome = flight.wait_for(Option::is_some).await;
    // The sender is gone without a word only if the minting task was ended from outside.
    outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(MintError::BrokenOff))
}
