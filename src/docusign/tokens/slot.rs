//! The cache slot of one user and scope, and what a caller gets from it. Pure: time is an argument.

use std::sync::Arc;

use crate::clock::UnixSeconds;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::freshness::Freshness;
use crate::docusign::tokens::minter::MintError;
use crate::memory::failures::FailureMemory;

/// How a mint ended.
pub type MintOutcome = Result<Arc<DocusignAccessToken>, MintError>;

/// Whether a caller or a mint also holds this entry of the map. Such a slot is in use.
#[must_use]
pub fn is_held<T>(slot: &Arc<T>) -> bool {
    Arc::strong_count(slot) > 1
}

/// Where an access token came from; `cache.result` in the log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheResult {
    /// From the cache.
    Hit,
    /// This caller waited for a mint, its own or a running one.
    Minted,
    /// A renewal failed or is paused; the old token has not expired yet.
    Stale,
}

impl CacheResult {
    /// The text for log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Minted => "minted",
            Self::Stale => "stale",
        }
    }
}

/// Why no access token is available for now.
#[derive(Clone, Debug)]
pub struct AccessTokenError {
    /// What went wrong.
    pub error: MintError,
    /// Seconds until the next mint is tried; at least 1.
    pub retry_after: u64,
}

/// What a caller gets.
#[derive(Debug)]
pub enum Decision {
    /// This token.
    Hand(Arc<DocusignAccessToken>, CacheResult),
    /// This token, which is renewed in the background.
    HandAndRenew(Arc<DocusignAccessToken>),
    /// The result of a mint.
    Await,
    /// The cached failure.
    Refuse(AccessTokenError),
}

/// The cache slot of one user and scope.
#[derive(Debug, Default)]
pub struct Slot {
    access_token: Option<Arc<DocusignAccessToken>>,
    /// An API rejected the access token. The token may have ended, or the user may lack access.
    suspect: bool,
    failure: FailureMemory<MintError>,
}

impl Slot {
    /// What a caller gets at `now`.
    #[must_use]
    pub fn decide(&self, now: UnixSeconds) -> Decision {
        let (access_token, freshness) = match &self.access_token {
            Some(access_token) => (Some(Arc::clone(access_token)), self.freshness_of(access_token, now)),
            None => (None, Freshness::Expired),
        };
        match (access_token, freshness, self.cached_failure(now)) {
            (Some(access_token), Freshness::Fresh, _) | (Some(access_token), Freshness::RenewSoon, Some(_)) => {
                Decision::Hand(access_token, CacheResult::Hit)
            }
            (Some(access_token), Freshness::RenewSoon, None) => Decision::HandAndRenew(access_token),
            (Some(access_token), Freshness::RenewNow, Some(_)) => Decision::Hand(access_token, CacheResult::Stale),
            (_, _, Some(unavailable)) => Decision::Refuse(unavailable),
            (_, _, None) => Decision::Await,
        }
    }

    /// A suspect access token needs renewal, but is better than none.
    fn freshness_of(&self, access_token: &DocusignAccessToken, now: UnixSeconds) -> Freshness {
        match Freshness::of(access_token, now) {
            Freshness::Fresh | Freshness::RenewSoon if self.suspect => Freshness::RenewNow,
            freshness => freshness,
        }
    }

    /// The access token, if it has not expired at `now`.
    #[must_use]
    pub fn usable_token(&self, now: UnixSeconds) -> Option<Arc<DocusignAccessToken>> {
        self.access_token.clone().filter(|access_token| Freshness::of(access_token, now) != Freshness::Expired)
    }

    /// The failure, if it is still cached at `now`.
    #[must_use]
    pub fn cached_failure(&self, now: UnixSeconds) -> Option<AccessTokenError> {
        let (error, retry_after) = self.failure.cached(now)?;
        Some(AccessTokenError { error: error.clone(), retry_after })
    }

    /// Stores the outcome of a mint.
    pub fn settle(&mut self, outcome: &MintOutcome, now: UnixSeconds) {
        match outcome {
            Ok(access_token) => self.succeed(Arc::clone(access_token)),
            Err(error) => {
                self.failure.remember(error.clone(), |error, streak| error.kind().cached_for(streak), now);
            }
        }
    }

    /// Stores an access token and clears the failure.
    pub fn succeed(&mut self, access_token: Arc<DocusignAccessToken>) {
        self.access_token = Some(access_token);
        self.suspect = false;
        self.failure.clear();
    }

    /// Whether `refused`, which an API rejected, is the current token.
    #[must_use]
    pub fn holds(&self, refused: &Arc<DocusignAccessToken>) -> bool {
        self.access_token.as_ref().is_some_and(|access_token| Arc::ptr_eq(access_token, refused))
    }

    /// Marks the access token as suspect: the next caller waits for a new one, if one is available.
    pub fn suspect(&mut self) {
        self.suspect = true;
    }

    /// Whether an API rejected the access token.
    #[must_use]
    pub const fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// Clears the last failure.
    pub fn forget_failure(&mut self) {
        self.failure.clear();
    }

    /// Whether the slot holds an unexpired token or a cached failure.
    #[must_use]
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        let lives =
            self.access_token.as_ref().is_some_and(|access_token| access_token.expires_at.seconds_left(now) > 0);
        lives || self.cached_failure(now).is_some()
    }
}
