//! Gets the sealing secrets. Each process needs one signature by the sealing key and then caches the secret.

use std::sync::Arc;

use thiserror::Error;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::cached::{Cached, Lifetime, Lifetimes};
use crate::sealing::secret::{LABEL, SealingSecret};
use crate::sealing::{Sealable, Sealed, SealedParts, UnsealError};
use crate::secret::sha256;
use crate::signing::{AssertionSigner, SignError};
use crate::types::Explanation;

/// A sealing key and the secret derived from it. Cheap to clone.
#[derive(Clone)]
pub struct SealingKey {
    kid: Arc<str>,
    signer: Arc<dyn AssertionSigner>,
    clock: Arc<dyn Clock>,
    secret: Arc<Cached<Arc<SealingSecret>, SignError>>,
}

/// The secret never changes. Failures are cached as long as those of signing an assertion.
const LIFETIMES: Lifetimes<Arc<SealingSecret>, SignError> =
    Lifetimes { answer: |_| Lifetime::Forever, failure: |error, streak| error.kind().cached_for(streak) };

impl SealingKey {
    /// A sealing key with this `kid` in sealed tokens.
    #[must_use]
    pub fn new(kid: String, signer: Arc<dyn AssertionSigner>, clock: Arc<dyn Clock>) -> Self {
        Self { kid: kid.into(), signer, clock, secret: Arc::new(Cached::new(LIFETIMES)) }
    }

    /// The secret. The signing runs in its own task, so a caller that disconnects does not cancel it for the others.
    async fn secret(&self) -> Result<Arc<SealingSecret>, SignError> {
        if let Some(settled) = self.secret.settled(self.clock.now()) {
            return settled;
        }
        let derivation = derive(Arc::clone(&self.kid), Arc::clone(&self.signer));
        self.secret.get_in_task(&self.clock, derivation).await.unwrap_or(Err(SignError::NoAnswer))
    }
}

async fn derive(kid: Arc<str>, signer: Arc<dyn AssertionSigner>) -> Result<Arc<SealingSecret>, SignError> {
    let signature = signer.sign_digest(sha256(LABEL)).await;
    let secret = signature
        .and_then(|signature| SealingSecret::derive(kid.to_string(), &signature).map_err(|_| SignError::Unusable));
    secret.map(Arc::new).inspect_err(|error| {
        tracing::warn!(event = "sealing_key_unavailable", cause = %error, "the sealing key cannot be used");
    })
}

/// The sealing keys: the current one seals, all of them open.
pub struct SealingKeys {
    current: SealingKey,
    previous: Vec<SealingKey>,
}

impl SealingKeys {
    /// `current` seals and opens; `previous` only open.
    #[must_use]
    pub const fn new(current: SealingKey, previous: Vec<SealingKey>) -> Self {
        Self { current, previous }
    }

    /// The secret to seal with.
    ///
    /// # Errors
    /// The errors of [`AssertionSigner::sign_digest`]. They are already logged, and cached for a short time.
    pub async fn current(&self) -> Result<Arc<SealingSecret>, SignError> {
        self.current.secret().await
    }

    /// Opens a sealed token with the key of its `kid`. Also returns the secret of that key.
    ///
    /// # Errors
    /// [`OpenError`]. An unavailable key is an outage, never "not ours".
    pub async fn open<T: Sealable>(
        &self,
        issuer: &str,
        sealed: &str,
        now: UnixSeconds,
    ) -> Result<(Sealed<T>, Arc<SealingSecret>), OpenError> {
        let presented = SealedParts::read(sealed).filter(|presented| presented.header.typ == T::TYP);
        let presented = presented.ok_or(OpenError::NotOurs)?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let Some(key) = keys.find(|key| *key.kid == *presented.header.kid) else {
            // The token may be forged, or its key is not yet, or no longer, in the settings.
            tracing::warn!(
                event = "sealing_key_unknown",
                "a token names a sealing key that is not listed: see EVERGRANT_SEALING_KEY_ID_PREVIOUS"
            );
            return Err(OpenError::UnknownKey);
        };
        let secret = key.secret().await?;
        Ok((presented.open(&secret, issuer, now)?, secret))
    }
}

/// The message while the sealing key cannot be used. The log and the health checks have the reason.
pub const SEALING_UNAVAILABLE: Explanation = Explanation {
    code: "sealing_key_unavailable",
    problem: "the sealing key cannot be used",
    client: "the sealing key cannot be used at the moment; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "Check `EVERGRANT_SEALING_KEY_ID` and the app's role on that key. `evergrant doctor` and the setup page show what is \
        wrong.",
    command: None,
};

/// Why a sealed token was not opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It was sealed here but has expired.
    #[error("the sealed token has expired")]
    Expired,
    /// It was not sealed here, was changed, or has another purpose.
    #[error("the sealed token is not ours")]
    NotOurs,
    /// Its key is neither the current nor a previous one, so it cannot be checked.
    #[error("the sealed token names a key that EVERGRANT_SEALING_KEY_ID_PREVIOUS does not list")]
    UnknownKey,
    /// It was sealed here for another issuer: `EVERGRANT_PUBLIC_URL` was changed.
    #[error("the sealed token is for another EVERGRANT_PUBLIC_URL")]
    OtherIssuer,
    /// The sealing key is unavailable, so it cannot be checked.
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
