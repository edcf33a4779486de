//! Key Vault key identifiers. Pure.

use std::fmt;

use url::Url;

/// DNS suffixes of Key Vault and Managed HSM in Azure's clouds (Microsoft Learn, "Azure Key Vault keys, secrets and
/// certificates overview"). No other is accepted, so that a typo cannot send an Entra token elsewhere.
const VAULT_SUFFIXES: [&str; 4] =
    [".vault.azure.net", ".managedhsm.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn"];

/// The DNS suffix of Managed HSM.
const MANAGED_HSM: &str = ".managedhsm.azure.net";

/// One version of one key in one vault.
///
/// `Debug` shows only the version, because the names of vault and key are confidential.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyVaultKeyId {
    /// `https://<vault>.vault.azure.net`, without a trailing slash.
    pub vault_url: String,
    /// The key's name.
    pub name: String,
    /// The key's version. It is fixed, because only its public key is uploaded to DocuSign.
    pub version: String,
}

impl KeyVaultKeyId {
    /// Parses `https://<vault>.vault.azure.net/keys/<name>/<version>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let host = url.host_str()?;
        let plain = url.scheme() == "https" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        let segments: Vec<&str> = url.path_segments()?.collect();
        let ["keys", name, version] = segments[..] else { return None };
        let named = [name, version].iter().all(|part| is_identifier(part));
        (is_vault_host(host) && plain && anonymous && named).then(|| Self {
            vault_url: format!("https://{host}"),
            name: name.to_owned(),
            version: version.to_owned(),
        })
    }
}

impl KeyVaultKeyId {
    /// The resource of Entra tokens for the vault: its DNS suffix, without the vault's name.
    #[must_use]
    pub fn resource(&self) -> String {
        resource_of(&self.vault_url)
    }
}

impl KeyVaultKeyId {
    /// Whether the key is in a Managed HSM.
    #[must_use]
    pub fn is_hsm(&self) -> bool {
        self.vault_url.ends_with(MANAGED_HSM)
    }

    /// `command`, which is for a vault, with the options of the kind of vault that has this key.
    #[must_use]
    pub fn adapt(&self, command: &str) -> String {
        if !self.is_hsm() {
            return command.to_owned();
        }
        let command = command.replace("--vault-name", "--hsm-name");
        let command = command.replace("keyvault show --name", "keyvault show --hsm-name");
        command.replace("network-rule list --name", "show --query properties.networkAcls --hsm-name")
    }

    /// Whether `kid`, from an answer, names this key in this version.
    #[must_use]
    pub fn is_named_by(&self, kid: &str) -> bool {
        let path = format!("/keys/{}/{}", self.name, self.version);
        Url::parse(kid).is_ok_and(|url| url.path().eq_ignore_ascii_case(&path))
    }
}

impl fmt::Debug for KeyVaultKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVaultKeyId").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The resource of Entra tokens for the vault at `vault_url`.
#[must_use]
pub fn resource_of(vault_url: &str) -> String {
    let suffix = vault_url.split_once('.').map_or("vault.azure.net", |(_, suffix)| suffix);
    format!("https://{suffix}")
}

/// Whether `host` is a vault in one of Azure's clouds.
#[must_use]
pub fn is_vault_host(host: &str) -> bool {
    VAULT_SUFFIXES.iter().any(|suffix| host.len() > suffix.len() && host.ends_with(suffix))
}

fn is_identifier(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versioned_identifiers_are_parsed_and_the_vault_is_never_printed() {
        let id = KeyVaultKeyId::parse("https://contoso.vault.azure.net/keys/signing/0a1b").unwrap();
        assert_eq!((id.vault_url.as_str(), id.name.as_str()), ("https://contoso.vault.azure.net", "signing"));
        assert!(!format!("{id:?}").contains("contoso"));
    }

    #[test]
    fn an_answer_must_name_the_key_and_an_hsm_has_commands_of_its_own() {
        let id = KeyVaultKeyId::parse("https://contoso.vault.azure.net/keys/signing/0a1b").unwrap();
        assert!(id.is_named_by("https://contoso.vault.azure.net/keys/Signing/0a1b"));
        for other in
            ["", "0a1b", "https://contoso.vault.azure.net/keys/signing/0a1c", "https://contoso.vault.azure.net/"]
        {
            assert!(!id.is_named_by(other), "{other}");
        }
        let hsm = KeyVaultKeyId::parse("https://contoso.managedhsm.azure.net/keys/signing/0a1b").unwrap();
        let command = "`az keyvault key show --vault-name <vault>` `az keyvault show --name <vault>`";
        assert_eq!(id.adapt(command), command);
        assert_eq!(
            hsm.adapt(command),
            "`az keyvault key show --hsm-name <vault>` `az keyvault show --hsm-name <vault>`"
        );
    }

    #[test]
    fn other_hosts_and_missing_versions_are_rejected() {
        for bad in [
            "https://contoso.vault.azure.net/keys/signing",
            "https://contoso.vault.azure.net/keys/signing/",
            "https://contoso.vault.azure.net/secrets/signing/0a1b",
            "http://contoso.vault.azure.net/keys/signing/0a1b",
            "https://contoso.vault.azure.net.example/keys/signing/0a1b",
            "https://.vault.azure.net/keys/signing/0a1b",
            "https://contoso.vault.azure.net:444/keys/signing/0a1b",
            "https://u:p@contoso.vault.azure.net/keys/signing/0a1b",
            "https://contoso.vault.azure.net/keys/signing/0a1b?x",
            "signing",
        ] {
            assert_eq!(KeyVaultKeyId::parse(bad), None, "{bad}");
        }
    }
}
