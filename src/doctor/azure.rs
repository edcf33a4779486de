//! Identity, Key Vault and storage.

use crate::clock::{Stopwatch, UnixSeconds};
use crate::config::StoreSetting;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::{NamedKey, fixes};
use crate::identity::Identity;
use crate::secret::random;
use crate::secret::sha256;
use crate::signing::public_key::PublicKey;
use crate::signing::{AssertionSigner as _, SignError};
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write};
use crate::types::Explained as _;

/// A sample to sign. It has no dots, so it cannot be an assertion.
const SAMPLE: &[u8] = b"evergrant doctor";

/// The resource of Entra tokens for storage.
const STORAGE: &str = "https://storage.azure.com";

/// Lifetime of a check's record in seconds. In Blob storage, the lifecycle rule deletes it within two days.
const RECORD_LIFETIME: u64 = 60;

/// Titles of checks.
pub const IDENTITY: &str = "Azure identity";
pub const STORE: &str = "Store for used codes and revocations";

/// Why a check was skipped.
const NO_IDENTITY: &str = "not checked: there is no Azure identity, see its check";

/// Name and title of a key's check.
pub fn key_check(key: &NamedKey) -> (&'static str, &'static str) {
    match key.setting {
        "EVERGRANT_SIGNING_KEY_ID" => ("signing_key", "Signing key"),
        "EVERGRANT_SIGNING_KEY_ID_NEXT" => ("signing_key_next", "Next signing key"),
        "EVERGRANT_SEALING_KEY_ID" => ("sealing_key", "Sealing key"),
        _ => ("sealing_key_previous", "Previous sealing key"),
    }
}

/// The resource that Entra tokens are needed for; `None` if all keys are files and the store is memory.
pub fn entra_resource<'a>(mut keys: impl Iterator<Item = &'a NamedKey>, store: &StoreSetting) -> Option<String> {
    match keys.find_map(|key| key.key.key_vault_id()) {
        Some(id) => Some(id.resource()),
        None if *store == StoreSetting::Memory => None,
        None => Some(STORAGE.to_owned()),
    }
}

/// Does Entra ID issue tokens for `resource`?
pub async fn check_identity(identity: &Identity, resource: Option<String>, client_id: Option<&str>) -> Vec<Check> {
    let Some(resource) = resource else { return Vec::new() };
    let watch = Stopwatch::start();
    let finding = match identity.try_out(&resource).await {
        Ok(()) => Finding::good("Entra ID issues tokens for it"),
        Err(error) => Finding::bad(error.problem(), fixes::identity(&error, identity.is_managed(), client_id)),
    };
    vec![finding.into_check("identity", Area::Azure, IDENTITY, watch.elapsed_ms())]
}

/// Does the key sign, does its public key verify the signature, and does the sealing key differ from the signing keys?
pub async fn check_key(key: &NamedKey, signing_keys: &[NamedKey], identity_client_id: Option<&str>) -> Vec<Check> {
    let watch = Stopwatch::start();
    let signed = key.key.sign_digest(sha256(SAMPLE)).await;
    let finding = match (signed, key.key.public_key().await) {
        (Ok(_), Ok(public_key)) if is_shared(key, &public_key, signing_keys).await => Finding::bad(
            "it is also a signing key: rotating that key would end every connection",
            "Create a separate key for EVERGRANT_SEALING_KEY_ID, and set EVERGRANT_SEALING_KEY_ID_PREVIOUS to the present one, so that \
             connections continue.",
        ),
        (Ok(_), Ok(public_key)) => {
            Finding::good(format!("signs; SHA-256 of its public key {}", public_key.fingerprint()))
        }
        (Err(SignError::IdentityUnavailable(_)), _) => Finding::skipped(NO_IDENTITY),
        (Err(error), _) | (_, Err(error)) => Finding::bad(error.problem(), fixes::key(&error, key, identity_client_id)),
    };
    let (check, title) = key_check(key);
    vec![finding.into_check(check, Area::Azure, title, watch.elapsed_ms())]
}

/// Is the current sealing key also one of the signing keys?
async fn is_shared(key: &NamedKey, public_key: &PublicKey, signing_keys: &[NamedKey]) -> bool {
    for signing_key in signing_keys.iter().filter(|_| key.setting == "EVERGRANT_SEALING_KEY_ID") {
        let other = signing_key.key.public_key().await;
        if other.is_ok_and(|other| other.fingerprint() == public_key.fingerprint()) {
            return true;
        }
    }
    false
}

/// Checks the store.
pub struct StoreCheck<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// Where it is.
    pub setting: &'a StoreSetting,
    /// The client id of the identity that calls it, if a setting names one.
    pub identity_client_id: Option<&'a str>,
    /// The time.
    pub now: UnixSeconds,
}

impl StoreCheck<'_> {
    /// Can a record be created, and only once?
    pub async fn run(self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let finding = match self.create_twice().await {
            Ok((true, false)) if *self.setting == StoreSetting::Memory => Finding::note(
                "memory: each process has its own records, and loses them when it ends",
                "With more than one process, or with Workfront, which keeps the ids of uploads forever, set EVERGRANT_STORE to \
                 the https URL of a Blob container.",
            ),
            Ok((true, false)) => Finding::good("a record can be created, and only once"),
            Ok(_) => Finding::bad(
                "a record could be created twice, or a new one was refused: codes would not be single-use",
                "Check that EVERGRANT_STORE is a container of Azure Blob storage itself, with no cache in between.",
            ),
            Err(StoreError::IdentityUnavailable(_)) => Finding::skipped(NO_IDENTITY),
            Err(error) => Finding::bad(error.to_string(), fixes::store(&error, self.setting, self.identity_client_id)),
        };
        vec![finding.into_check("store", Area::Azure, STORE, watch.elapsed_ms())]
    }

    async fn create_twice(&self) -> Result<(bool, bool), StoreError> {
        let record = Write {
            // The lifecycle rule deletes used codes after a day.
            name: RecordKind::UsedCode.name(&format!("doctor-{}", random::id::<16>())),
            content: "doctor".to_owned(),
            condition: Condition::Absent,
            expires_at: Some(self.now.plus(RECORD_LIFETIME)),
        };
        let first = self.store.write(record.clone()).await?;
        Ok((first, self.store.write(record).await?))
    }
}
