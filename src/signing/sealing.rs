//! Gets the sealing secrets: one signature by the sealing key per process, then nothing but memory.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::OnceCell;

use crate::clock::UnixSeconds;
use crate::oauth::sealed::secret::{LABEL, SealingSecret};
use crate::oauth::sealed::{self, Sealable, Sealed, UnsealError};
use crate::secret::sha256;
use crate::signing::{AssertionSigner, SignError};

/// One sealing key and the secret born of it.
pub struct SealingKey {
    kid: String,
    signer: Arc<dyn AssertionSigner>,
    secret: OnceCell<SealingSecret>,
}

impl SealingKey {
    /// A sealing key that sealed tokens name as `kid`.
    #[must_use]
    pub fn new(kid: String, signer: Arc<dyn AssertionSigner>) -> Self {
        Self { kid, signer, secret: OnceCell::new() }
    }

    async fn secret(&self) -> Result<&SealingSecret, SignError> {
        let derive = || async {
            let signature = self.signer.sign_digest(sha256(LABEL)).await?;
            SealingSecret::derive(self.kid.clone(), &signature).map_err(|_| SignError::Unusable)
        };
        self.secret.get_or_try_init(derive).await
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
    /// As [`AssertionSigner::sign_digest`].
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
        let label = sealed::label(sealed).filter(|label| label.typ == T::TYP).ok_or(OpenError::NotOurs)?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.find(|key| key.kid == label.kid).ok_or(OpenError::NotOurs)?;
        let secret = key.secret().await?;
        Ok((sealed::unseal(secret, issuer, sealed, now)?, secret))
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
    /// The sealing key cannot be used, so nobody can tell.
    #[error("the sealing key (EVERGRANT_SEALING_KEY_ID) cannot be used")]
    Unavailable(#[from] SignError),
}

impl From<UnsealError> for OpenError {
    fn from(error: UnsealError) -> Self {
        match error {
            UnsealError::Expired => Self::Expired,
            UnsealError::NotOurs => Self::NotOurs,
        }
    }
}
