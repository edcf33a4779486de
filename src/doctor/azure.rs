//! Identity, Key Vault and storage.

use crate::clock::Stopwatch;
use crate::config::StoreSetting;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::{Doctor, NamedKey, fixes};
use crate::random;
use crate::secret::sha256;
use crate::signing::{AssertionSigner as _, SignError};
use crate::store::records::RecordKind;
use crate::store::{Condition, StoreError, Write};

/// Signed to see whether the key signs. No assertion looks like it, since it has no dots.
const SAMPLE: &[u8] = b"evergrant doctor";

/// What Entra tokens for storage are for.
const STORAGE: &str = "https://storage.azure.com";

/// Seconds for which the record of a check may be kept; the Blob store's lifecycle rule forgets it within two days.
const RECORD_LIFE: u64 = 60;

/// Titles, of the checks with a name of their own.
pub const IDENTITY: &str = "Identity towards Azure";
pub const STORE: &str = "Store for used codes and revocations";

/// Name and title of a key's check.
pub fn names(key: &NamedKey) -> (&'static str, &'static str) {
    match key.setting {
        "EVERGRANT_SIGNING_KEY_ID" => ("signing_key", "Signing key"),
        "EVERGRANT_SIGNING_KEY_ID_NEXT" => ("signing_key_next", "Next signing key"),
        "EVERGRANT_SEALING_KEY_ID" => ("sealing_key", "Sealing key"),
        _ => ("sealing_key_previous", "Previous sealing key"),
    }
}

impl Doctor {
    /// Is there an identity for Key Vault and storage? Not asked where keys are files and the store is memory.
    pub(super) async fn identity(&self) -> Vec<Check> {
        let mut keys = self.signing_keys.iter().chain(&self.sealing_keys);
        let resource = match keys.find_map(|key| key.key.key_vault_id()) {
            Some(id) => id.resource(),
            None if self.store_setting == StoreSetting::Memory => return Vec::new(),
            None => STORAGE.to_owned(),
        };
        let watch = Stopwatch::start();
        let finding = match self.identity.try_out(&resource).await {
            Ok(()) => Finding::good("Entra gives tokens for it"),
            Err(error) => {
                let fix = fixes::missing_identity(self.identity.is_managed(), self.identity_client_id.as_deref());
                Finding::bad(error.to_string(), fix)
            }
        };
        vec![finding.of("identity", Area::Azure, IDENTITY, watch.elapsed_ms())]
    }

    /// Does the key sign, and does the signature fit its public half?
    pub(super) async fn key(&self, key: &NamedKey) -> Vec<Check> {
        let watch = Stopwatch::start();
        let signed = key.key.sign_digest(sha256(SAMPLE)).await;
        let finding = match (signed, key.key.public_key().await) {
            (Ok(_), Ok(public_key)) => {
                Finding::good(format!("signs; SHA-256 of its public key {}", public_key.fingerprint()))
            }
            (Err(SignError::IdentityUnavailable), _) => Finding::skipped("there is no identity: see its check"),
            (Err(error), _) | (_, Err(error)) => {
                Finding::bad(error.to_string(), fixes::key(&error, key, self.identity_client_id.as_deref()))
            }
        };
        let (check, title) = names(key);
        vec![finding.of(check, Area::Azure, title, watch.elapsed_ms())]
    }

    /// Can a record be created, and only once?
    pub(super) async fn store(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let finding = match self.create_twice().await {
            Ok((true, false)) if self.store_setting == StoreSetting::Memory => Finding::note(
                "memory: each process knows only what it saw itself, and forgets it when it ends",
                "With more than one process, or with Workfront, which keeps the ids of uploads for good, set EVERGRANT_STORE to \
                 the https URL of a Blob container.",
            ),
            Ok((true, false)) => Finding::good("a record can be created, and only once"),
            Ok(_) => Finding::bad(
                "a record could be created twice, or one that is new was called old: codes would not be single-use",
                "See that EVERGRANT_STORE is a container of Azure Blob storage itself, with no cache in between.",
            ),
            Err(StoreError::IdentityUnavailable) => Finding::skipped("there is no identity: see its check"),
            Err(error) => Finding::bad(
                error.to_string(),
                fixes::store(error, &self.store_setting, self.identity_client_id.as_deref()),
            ),
        };
        vec![finding.of("store", Area::Azure, STORE, watch.elapsed_ms())]
    }

    async fn create_twice(&self) -> Result<(bool, bool), StoreError> {
        let write = || Write {
            // Where the lifecycle rule deletes what is a day old.
            name: RecordKind::UsedCode.name(&format!("doctor-{}", random::id::<16>())),
            content: "doctor".to_owned(),
            condition: Condition::Absent,
            expires_at: Some(self.clock.now().plus(RECORD_LIFE)),
        };
        let record = write();
        let first = self.store.write(record.clone()).await?;
        Ok((first, self.store.write(record).await?))
    }
}
