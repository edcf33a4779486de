//! Signers out of key settings.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::KeySource;
use crate::identity::Identity;
use crate::signing::key_id::KeyVaultKeyId;
use crate::signing::key_vault::{KeyVault, KeyVaultSigner};
use crate::signing::public_key::PublicKey;
use crate::signing::sealing::SealingKey;
use crate::signing::{AssertionSigner, SignError};

/// The vaults in use, one client each.
pub struct Vaults {
    identity: Identity,
    by_url: HashMap<String, Arc<KeyVault>>,
}

impl Vaults {
    /// No vault yet, for `identity`.
    pub fn new(identity: Identity) -> Self {
        Self { identity, by_url: HashMap::new() }
    }

    fn key_vault_signer(&mut self, id: &KeyVaultKeyId) -> KeyVaultSigner {
        let new = |url: &String| Arc::new(KeyVault::new(url.clone(), self.identity.clone()));
        let vault = self.by_url.entry(id.vault_url.clone()).or_insert_with_key(new);
        KeyVaultSigner::new(Arc::clone(vault), id.clone())
    }

    /// A signer with the key at `source`.
    pub fn signer(&mut self, source: &KeySource) -> Arc<dyn AssertionSigner> {
        match source {
            KeySource::KeyVault(id) => Arc::new(self.key_vault_signer(id)),
            KeySource::Local(signer) => Arc::new(signer.clone()),
        }
    }

    /// The sealing key at `source`; its version, or a file's fingerprint, names it.
    pub fn sealing_key(&mut self, source: &KeySource, clock: Arc<dyn Clock>) -> SealingKey {
        let kid = match source {
            KeySource::KeyVault(id) => id.version.clone(),
            KeySource::Local(signer) => signer.public_key().fingerprint()[..16].to_owned(),
        };
        SealingKey::new(kid, self.signer(source), clock)
    }

    /// The public half of the key at `source`.
    pub async fn public_key(&mut self, source: &KeySource) -> Result<PublicKey, SignError> {
        match source {
            KeySource::KeyVault(id) => self.key_vault_signer(id).public_key().await.cloned(),
            KeySource::Local(signer) => Ok(signer.public_key().clone()),
        }
    }
}
