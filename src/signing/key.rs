//! A key from the settings, in Key Vault or in a file, with both halves.

use std::sync::Arc;

use async_trait::async_trait;

use crate::secret::Sha256;
use crate::signing::key_id::KeyVaultKeyId;
use crate::signing::key_vault::KeyVaultSigner;
use crate::signing::local::LocalSigner;
use crate::signing::public_key::PublicKey;
use crate::signing::{AssertionSigner, SignError};

/// A key that can sign and has a public key.
#[derive(Debug)]
pub enum SigningKey {
    /// In Azure Key Vault.
    KeyVault(Box<KeyVaultSigner>),
    /// In a PEM file.
    Local(LocalSigner),
}

impl SigningKey {
    /// The public key. For Key Vault, it is fetched at first use.
    ///
    /// # Errors
    /// The errors of [`AssertionSigner::sign_digest`].
    pub async fn public_key(&self) -> Result<Arc<PublicKey>, SignError> {
        match self {
            Self::KeyVault(signer) => signer.public_key().await,
            Self::Local(signer) => Ok(Arc::new(signer.public_key().clone())),
        }
    }

    /// The Key Vault key identifier, if the key is in a vault.
    #[must_use]
    pub const fn key_vault_id(&self) -> Option<&KeyVaultKeyId> {
        match self {
            Self::KeyVault(signer) => Some(signer.id()),
            Self::Local(_) => None,
        }
    }
}

#[async_trait]
impl AssertionSigner for SigningKey {
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError> {
        match self {
            Self::KeyVault(signer) => signer.sign_digest(digest).await,
            Self::Local(signer) => signer.sign_digest(digest).await,
        }
    }
}
