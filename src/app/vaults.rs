//! Creates signers from the key settings.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::KeySource;
use crate::identity::Identity;
use crate::signing::key::SigningKey;
use crate::signing::key_id::KeyVaultKeyId;
use crate::signing::key_vault::{KeyVault, KeyVaultSigner};

/// The vaults in use, with one client each.
pub struct Vaults {
    identity: Identity,
    by_url: HashMap<String, Arc<KeyVault>>,
}

impl Vaults {
    /// No vaults yet. They will be called as `identity`.
    pub fn new(identity: Identity) -> Self {
        Self { identity, by_url: HashMap::new() }
    }

    fn key_vault_signer(&mut self, id: &KeyVaultKeyId) -> KeyVaultSigner {
        let new = |url: &String| Arc::new(KeyVault::new(url.clone(), self.identity.clone()));
        let vault = self.by_url.entry(id.vault_url.clone()).or_insert_with_key(new);
        KeyVaultSigner::new(Arc::clone(vault), id.clone())
    }

    /// The key from `source`.
    pub fn key(&mut self, source: &KeySource) -> Arc<SigningKey> {
        Arc::new(match source {
            KeySource::KeyVault(id) => SigningKey::KeyVault(Box::new(self.key_vault_signer(id))),
            KeySource::Local(signer) => SigningKey::Local(signer.clone()),
        })
    }
}
