//! What is known of one user and scope, and what to do for a caller. Pure: time is an argument.

use std::sync::Arc;

use crate::clock::UnixSeconds;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::freshness::Freshness;
use crate::docusign::tokens::minter::MintError;
use crate::memory::failures::MAX_THROTTLED_SECONDS;

/// How a mint ended.
pub type MintOutcome = Result<Arc<DocusignAccessToken>, MintError>;

/// Does a caller or a mint hold what the map of slots also holds? Such a slot is in use, or about to be.
#[must_use]
pub fn is_held<T>(slot: &Arc<T>) -> bool {
    Arc::strong_count(slot) > 1
}

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

/// The last failure, and until when no new mint is tried.
#[derive(Debug)]
struct RememberedFailure {
    error: MintError,
    streak: u32,
    until: UnixSeconds,
}

/// What to do for a caller.
#[derive(Debug)]
pub enum Decision {
    /// Hand this out.
    Hand(Arc<DocusignAccessToken>, CacheResult),
    /// Hand this out and renew in the background.
    HandAndRenew(Arc<DocusignAccessToken>),
    /// Wait for a mint.
    Await,
    /// Tell what was remembered.
    Refuse(Unavailable),
}

/// One user and scope.
#[derive(Debug, Default)]
pub struct Slot {
    access_token: Option<Arc<DocusignAccessToken>>,
    /// An API did not accept the access token, which may be its fault or the user's.
    suspect: bool,
    failure: Option<RememberedFailure>,
}

impl Slot {
    /// What to do for a caller at `now`.
    #[must_use]
    pub fn decide(&self, now: UnixSeconds) -> Decision {
        let (access_token, freshness) = match &self.access_token {
            Some(access_token) => (Some(Arc::clone(access_token)), self.freshness_of(access_token, now)),
            None => (None, Freshness::Expired),
        };
        match (access_token, freshness, self.remembered(now)) {
            (Some(access_token), Freshness::Fresh, _) | (Some(access_token), Freshness::RenewSoon, Some(_)) => {
                Decision::Hand(access_token, CacheResult::Hit)
            }
            (Some(access_token), Freshness::RenewSoon, None) => Decision::HandAndRenew(access_token),
            (Some(access_token), Freshness::RenewNow, Some(_)) => Decision::Hand(access_token, CacheResult::Stale),
            (_, _, Some(unavailable)) => Decision::Refuse(unavailable),
            (_, _, None) => Decision::Await,
        }
    }

    /// A suspect access token is to be renewed, and better than none.
    fn freshness_of(&self, access_token: &DocusignAccessToken, now: UnixSeconds) -> Freshness {
        match access_token.freshness(now) {
            Freshness::Fresh | Freshness::RenewSoon if self.suspect => Freshness::RenewNow,
            freshness => freshness,
        }
    }

    /// The access token, if it may still be handed out at `now`.
    #[must_use]
    pub fn alive(&self, now: UnixSeconds) -> Option<Arc<DocusignAccessToken>> {
        self.access_token.clone().filter(|access_token| access_token.freshness(now) != Freshness::Expired)
    }

    /// The failure that is still remembered at `now`.
    #[must_use]
    pub fn remembered(&self, now: UnixSeconds) -> Option<Unavailable> {
        let failure = self.failure.as_ref()?;
        // Longer than any failure is remembered means that the clock was set back.
        let retry_after =
            Some(failure.until.seconds_left(now)).filter(|left| (1..=MAX_THROTTLED_SECONDS).contains(left))?;
        Some(Unavailable { error: failure.error.clone(), retry_after })
    }

    /// Takes in how a mint ended.
    pub fn settle(&mut self, outcome: &MintOutcome, now: UnixSeconds) {
        match outcome {
            Ok(access_token) => self.succeed(Arc::clone(access_token)),
            Err(error) => {
                let streak = self.failure.as_ref().map_or(1, |failure| failure.streak.saturating_add(1));
                let until = now.plus(error.kind().remembered_for(streak));
                self.failure = Some(RememberedFailure { error: error.clone(), streak, until });
            }
        }
    }

    /// Takes in an access token, and forgets failures.
    pub fn succeed(&mut self, access_token: Arc<DocusignAccessToken>) {
        self.access_token = Some(access_token);
        self.suspect = false;
        self.failure = None;
    }

    /// Is `refused`, which an API did not accept, the one that is handed out?
    #[must_use]
    pub fn holds(&self, refused: &Arc<DocusignAccessToken>) -> bool {
        self.access_token.as_ref().is_some_and(|access_token| Arc::ptr_eq(access_token, refused))
    }

    /// The access token is not to be trusted: whoever comes next waits for another, if one can be had.
    pub fn suspect(&mut self) {
        self.suspect = true;
    }

    /// Forgets the last failure.
    pub fn forget_failure(&mut self) {
        self.failure = None;
    }

    /// Would anything be lost with this slot?
    #[must_use]
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        let lives =
            self.access_token.as_ref().is_some_and(|access_token| access_token.expires_at.seconds_left(now) > 0);
        lives || self.remembered(now).is_some()
    }
}
