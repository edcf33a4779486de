//! Signing behind a one-method seam: [`AssertionSigner`].
//!
//! [`key_vault`] signs with a key that never leaves Azure Key Vault, [`local`] with one from a PEM file.
//! [`crate::sealing`] turns the sealing key's signature into the secret of sealed tokens.
//! If Key Vault is down: cached access tokens are served until they expire, then clients get 503.

mod forbidden;
pub mod key;
pub mod key_id;
pub mod key_vault;
pub mod local;
pub mod public_key;

use async_trait::async_trait;
use thiserror::Error;

use crate::memory::failures::FailureKind;
use crate::secret::Sha256;

/// Something that holds an RSA private key and signs with it.
#[async_trait]
pub trait AssertionSigner: Send + Sync {
    /// RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3): signs `digest`, the SHA-256 of the JWS signing input.
    /// Returns the raw signature bytes, not base64url.
    ///
    /// # Errors
    /// [`SignError`], in our own words: it never carries a vault's or key's name.
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError>;
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignError {
    /// No Entra token for Key Vault could be had.
    #[error("no Entra token for Key Vault: assign the managed identity and set AZURE_CLIENT_ID, or sign in with az")]
    IdentityUnavailable,
    /// 401, or a 403 for none of the reasons below: most often the role is missing.
    #[error(
        "Key Vault refuses: grant the identity the role Key Vault Crypto User on the key, and see that the key is \
         enabled, within its dates and has the operation sign"
    )]
    AccessDenied,
    /// 403: the vault's firewall, or only private endpoints.
    #[error("Key Vault's network rules keep this app out")]
    NetworkRefused,
    /// 403: disabled, expired or not valid yet.
    #[error("the key is disabled or out of its dates")]
    NotInForce,
    /// 403: `sign` is not among the key's operations.
    #[error("the key does not have the operation sign")]
    MayNotSign,
    /// 404, or a key so new that it may not sign yet.
    #[error("Key Vault does not know this key or version: check the key identifier settings")]
    KeyNotFound,
    /// 429.
    #[error("Key Vault throttles")]
    Throttled {
        /// Seconds to wait, as Key Vault says.
        retry_after: Option<u64>,
    },
    /// Any other status.
    #[error("Key Vault answered with status {status}")]
    VaultFailed {
        /// The HTTP status.
        status: u16,
    },
    /// Nothing came back in time.
    #[error("no answer from Key Vault")]
    NoAnswer,
    /// A 200 that makes no sense.
    #[error("Key Vault's answer could not be read")]
    Malformed,
    /// The signature does not verify with the key's public half.
    #[error("the signature is not by the configured key version: check the key identifier settings")]
    WrongKey,
    /// The key is not an RSA key of at least 2048 bits.
    #[error("the key is not an RSA key that can sign: it must be RSA, 2048 bits or more, with the operation sign")]
    Unusable,
}

impl SignError {
    /// How the failure is to be remembered.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Throttled { retry_after: Some(seconds) } => FailureKind::Throttled(*seconds),
            Self::AccessDenied
            | Self::NetworkRefused
            | Self::NotInForce
            | Self::MayNotSign
            | Self::WrongKey
            | Self::Unusable => FailureKind::Permanent,
            Self::IdentityUnavailable
            | Self::KeyNotFound
            | Self::Throttled { retry_after: None }
            | Self::VaultFailed { .. }
            | Self::NoAnswer
            | Self::Malformed => FailureKind::Transient,
        }
    }
}
