//! The four kinds of keys in the settings, and their roles.

use std::sync::Arc;

use crate::app::vaults::Vaults;
use crate::clock::Clock;
use crate::config::Settings;
use crate::doctor::NamedKey;
use crate::docusign::tokens::minter::SigningKeys;
use crate::sealing::keys::{SealingKey, SealingKeys};
use crate::signing::AssertionSigner;
use crate::signing::key::SigningKey;

/// All keys from the settings. Nothing is fetched yet.
#[derive(Clone)]
pub struct Keys {
    signing: Arc<SigningKey>,
    signing_next: Option<Arc<SigningKey>>,
    sealing: Arc<SigningKey>,
    sealing_previous: Vec<Arc<SigningKey>>,
}

impl Keys {
    /// The keys from `settings`, in `vaults`.
    pub fn new(settings: &Settings, vaults: &mut Vaults) -> Self {
        let mut key = |source| vaults.key(source);
        Self {
            signing: key(&settings.signing_keys.current),
            signing_next: settings.signing_keys.next.as_ref().map(&mut key),
            sealing: key(&settings.sealing_keys.current),
            sealing_previous: settings.sealing_keys.previous.iter().map(key).collect(),
        }
    }

    /// The keys that sign assertions.
    pub fn signing_keys(&self) -> SigningKeys {
        let signer = |key: &Arc<SigningKey>| Arc::clone(key) as Arc<dyn AssertionSigner>;
        SigningKeys { current: signer(&self.signing), next: self.signing_next.as_ref().map(signer) }
    }

    /// The keys that seal tokens.
    pub fn sealing_keys(&self, clock: &Arc<dyn Clock>) -> SealingKeys {
        let sealing_key = |key: &Arc<SigningKey>| {
            SealingKey::new(kid(key), Arc::clone(key) as Arc<dyn AssertionSigner>, Arc::clone(clock))
        };
        SealingKeys::new(sealing_key(&self.sealing), self.sealing_previous.iter().map(sealing_key).collect())
    }

    /// The signing keys by the names of their settings.
    pub fn named_signing_keys(&self) -> Vec<NamedKey> {
        let next = self.signing_next.iter().map(|key| named("EVERGRANT_SIGNING_KEY_ID_NEXT", key));
        std::iter::once(named("EVERGRANT_SIGNING_KEY_ID", &self.signing)).chain(next).collect()
    }

    /// The sealing keys by the names of their settings.
    pub fn named_sealing_keys(&self) -> Vec<NamedKey> {
        let previous = self.sealing_previous.iter().map(|key| named("EVERGRANT_SEALING_KEY_ID_PREVIOUS", key));
        std::iter::once(named("EVERGRANT_SEALING_KEY_ID", &self.sealing)).chain(previous).collect()
    }
}

fn named(setting: &'static str, key: &Arc<SigningKey>) -> NamedKey {
    NamedKey { setting, key: Arc::clone(key) }
}

/// The `kid` in sealed tokens: the key's version, or the fingerprint of a key file.
fn kid(key: &SigningKey) -> String {
    match key {
        SigningKey::KeyVault(signer) => signer.id().version.clone(),
        SigningKey::Local(signer) => signer.public_key().fingerprint()[..16].to_owned(),
    }
}
