//! Identifiers of keys.

use std::path::Path;

use crate::config::values::Reason;
use crate::config::values::url::{Http, https_url};
use crate::signing::key_id::{KeyVaultKeyId, is_vault_host};

/// The identifier of a key in Key Vault.
pub fn key_vault_id(text: &str) -> Result<KeyVaultKeyId, Reason> {
    KeyVaultKeyId::parse(text).ok_or_else(|| why_no_key_id(text))
}

fn why_no_key_id(text: &str) -> Reason {
    let is_file_name =
        |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "pem" || extension == "key");
    if text.contains("-----BEGIN") {
        return "it is a key itself instead of where the key is".into();
    }
    if text.starts_with("/subscriptions/") {
        return "it is a resource ID".into();
    }
    if !text.contains("://") {
        let is_path = text.contains('/') || is_file_name(text);
        return if is_path { "it is a path without file: before it".into() } else { "it is not a URL".into() };
    }
    let url = match https_url(text, Http::Never) {
        Ok(url) => url,
        Err(reason) => return reason,
    };
    if !url.host_str().is_some_and(is_vault_host) {
        return "its host is not a Key Vault".into();
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        _ if url.port().is_some() => "it has a port after the host".into(),
        [] | ["keys"] => "it names a vault, but no key".into(),
        ["secrets", ..] => "it names a secret instead of a key".into(),
        ["certificates", ..] => "it names a certificate instead of a key".into(),
        ["keys", _] => "it has no version at the end (copy the Key Identifier of the key's current version)".into(),
        ["keys", _, _] => "its key or version has a character that is neither a letter, a digit nor a hyphen".into(),
        _ => "its path is not /keys/<name>/<version>".into(),
    }
}
