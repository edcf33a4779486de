//! Gets the sealing secrets: one signature by the sealing key per process, then nothing but memory.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::oauth::sealed::{LABEL, SealingSecret};
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

    /// The secret of the key that a sealed token names; `None` for a key that is not ours.
    ///
    /// # Errors
    /// As [`AssertionSigner::sign_digest`]. An unreachable key is an outage, never "not ours".
    pub async fn named(&self, kid: &str) -> Result<Option<&SealingSecret>, SignError> {
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        match keys.find(|key| key.kid == kid) {
            Some(key) => key.secret().await.map(Some),
            None => Ok(None),
        }
    }
}
