//! Identifiers of keys, and private keys in files.

use std::path::Path;

use crate::config::error::Reason;
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

/// Why a file has no usable private key.
pub fn why_no_private_key(pem: &str) -> Reason {
    let is = |label: &str| pem.contains(&format!("-----BEGIN {label}-----"));
    if is("PUBLIC KEY") || is("RSA PUBLIC KEY") {
        "the file it names has a public key instead of the private key".into()
    } else if is("CERTIFICATE") {
        "the file it names has a certificate instead of a private key".into()
    } else if is("ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        "the file it names has a private key with a passphrase".into()
    } else if is("EC PRIVATE KEY") {
        "the file it names has an elliptic-curve key instead of an RSA key".into()
    } else if is("OPENSSH PRIVATE KEY") {
        "the file it names has a private key in OpenSSH's own format".into()
    } else if is("PRIVATE KEY") || is("RSA PRIVATE KEY") {
        "the file it names has a private key that is damaged, is not RSA, or has fewer than 2048 bits".into()
    } else {
        "the file it names has no private key in PEM".into()
    }
}
