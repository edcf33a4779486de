//! Minting: claims → signature → exchange, with the next signing key tried first while keys rotate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use thiserror::Error;

use crate::clock::{Clock, Stopwatch};
use crate::config::DocusignSettings;
use crate::config::shapes::Guid;
use crate::docusign::account_server::{AccountServer, DocusignAccessToken};
use crate::docusign::assertion::{self, AssertionClaims};
use crate::docusign::errors::ExchangeError;
use crate::docusign::freshness::FailureKind;
use crate::oauth::scope::Scope;
use crate::secret::sha256;
use crate::signing::{AssertionSigner, SignError};

/// A mint that has not settled after this long is given up, so that every caller is answered within 15 s.
const DEADLINE: Duration = Duration::from_secs(14);

/// After DocuSign did not know the next key, it is left alone for this many seconds.
const NEXT_KEY_PAUSE: u64 = 600;

/// Why a mint failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MintError {
    /// No signature.
    #[error("the assertion could not be signed")]
    Sign(#[source] SignError),
    /// No access token for it.
    #[error("the assertion could not be exchanged")]
    Exchange(#[source] ExchangeError),
    /// Neither came about in time.
    #[error("minting took too long")]
    Deadline,
    /// The mint ended without a result.
    #[error("minting was broken off")]
    BrokenOff,
}

impl MintError {
    /// How the failure is to be remembered.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Exchange(error) => error.kind(),
            Self::Sign(SignError::Throttled { retry_after: Some(seconds) }) => FailureKind::Throttled(*seconds),
            Self::Sign(SignError::AccessDenied | SignError::WrongKey | SignError::Unusable) => FailureKind::Permanent,
            Self::Sign(_) | Self::Deadline | Self::BrokenOff => FailureKind::Transient,
        }
    }

    /// The word for log lines.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Sign(_) => "signing_failed",
            Self::Exchange(error) => error.word(),
            Self::Deadline => "deadline",
            Self::BrokenOff => "broken_off",
        }
    }
}

/// The keys that sign: the current one and, during a rotation, the next.
pub struct SigningKeys {
    /// The key DocuSign knows.
    pub current: Arc<dyn AssertionSigner>,
    /// The key DocuSign will know once its public half is uploaded.
    pub next: Option<Arc<dyn AssertionSigner>>,
}

/// Mints DocuSign access tokens.
pub struct Minter {
    keys: SigningKeys,
    account_server: AccountServer,
    integration_key: Guid,
    account_host: &'static str,
    clock: Arc<dyn Clock>,
    /// Until when, in unix seconds, the next key comes second.
    next_key_rests_until: AtomicU64,
}

impl Minter {
    /// A minter for the integration key of `settings`.
    #[must_use]
    pub fn new(
        settings: &DocusignSettings,
        keys: SigningKeys,
        account_server: AccountServer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            keys,
            account_server,
            integration_key: settings.integration_key.clone(),
            account_host: settings.environment.account_host(),
            clock,
            next_key_rests_until: AtomicU64::new(0),
        }
    }

    /// Mints an access token for `user` within `scope`; settled within 14 s.
    ///
    /// # Errors
    /// [`MintError`]; logged here, once.
    pub async fn mint(&self, user: &Guid, scope: &Scope) -> Result<DocusignAccessToken, MintError> {
        let watch = Stopwatch::start();
        let minted = tokio::time::timeout(DEADLINE, self.mint_with_any_key(user, scope)).await;
        let minted = minted.unwrap_or(Err(MintError::Deadline));
        match &minted {
            Ok(_) => tracing::info!(event = "docusign_token_minted", %scope, duration_ms = watch.elapsed_ms()),
            Err(error) => tracing::warn!(
                event = "mint_failed",
                error = error.word(),
                cause = %innermost(error),
                %scope,
                duration_ms = watch.elapsed_ms(),
                "{error}"
            ),
        }
        minted
    }

    /// The next key first, unless DocuSign refused it lately; the other one if DocuSign does not know the first.
    async fn mint_with_any_key(&self, user: &Guid, scope: &Scope) -> Result<DocusignAccessToken, MintError> {
        let current = &self.keys.current;
        let Some(next) = &self.keys.next else {
            return self.mint_with(current, user, scope).await;
        };
        if self.clock.now().0 < self.next_key_rests_until.load(Ordering::Relaxed) {
            return match self.mint_with(current, user, scope).await {
                Err(MintError::Exchange(ExchangeError::NoValidKeys)) => self.mint_with(next, user, scope).await,
                settled => settled,
            };
        }
        match self.mint_with(next, user, scope).await {
            // A next key that cannot sign must not stop the current one from doing so.
            Err(error @ (MintError::Sign(_) | MintError::Exchange(ExchangeError::NoValidKeys))) => {
                let rests_until = self.clock.now().plus(NEXT_KEY_PAUSE);
                self.next_key_rests_until.store(rests_until.0, Ordering::Relaxed);
                tracing::info!(event = "next_signing_key_not_usable_yet", cause = %innermost(&error));
                self.mint_with(current, user, scope).await
            }
            settled => settled,
        }
    }

    async fn mint_with(
        &self,
        key: &Arc<dyn AssertionSigner>,
        user: &Guid,
        scope: &Scope,
    ) -> Result<DocusignAccessToken, MintError> {
        match self.sign_and_exchange(key, user, scope).await {
            // Signing may have taken longer than the assertion lives, or the machine slept: once more, freshly dated.
            Err(MintError::Exchange(ExchangeError::AssertionExpired)) => self.sign_and_exchange(key, user, scope).await,
            settled => settled,
        }
    }

    async fn sign_and_exchange(
        &self,
        key: &Arc<dyn AssertionSigner>,
        user: &Guid,
        scope: &Scope,
    ) -> Result<DocusignAccessToken, MintError> {
        let now = self.clock.now();
        let claims = AssertionClaims::new(&self.integration_key, user, self.account_host, scope, now);
        let input = assertion::signing_input(&claims);
        let signature = key.sign_digest(sha256(input.as_bytes())).await.map_err(MintError::Sign)?;
        let assertion = assertion::compact(&input, &signature);
        self.account_server.exchange(&assertion).await.map_err(MintError::Exchange)
    }
}

/// The last cause of `error`, which says what to mend.
fn innermost(error: &MintError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}
