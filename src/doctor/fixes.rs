//! What mends a fault, in words an administrator can act on, with the command where there is one. Pure.

use crate::config::StoreSetting;
use crate::doctor::NamedKey;
use crate::docusign::errors::ExchangeError;
use crate::docusign::minter::MintError;
use crate::signing::SignError;
use crate::signing::key_id::KeyVaultKeyId;
use crate::store::StoreError;

/// Stands in a command for what only the reader knows.
const IDENTITY: &str = "<client id of the identity>";

/// What mends a key that does not sign.
pub fn key(error: &SignError, key: &NamedKey, identity: Option<&str>) -> String {
    let setting = key.setting;
    let id = key.key.key_vault_id();
    match (error, id) {
        (SignError::AccessDenied, Some(id)) => format!(
            "Grant the identity its role on the key, and wait some minutes: {} If it has the role, see that the key is \
             enabled, within its dates and has the operation sign, and that the vault's network rules let the app in: az \
             keyvault key show --vault-name {} --name {}",
            grant_key(id, identity),
            vault_name(id),
            id.name,
        ),
        (SignError::IdentityUnavailable, _) => missing_identity(),
        (SignError::KeyNotFound, Some(id)) => format!(
            "Check {setting}. These versions exist: az keyvault key list-versions --vault-name {} --name {}",
            vault_name(id),
            id.name,
        ),
        (SignError::WrongKey, _) => format!("Check {setting}: it has to name the version itself, and no proxy may answer for Key Vault."),
        (SignError::Unusable, _) => format!("Set {setting} to an RSA key of 2048 bits or more that has the operation sign."),
        _ => "It may pass by itself. If not, see whether the vault exists and whether its network rules, private endpoint and DNS \
              zone let the app reach it."
            .to_owned(),
    }
}

fn grant_key(id: &KeyVaultKeyId, identity: Option<&str>) -> String {
    format!(
        "az role assignment create --assignee \"{}\" --role \"Key Vault Crypto User\" --scope \"$(az keyvault show --name {} \
         --query id --output tsv)/keys/{}\".",
        identity.unwrap_or(IDENTITY),
        vault_name(id),
        id.name,
    )
}

/// `contoso` of `https://contoso.vault.azure.net`.
fn vault_name(id: &KeyVaultKeyId) -> &str {
    let host = id.vault_url.strip_prefix("https://").unwrap_or(&id.vault_url);
    host.split('.').next().unwrap_or(host)
}

/// What mends a missing identity.
pub fn missing_identity() -> String {
    "In Azure, assign the user-assigned identity to the app and set AZURE_CLIENT_ID to its client id. On your own machine, \
     sign in: az login"
        .to_owned()
}

/// What mends a store that does not answer.
pub fn store(error: StoreError, setting: &StoreSetting, identity: Option<&str>) -> String {
    let StoreSetting::Blob(url) = setting else { return "Start again.".to_owned() };
    let account = url.host_str().and_then(|host| host.split('.').next()).unwrap_or_default();
    let container = url.path().trim_matches('/');
    match error {
        StoreError::AccessDenied => format!(
            "Grant the identity its role on the container, and wait some minutes: az role assignment create --assignee \"{}\" \
             --role \"Storage Blob Data Contributor\" --scope \"$(az storage account show --name {account} --query id --output \
             tsv)/blobServices/default/containers/{container}\". If it has the role, see that the account's network rules let \
             the app in.",
            identity.unwrap_or(IDENTITY),
        ),
        StoreError::NoContainer => format!(
            "Check EVERGRANT_STORE, or create the container: az storage container create --account-name {account} --name \
             {container} --auth-mode login"
        ),
        StoreError::IdentityUnavailable => missing_identity(),
        StoreError::NoAnswer | StoreError::Failed { .. } => {
            "It may pass by itself. If not, see whether the storage account of EVERGRANT_STORE exists and whether its network \
             rules, private endpoint and DNS zone let the app reach it."
                .to_owned()
        }
    }
}

/// What mends a mint that failed for another reason than the ones that have checks of their own.
pub fn mint(error: &MintError) -> String {
    match error {
        MintError::Sign(_) => "See the check of the signing key.",
        MintError::Exchange(ExchangeError::AssertionExpired) => "Set the machine's clock right.",
        MintError::Exchange(ExchangeError::UnsupportedGrantType) => {
            "See whether a proxy stands between the app and DocuSign and rewrites requests."
        }
        MintError::Exchange(ExchangeError::Unexplained | ExchangeError::Undocumented { .. }) => {
            "Check DOCUSIGN_INTEGRATION_KEY, DOCUSIGN_USER_ID and the uploaded public key; if they are right, ask DocuSign's \
             support."
        }
        MintError::Exchange(_) | MintError::Deadline | MintError::BrokenOff => {
            "It may pass by itself. If not, see DocuSign's status page, and whether the app's network lets it reach DocuSign."
        }
    }
    .to_owned()
}
