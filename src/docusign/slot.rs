//! What is known of one user and scope, and what to do for a caller. Pure: time is an argument.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::UnixSeconds;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::freshness::Freshness;
use crate::docusign::minter::MintError;

/// How a mint ended.
pub type Outcome = Result<Arc<DocusignAccessToken>, MintError>;

/// A mint under way: holds its outcome once it has landed.
pub type Flight = watch::Receiver<Option<Outcome>>;

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
struct Failure {
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
    /// Wait for a mint; if it fails, this token may do.
    Await(Option<Arc<DocusignAccessToken>>),
    /// Tell what was remembered.
    Refuse(Unavailable),
}

/// One user and scope.
#[derive(Debug, Default)]
pub struct Slot {
    token: Option<Arc<DocusignAccessToken>>,
    failure: Option<Failure>,
    /// The mint under way.
    pub flight: Option<Flight>,
}

impl Slot {
    /// What to do for a caller at `now`.
    #[must_use]
    pub fn decide(&self, now: UnixSeconds) -> Decision {
        let token = self.token.clone();
        let freshness = token.as_ref().map_or(Freshness::Expired, |token| Freshness::of(token.expires_at, now));
        match (token, freshness, self.remembered(now)) {
            (Some(token), Freshness::Fresh, _) | (Some(token), Freshness::RenewSoon, Some(_)) => {
                Decision::Hand(token, CacheResult::Hit)
            }
            (Some(token), Freshness::RenewSoon, None) => Decision::HandAndRenew(token),
            (Some(token), Freshness::RenewNow, Some(_)) => Decision::Hand(token, CacheResult::Stale),
            (_, _, Some(unavailable)) => Decision::Refuse(unavailable),
            (token, freshness, None) => Decision::Await(token.filter(|_| freshness == Freshness::RenewNow)),
        }
    }

    /// The failure that is still remembered at `now`.
    #[must_use]
    pub fn remembered(&self, now: UnixSeconds) -> Option<Unavailable> {
        let failure = self.failure.as_ref().filter(|failure| now < failure.until)?;
        Some(Unavailable { error: failure.error.clone(), retry_after: failure.until.seconds_left(now) })
    }

    /// Takes in how a mint ended.
    pub fn settle(&mut self, outcome: &Outcome, now: UnixSeconds) {
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

    /// Takes in a token, and forgets failures.
    pub fn succeed(&mut self, token: Arc<DocusignAccessToken>) {
        self.token = Some(token);
        self.failure = None;
    }

    /// Would anything be lost with this slot?
    #[must_use]
    pub fn is_of_use(&self, now: UnixSeconds) -> bool {
        let lives = self.token.as_ref().is_some_and(|token| token.expires_at.seconds_left(now) > 0);
        lives || self.flight.is_some() || self.remembered(now).is_some()
    }
}
