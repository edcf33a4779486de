//! What mends a fault, in words an administrator can act on, with the command where there is one. Pure.

use crate::config::StoreSetting;
use crate::config::error::{ConfigError, Format, Problem};
use crate::doctor::NamedKey;
use crate::docusign::api::error::ApiError;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;
use crate::signing::SignError;
use crate::signing::key_id::KeyVaultKeyId;
use crate::store::StoreError;

/// Stands in a command for what only the reader knows.
const IDENTITY: &str = "<client id of the identity>";

/// What mends a key that does not sign.
pub fn key(error: &SignError, key: &NamedKey, identity: Option<&str>) -> String {
    key.key.key_vault_id().map_or_else(
        || format!("Check the file that {} names.", key.setting),
        |id| key_in_vault(error, key.setting, id, identity),
    )
}

fn key_in_vault(error: &SignError, setting: &str, id: &KeyVaultKeyId, identity: Option<&str>) -> String {
    let KeyVaultKeyId { name, version, .. } = id;
    let vault = vault_name(id);
    match error {
        SignError::AccessDenied => format!(
            "Grant the identity its role on the key, and wait some minutes: {} If it has the role, see that the key is \
             enabled and within its dates: `az keyvault key show --vault-name {vault} --name {name} --version {version}`",
            grant_key(id, identity),
        ),
        SignError::NetworkRefused => format!(
            "Let the app's subnet in, or give the vault a private endpoint (docs/deploy.md). Who may come in now: `az keyvault \
             network-rule list --name {vault}`"
        ),
        SignError::NotInForce => format!(
            "If it was replaced, set {setting} to the new version. If not, see its dates and enable it: `az keyvault key \
             set-attributes --vault-name {vault} --name {name} --version {version} --enabled true`"
        ),
        SignError::MayNotSign => format!(
            "Give it that operation: `az keyvault key set-attributes --vault-name {vault} --name {name} --version {version} --ops \
             sign verify`"
        ),
        SignError::KeyNotFound => format!(
            "Check {setting}. These versions exist: `az keyvault key list-versions --vault-name {vault} --name {name}`"
        ),
        SignError::WrongKey => format!(
            "See that {setting} names the version itself, and that no proxy answers in Key Vault's place: `az keyvault key show \
             --vault-name {vault} --name {name} --version {version}`"
        ),
        SignError::Unusable => format!(
            "Set {setting} to an RSA key of 2048 bits or more. What it names now: `az keyvault key show --vault-name {vault} \
             --name {name} --version {version}`"
        ),
        SignError::IdentityUnavailable
        | SignError::Throttled { .. }
        | SignError::VaultFailed { .. }
        | SignError::NoAnswer
        | SignError::Malformed => format!(
            "It may pass by itself. If not, check the vault's name in {setting}, and whether it exists: `az keyvault show --name \
             {vault}`. If it does, its network rules, private endpoint and DNS zone have to let the app reach it."
        ),
    }
}

fn grant_key(id: &KeyVaultKeyId, identity: Option<&str>) -> String {
    format!(
        "`az role assignment create --assignee \"{}\" --role \"Key Vault Crypto User\" --scope \"$(az keyvault show --name {} \
         --query id --output tsv)/keys/{}\"`.",
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

/// What mends a setting.
pub fn setting(fault: &ConfigError) -> String {
    let Format { wanted, example } = fault.shape;
    if fault.problem == Problem::Unresolved {
        return "Grant the identity the role Key Vault Secrets User on the secret that the reference names, compare the names in it, \
                see that the vault's network rules let the app in, and restart the app. The portal tells the reference's state \
                under Environment variables."
            .to_owned();
    }
    let place = if fault.setting.starts_with("EVERGRANT_CLIENTS") {
        "In the client registry (infra/clients.json; then deploy again)"
    } else {
        "In the app settings"
    };
    format!("{place}. Wanted: {wanted}; for example {example}")
}

/// What mends a missing identity.
pub fn missing_identity(managed: bool, client_id: Option<&str>) -> String {
    match (managed, client_id) {
        (true, Some(id)) => format!(
            "Assign the user-assigned identity with the client id {id} to the app, or set AZURE_CLIENT_ID to the client id of the \
             one that is assigned; then restart the app. The identities there are: `az identity list`"
        ),
        (true, None) => {
            "Assign the user-assigned identity to the app and set AZURE_CLIENT_ID to its client id, or switch the \
                         app's own identity on; then restart the app."
                .to_owned()
        }
        (false, _) => "This is no machine of Azure's: sign in as somebody who may use the keys: `az login`".to_owned(),
    }
}

/// What mends a store that does not answer.
pub fn store(error: StoreError, setting: &StoreSetting, identity: Option<&str>) -> String {
    let StoreSetting::Blob(url) = setting else { return "Start again.".to_owned() };
    let account = url.host_str().and_then(|host| host.split('.').next()).unwrap_or_default();
    let container = url.path().trim_matches('/');
    match error {
        StoreError::AccessDenied => format!(
            "Grant the identity its role on the container, and wait some minutes: `az role assignment create --assignee \"{}\" \
             --role \"Storage Blob Data Contributor\" --scope \"$(az storage account show --name {account} --query id --output \
             tsv)/blobServices/default/containers/{container}\"`. If it has the role, see that the account's network rules let \
             the app in.",
            identity.unwrap_or(IDENTITY),
        ),
        StoreError::NoContainer => format!(
            "Check EVERGRANT_STORE, or create the container: `az storage container create --account-name {account} --name \
             {container} --auth-mode login`"
        ),
        StoreError::IdentityUnavailable | StoreError::NoAnswer | StoreError::Failed { .. } => format!(
            "It may pass by itself. If not, check the account's name in EVERGRANT_STORE, and whether it exists: `az storage \
             account show --name {account}`. If it does, its network rules, private endpoint and DNS zone have to let the app \
             reach it."
        ),
    }
}

/// What mends a missing consent of `user`; for `some` of the scopes only, if so.
pub fn consent(user: &str, some: bool) -> String {
    let plan = " If a scope stays without consent, the account's plan may not have it: take it out of DOCUSIGN_SCOPES.";
    format!(
        "Open the consent link, which the setup page shows and `evergrant consent-url` prints, sign in as the integration user \
         ({user}) and press Allow.{}",
        if some { plan } else { "" }
    )
}

/// What mends a mint that failed for another reason than the ones that have checks of their own.
pub fn mint(error: &MintError) -> String {
    if let MintError::Exchange(ExchangeError::Throttled { retry_after: Some(seconds) }) = error {
        return format!(
            "It passes by itself: DocuSign asks to wait {seconds} s, and the app does. If it comes back, see what else uses the \
             integration key."
        );
    }
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

/// What mends an API of DocuSign's that does not answer as it should.
pub fn api(error: &ApiError) -> String {
    match error {
        ApiError::NoClm => {
            "Ask DocuSign or the CLM administrator whether the account has CLM and the integration user belongs to it. If there is \
             none, take CLM's scopes (spring_read, spring_write) out of DOCUSIGN_SCOPES."
        }
        ApiError::Untrusted => {
            "See that DOCUSIGN_ENVIRONMENT, DOCUSIGN_OAUTH_URL and DOCUSIGN_CLM_URL are right, and that no proxy answers for DocuSign."
        }
        ApiError::Malformed | ApiError::Failed { status: 404 } => {
            "See that DOCUSIGN_CLM_URL is right, if it is set, and that no proxy answers for DocuSign."
        }
        _ => {
            "It may pass by itself. If not, see DocuSign's status page, and whether the app's network lets it reach CLM's hosts \
             (*.springcm.com, *.docusign.net)."
        }
    }
    .to_owned()
}
