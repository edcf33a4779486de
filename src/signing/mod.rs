//! Signing, behind the trait [`AssertionSigner`].
//!
//! [`key_vault`] signs with a key that never leaves Azure Key Vault, [`local`] with one from a PEM file. `sealing` derives the
//! secret of sealed tokens from a signature. If Key Vault is down, cached access tokens are used until they expire, then
//! clients get 503.

pub mod answers;
mod challenge;
pub mod error;
mod error_table;
pub mod key;
pub mod key_file;
pub mod key_id;
pub mod key_vault;
pub mod local;
pub mod public_key;

use async_trait::async_trait;

use crate::secret::Sha256;
pub use error::SignError;

/// Signs with an RSA private key.
#[async_trait]
pub trait AssertionSigner: Send + Sync {
    /// RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3): signs `digest`, the SHA-256 of the JWS signing input.
    /// Returns the raw signature bytes, not base64url.
    ///
    /// # Errors
    /// [`SignError`], which never contains the name of a vault or key.
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError>;
}
