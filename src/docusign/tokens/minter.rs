//! Mints access tokens: claims → signature → exchange. During a key rotation, the next signing key is tried first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use thiserror::Error;
use tracing::Instrument as _;

use crate::clock::{Clock, Stopwatch};
use crate::config::DocusignSettings;
use crate::docusign::account_server::{AccountServer, DocusignAccessToken};
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::assertion::{self, AssertionClaims};
use crate::memory::failures::FailureKind;
use crate::memory::retry::retry;
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::secret::sha256;
use crate::signing::{AssertionSigner, SignError};
use crate::types::{Explained, Explanation, Guid};

/// Time limit for a mint, so that every caller gets a response within 15 s.
const DEADLINE: Duration = Duration::from_secs(14);

/// After DocuSign did not accept the next key, it is tried second for this many seconds.
const NEXT_KEY_PAUSE: u64 = 600;

/// Why a mint failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MintError {
    /// Signing failed.
    #[error("the assertion could not be signed")]
    Sign(#[source] SignError),
    /// DocuSign issued no access token.
    #[error("the assertion could not be exchanged")]
    Exchange(#[source] ExchangeError),
    /// It took too long.
    #[error("{}", TOO_LONG.problem)]
    Deadline,
    /// The mint ended without a result.
    #[error("{}", INTERRUPTED.problem)]
    BrokenOff,
}

impl MintError {
    /// How the failure is cached.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Exchange(error) => error.kind(),
            Self::Sign(error) => error.kind(),
            Self::Deadline | Self::BrokenOff => FailureKind::Transient,
        }
    }

    /// The code for log lines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.explain().code
    }

    /// Whether the DocuSign user has to fix it, if the connection acts as `subject`.
    #[must_use]
    pub const fn is_up_to_the_user(&self, subject: SubjectKind) -> bool {
        matches!(self, Self::Exchange(error) if error.is_up_to_the_user(subject))
    }

    /// The message for the client, if its connection acts as `subject`.
    #[must_use]
    pub fn client_sentence(&self, subject: SubjectKind) -> &'static str {
        match self {
            Self::Exchange(error) => error.client_sentence(subject),
            _ => self.explain().client,
        }
    }
}

const TOO_LONG: Explanation = Explanation {
    code: "deadline",
    problem: "getting an access token took too long",
    client: "there was no token in time; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "This may pass by itself. If it does not, check the network between the app, Key Vault and DocuSign.",
    command: None,
};

const INTERRUPTED: Explanation =
    Explanation { code: "broken_off", problem: "getting an access token was interrupted", ..TOO_LONG };

impl Explained for MintError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Sign(error) => error.explain(),
            Self::Exchange(error) => error.explain(),
            Self::Deadline => TOO_LONG,
            Self::BrokenOff => INTERRUPTED,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Sign(error) => error.details(),
            Self::Exchange(error) => error.details(),
            Self::Deadline | Self::BrokenOff => Vec::new(),
        }
    }
}

/// The signing keys: the current one and, during a rotation, the next one.
pub struct SigningKeys {
    /// The key that is uploaded to DocuSign.
    pub current: Arc<dyn AssertionSigner>,
    /// The key whose public half will be uploaded to DocuSign.
    pub next: Option<Arc<dyn AssertionSigner>>,
}

/// Mints DocuSign access tokens.
pub struct Minter {
    keys: SigningKeys,
    account_server: AccountServer,
    integration_key: Guid,
    account_host: &'static str,
    clock: Arc<dyn Clock>,
    /// Until this time, in Unix seconds, the next key is tried second.
    next_key_second_until: AtomicU64,
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
            next_key_second_until: AtomicU64::new(0),
        }
    }

    /// Mints an access token for `user` with `scope`, within 14 s.
    ///
    /// # Errors
    /// [`MintError`]. It is already logged.
    pub async fn mint(&self, user: &Guid, scope: &Scope) -> Result<DocusignAccessToken, MintError> {
        self.mint_and_log(user, scope).instrument(mint_span(scope)).await
    }

    async fn mint_and_log(&self, user: &Guid, scope: &Scope) -> Result<DocusignAccessToken, MintError> {
        let watch = Stopwatch::start();
        let minted = tokio::time::timeout(DEADLINE, self.mint_with_any_key(user, scope)).await;
        let minted = minted.unwrap_or(Err(MintError::Deadline));
        match &minted {
            Ok(_) => tracing::info!(event = "docusign_token_minted", duration_ms = watch.elapsed_ms()),
            Err(error) => tracing::warn!(
                event = "mint_failed",
                error = error.code(),
                cause = %innermost(error),
                duration_ms = watch.elapsed_ms(),
                "{error}"
            ),
        }
        minted
    }

    /// Mints with the next signing key only, to check that DocuSign accepts it; `None` if there is no next key.
    pub async fn try_next_key(&self, user: &Guid, scope: &Scope) -> Option<Result<(), MintError>> {
        let next = self.keys.next.as_ref()?;
        let minting = self.mint_with(next, user, scope).instrument(mint_span(scope));
        let minted = tokio::time::timeout(DEADLINE, minting).await;
        Some(minted.unwrap_or(Err(MintError::Deadline)).map(drop))
    }

    /// Tries both keys: if one cannot sign or DocuSign does not accept it, the other is used.
    async fn mint_with_any_key(&self, user: &Guid, scope: &Scope) -> Result<DocusignAccessToken, MintError> {
        self.account_server.throttled().map_err(MintError::Exchange)?;
        let SigningKeys { current, next } = &self.keys;
        let Some(next) = next else { return self.mint_with(current, user, scope).await };
        let is_second = self.clock.now().0 < self.next_key_second_until.load(Ordering::Relaxed);
        let (first, second) = if is_second { (current, next) } else { (next, current) };
        let first_error = match self.mint_with(first, user, scope).await {
            Err(error) if concerns_the_key(&error) => error,
            other => return other,
        };
        if !is_second {
            self.demote_next_key(&first_error);
        }
        let second_try = self.mint_with(second, user, scope).await;
        // If both keys fail, report the current key's failure.
        second_try.map_err(|error| if is_second && concerns_the_key(&error) { first_error } else { error })
    }

    /// Tries the next key second for a while if DocuSign or Key Vault does not know it yet. After a temporary failure it
    /// stays first.
    fn demote_next_key(&self, error: &MintError) {
        tracing::info!(event = "next_signing_key_not_usable_yet", cause = %innermost(error));
        if error.kind() == FailureKind::Permanent || *error == MintError::Sign(SignError::KeyNotFound) {
            let until = self.clock.now().plus(NEXT_KEY_PAUSE);
            self.next_key_second_until.store(until.0, Ordering::Relaxed);
        }
    }

    async fn mint_with(
        &self,
        signer: &Arc<dyn AssertionSigner>,
        user: &Guid,
        scope: &Scope,
    ) -> Result<DocusignAccessToken, MintError> {
        // If signing was too slow or the machine was suspended, the assertion expired, and a new one may work.
        let expired = MintError::Exchange(ExchangeError::AssertionExpired);
        let pause = |error: &MintError, tries| (tries == 1 && *error == expired).then_some(Duration::ZERO);
        retry(|| self.sign_and_exchange(signer, user, scope), pause).await
    }

    async fn sign_and_exchange(
        &self,
        signer: &Arc<dyn AssertionSigner>,
        user: &Guid,
        scope: &Scope,
    ) -> Result<DocusignAccessToken, MintError> {
        let now = self.clock.now();
        let claims = AssertionClaims::new(&self.integration_key, user, self.account_host, scope, now);
        let input = assertion::signing_input(&claims);
        let signature = signer.sign_digest(sha256(input.as_bytes())).await.map_err(MintError::Sign)?;
        let assertion = assertion::compact(&input, &signature);
        self.account_server.exchange(&assertion).await.map_err(MintError::Exchange)
    }
}

/// Whether another signing key could help.
const fn concerns_the_key(error: &MintError) -> bool {
    matches!(error, MintError::Sign(_) | MintError::Exchange(ExchangeError::NoValidKeys))
}

/// The span of a mint. It has the fields of the request that began it, and its lines have the scope.
fn mint_span(scope: &Scope) -> tracing::Span {
    tracing::info_span!("mint", %scope)
}

/// The innermost cause of `error`, which is the most specific.
fn innermost(error: &MintError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}
