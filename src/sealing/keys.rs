//! Gets the sealing secrets: one signature by the sealing key per process, then nothing but memory.

use std::sync::{Arc, OnceLock};

use thiserror::Error;
use tokio::sync::Mutex;

use crate::clock::{Clock, UnixSeconds};
use crate::sealing::secret::{LABEL, SealingSecret};
use crate::sealing::{Sealable, Sealed, SealedParts, UnsealError};
use crate::secret::sha256;
use crate::signing::{AssertionSigner, SignError};

/// One sealing key and the secret born of it. Cheap to clone.
#[derive(Clone)]
pub struct SealingKey(Arc<Derivation>);

struct Derivation {
    kid: String,
    signer: Arc<dyn AssertionSigner>,
    clock: Arc<dyn Clock>,
    secret: OnceLock<SealingSecret>,
    /// Held while the key signs, so that one signature is enough for all; remembers a failure.
    failure: Mutex<Option<DerivationFailure>>,
}

/// The last failure, how many there were in a row, and until when nothing new is tried.
struct DerivationFailure {
    error: SignError,
    streak: u32,
    until: UnixSeconds,
}

impl SealingKey {
    /// A sealing key that sealed tokens name as `kid`.
    #[must_use]
    pub fn new(kid: String, signer: Arc<dyn AssertionSigner>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Derivation { kid, signer, clock, secret: OnceLock::new(), failure: Mutex::default() }))
    }

    /// The secret. The signing runs in a task of its own: a caller who hangs up cancels nothing for the others.
    async fn secret(&self) -> Result<&SealingSecret, SignError> {
        if let Some(secret) = self.0.secret.get() {
            return Ok(secret);
        }
        let derivation = Arc::clone(&self.0);
        tokio::spawn(async move { derivation.run().await }).await.unwrap_or(Err(SignError::NoAnswer))?;
        self.0.secret.get().ok_or(SignError::NoAnswer)
    }
}

impl Derivation {
    async fn run(&self) -> Result<(), SignError> {
        let mut failure = self.failure.lock().await;
        if self.secret.get().is_some() {
            return Ok(());
        }
        if let Some(failure) = failure.as_ref().filter(|failure| self.clock.now() < failure.until) {
            return Err(failure.error.clone());
        }
        match self.derive().await {
            Ok(secret) => {
                let _ = self.secret.set(secret);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(event = "sealing_key_unavailable", cause = %error, "the sealing key cannot be used");
                let streak = failure.as_ref().map_or(0, |failure| failure.streak).saturating_add(1);
                let until = self.clock.now().plus(error.kind().remembered_for(streak));
                *failure = Some(DerivationFailure { error: error.clone(), streak, until });
                Err(error)
            }
        }
    }

    async fn derive(&self) -> Result<SealingSecret, SignError> {
        let signature = self.signer.sign_digest(sha256(LABEL)).await?;
        SealingSecret::derive(self.kid.clone(), &signature).map_err(|_| SignError::Unusable)
    }
}

/// The sealing keys: the first seals, all open.
pub struct SealingKeys {
    current: SealingKey,
    previous: Vec<SealingKey>,
}

impl SealingKeys {
    /// `current` seals and opens, `previous` only open.
    #[must_use]
    pub const fn new(current: SealingKey, previous: Vec<SealingKey>) -> Self {
        Self { current, previous }
    }

    /// The secret to seal with.
    ///
    /// # Errors
    /// As [`AssertionSigner::sign_digest`]; logged here, once, and remembered for a while.
    pub async fn current(&self) -> Result<&SealingSecret, SignError> {
        self.current.secret().await
    }

    /// Opens a sealed token with the key it names, and tells that key's secret.
    ///
    /// # Errors
    /// [`OpenError`]. An unreachable key is an outage, never "not ours".
    pub async fn open<T: Sealable>(
        &self,
        issuer: &str,
        sealed: &str,
        now: UnixSeconds,
    ) -> Result<(Sealed<T>, &SealingSecret), OpenError> {
        let presented = SealedParts::read(sealed).filter(|presented| presented.label.typ == T::TYP);
        let presented = presented.ok_or(OpenError::NotOurs)?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let Some(key) = keys.find(|key| key.0.kid == presented.label.kid) else {
            // Perhaps forged; perhaps sealed by a key that the settings do not list any more, or not yet.
            tracing::warn!(
                event = "sealing_key_unknown",
                "a token names a sealing key that is not listed: see EVERGRANT_SEALING_KEY_ID_PREVIOUS"
            );
            return Err(OpenError::UnknownKey);
        };
        let secret = key.secret().await?;
        Ok((presented.open(secret, issuer, now)?, secret))
    }
}

/// Why a sealed token was not opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It was ours, once.
    #[error("the sealed token has expired")]
    Expired,
    /// Not sealed by us, altered, or sealed for another purpose.
    #[error("the sealed token is not ours")]
    NotOurs,
    /// It names a key that is neither the current nor a previous one, so nobody can tell.
    #[error("the sealed token names a key that EVERGRANT_SEALING_KEY_ID_PREVIOUS does not list")]
    UnknownKey,
    /// Sealed with our key, for another issuer: `EVERGRANT_PUBLIC_URL` was changed.
    #[error("the sealed token is for another EVERGRANT_PUBLIC_URL")]
    OtherIssuer,
    /// The sealing key cannot be used, so nobody can tell.
    #[error("the sealing key (EVERGRANT_SEALING_KEY_ID) cannot be used")]
    Unavailable(#[from] SignError),
}

impl From<UnsealError> for OpenError {
    fn from(error: UnsealError) -> Self {
        match error {
            UnsealError::Expired => Self::Expired,
            UnsealError::NotOurs => Self::NotOurs,
            UnsealError::OtherIssuer => Self::OtherIssuer,
        }
    }
}
