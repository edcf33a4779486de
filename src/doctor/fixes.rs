//! What fixes an error: its explanation with the values of this installation. Pure.

use crate::config::error::{Format, Problem, SettingError};
use crate::config::{DocusignSettings, StoreSetting};
use crate::doctor::NamedKey;
use crate::doctor::check::Finding;
use crate::identity::IdentityError;
use crate::signing::SignError;
use crate::signing::key_id::KeyVaultKeyId;
use crate::store::StoreError;
use crate::types::Explained;

/// What fixes an error that DocuSign reports.
pub fn docusign(error: &impl Explained, settings: &DocusignSettings) -> String {
    let mut values = vec![
        ("integration key", settings.integration_key.as_str().to_owned()),
        ("user id", settings.user_id.as_str().to_owned()),
        ("account host", settings.environment.account_host().to_owned()),
    ];
    values.extend(settings.account_id.as_ref().map(|id| ("account id", id.as_str().to_owned())));
    error.fix_with_command(&values)
}

/// What an error of DocuSign means for a check.
pub fn docusign_error(error: &impl Explained, settings: &DocusignSettings) -> Finding {
    Finding::bad(error.problem(), docusign(error, settings))
}

/// What fixes a key that does not sign.
pub fn key(error: &SignError, key: &NamedKey, identity: Option<&str>) -> String {
    let Some(id) = key.key.key_vault_id() else { return format!("Check the file that {} names.", key.setting) };
    let mut values = vec![
        ("setting", key.setting.to_owned()),
        ("vault", vault_name(id).to_owned()),
        ("key", id.name.clone()),
        ("version", id.version.clone()),
    ];
    values.extend(identity.map(|client_id| ("client id of the identity", client_id.to_owned())));
    id.adapt(&error.fix_with_command(&values))
}

/// `contoso` of `https://contoso.vault.azure.net`.
fn vault_name(id: &KeyVaultKeyId) -> &str {
    let host = id.vault_url.strip_prefix("https://").unwrap_or(&id.vault_url);
    host.split('.').next().unwrap_or(host)
}

/// What fixes a setting.
pub fn setting(error: &SettingError) -> String {
    if let Problem::Unresolved(reference) = error.problem {
        let fix = sentence(reference.fix());
        return format!("{fix}. The portal shows the reference's state under Environment variables.");
    }
    let Format { expected, example } = error.format;
    if error.setting.starts_with("EVERGRANT_CLIENTS[") {
        let place = "Correct it in infra/clients.json and deploy again, or in the file that EVERGRANT_CLIENTS names";
        return format!("{place}. Expected: {expected}, such as {example}");
    }
    let verb = if error.problem == Problem::Missing { "Set" } else { "Change" };
    format!("{verb} it to {expected}, such as {example}")
}

/// `clause` with a capital letter.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// What fixes an identity without a token. Only the endpoint's own word proves that the identity is missing.
pub fn identity(error: &IdentityError, managed: bool, client_id: Option<&str>) -> String {
    match error {
        IdentityError::NotAssigned { .. } | IdentityError::NotSignedIn { .. } => missing_identity(managed, client_id),
        IdentityError::Failed { .. } | IdentityError::NoAnswer { .. } | IdentityError::TimedOut => error.fix(&[]),
    }
}

fn missing_identity(managed: bool, client_id: Option<&str>) -> String {
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
        (false, _) => "This machine is not in Azure: sign in as a user who may use the keys: `az login`".to_owned(),
    }
}

/// What fixes a store that does not answer.
pub fn store(error: &StoreError, setting: &StoreSetting, identity: Option<&str>) -> String {
    let StoreSetting::Blob(url) = setting else { return "Start the app again.".to_owned() };
    let account = url.host_str().and_then(|host| host.split('.').next()).unwrap_or_default();
    let mut values = vec![("account", account.to_owned()), ("container", url.path().trim_matches('/').to_owned())];
    values.extend(identity.map(|client_id| ("client id of the identity", client_id.to_owned())));
    error.fix_with_command(&values)
}
