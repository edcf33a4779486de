//! Where settings say that something is: URLs of our own base, of stores and registries, and identifiers of keys.

use evergrant::config::error::SettingError;
use evergrant::config::{RegistryPlace, Settings, StoreSetting};
use evergrant::types::BaseUrl;
use proptest::prelude::*;

use super::errors;
use crate::config::good;
use crate::support::TestEnvironment;

fn message(name: &str, value: &str) -> String {
    errors(&good().with(name, value)).errors.iter().map(SettingError::message).collect::<Vec<_>>().join("\n")
}

#[test]
fn our_base_url_loses_its_final_slash_and_its_default_port_and_nothing_else() {
    for (value, read) in [
        ("https://evergrant.example", "https://evergrant.example"),
        ("https://evergrant.example/", "https://evergrant.example"),
        ("https://EVERGRANT.example:443/", "https://evergrant.example"),
        ("https://evergrant.example:8443", "https://evergrant.example:8443"),
        ("HTTPS://evergrant.example", "https://evergrant.example"),
        ("http://localhost:7071", "http://localhost:7071"),
        ("http://127.0.0.1:7071/", "http://127.0.0.1:7071"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:7071", "http://[::1]:7071"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        let url = Settings::read(&good().with("EVERGRANT_PUBLIC_URL", value)).unwrap().public_url;
        assert_eq!(url.as_str(), read);
    }
    for (value, reason) in [
        ("http://localhost.example", "it begins with http://, which is for this machine only"),
        ("http://10.0.0.4", "it begins with http://, which is for this machine only"),
        ("http://[::2]", "it begins with http://, which is for this machine only"),
        ("http://0.0.0.0", "it begins with http://, which is for this machine only"),
        ("ws://localhost", "it does not begin with https://"),
        ("//evergrant.example", "it does not begin with https://"),
        ("https://", "it is not a URL (empty host)"),
        ("https://evergrant.example//", "it has a path after the host"),
        ("https://evergrant.example/?", "it has a query (what follows the question mark)"),
        ("https://evergrant.example/#", "it has a fragment (what follows the #)"),
        ("https://@evergrant.example:x", "it is not a URL (invalid port number)"),
        ("https://evergrant example", "it is not a URL (invalid international domain name)"),
    ] {
        assert_eq!(
            message("EVERGRANT_PUBLIC_URL", value),
            format!("EVERGRANT_PUBLIC_URL is invalid: {reason}"),
            "{value}"
        );
    }
}

#[test]
fn the_parts_of_a_base_url_are_its_own() {
    for (text, scheme, authority, host, insecure) in [
        ("https://evergrant.example", "https", "evergrant.example", "evergrant.example", false),
        ("https://evergrant.example:8443", "https", "evergrant.example:8443", "evergrant.example", false),
        ("http://127.0.0.1:7071", "http", "127.0.0.1:7071", "127.0.0.1", true),
        ("http://[::1]:7071", "http", "[::1]:7071", "[::1]", true),
        ("http://[::1]", "http", "[::1]", "[::1]", true),
    ] {
        let url = BaseUrl::parse(text).unwrap();
        assert_eq!((url.scheme(), url.authority(), url.host(), url.is_insecure()), (scheme, authority, host, insecure));
        assert_eq!(url.join("/setup"), format!("{text}/setup"));
    }
}

#[test]
fn a_store_is_memory_or_a_container_by_https() {
    for (value, url) in [
        ("https://contoso.blob.core.windows.net/evergrant", "https://contoso.blob.core.windows.net/evergrant"),
        ("https://contoso.blob.core.windows.net/evergrant/", "https://contoso.blob.core.windows.net/evergrant"),
        ("https://contoso.blob.core.windows.net//evergrant//", "https://contoso.blob.core.windows.net/evergrant"),
        ("https://CONTOSO.blob.core.windows.net/Evergrant", "https://contoso.blob.core.windows.net/Evergrant"),
    ] {
        let StoreSetting::Blob(read) = Settings::read(&good().with("EVERGRANT_STORE", value)).unwrap().store else {
            panic!("{value} is no blob store");
        };
        assert_eq!(read.as_str(), url);
    }
    for (value, reason) in [
        ("MEMORY", "it has capital letters (write memory)"),
        ("mem", "it is neither memory nor a URL"),
        ("contoso.blob.core.windows.net/evergrant", "it is neither memory nor a URL"),
        ("https://contoso.blob.core.windows.net/", "it has no container after the host"),
        ("https://contoso.blob.core.windows.net///", "it has no container after the host"),
        ("https://contoso.blob.core.windows.net/c?x=1", "it has a query (what follows the question mark)"),
        ("https://contoso.blob.core.windows.net/c#x", "it has a fragment (what follows the #)"),
        ("https://a:b@contoso.blob.core.windows.net/c", "it has a user name or a password before the host"),
        ("http://127.0.0.1:10000/devstoreaccount1/c", "it begins with http:// instead of https://"),
        (
            "BlobEndpoint=https://contoso.blob.core.windows.net/",
            "it is a connection string instead of a URL: the app uses its identity, and no key",
        ),
    ] {
        assert_eq!(message("EVERGRANT_STORE", value), format!("EVERGRANT_STORE is invalid: {reason}"), "{value}");
    }
}

#[test]
fn a_registry_is_in_the_setting_in_a_file_or_in_a_blob() {
    let place =
        |value: &str| Settings::read_registry_place(&TestEnvironment::default().with("EVERGRANT_CLIENTS", value));
    for value in ["[]", " [\n]", "{}", "\"x\"", "x", r#"[{"redirect_uris": ["https://x/y"]}]"#] {
        assert_eq!(place(value).unwrap(), RegistryPlace::Setting, "{value}");
    }
    for (value, path) in [("@clients.json", "clients.json"), ("@ /a b/c ", "/a b/c"), ("@https://x/y", "https://x/y")] {
        assert_eq!(place(value).unwrap(), RegistryPlace::File(path.to_owned()));
    }
    let blob = "https://contoso.blob.core.windows.net/registry/folder/clients.json";
    assert!(matches!(place(blob).unwrap(), RegistryPlace::Blob(url) if url.as_str() == blob));
    for (value, reason) in [
        ("", "is missing"),
        ("https://contoso.blob.core.windows.net", "it has no container and no blob after the host"),
        ("https://contoso.blob.core.windows.net/registry", "it has no blob after the container"),
        ("https://contoso.blob.core.windows.net/registry/", "it has no blob after the container"),
        ("https://contoso.blob.core.windows.net/registry/a/", "it has two slashes in a row, or one at the end"),
        ("https://contoso.blob.core.windows.net//a", "it has two slashes in a row, or one at the end"),
        ("ftp://contoso/registry/a", "it does not begin with https://"),
        ("http://127.0.0.1/registry/a", "it begins with http:// instead of https://"),
    ] {
        let error = place(value).unwrap_err().to_string();
        assert!(error.starts_with("EVERGRANT_CLIENTS is ") && error.contains(reason), "{value}: {error}");
    }
}

#[test]
fn a_key_is_named_with_its_version_in_a_vault_of_azure() {
    for value in [
        "https://contoso.vault.azure.net/keys/signing/0a1b",
        "https://contoso.managedhsm.azure.net/keys/signing/0a1b",
        "https://contoso.vault.usgovcloudapi.net/keys/a-b/0",
        "https://contoso.vault.azure.cn/keys/A1/0a1b",
        "https://CONTOSO.vault.azure.net:443/keys/signing/0a1b",
    ] {
        assert_eq!(message("EVERGRANT_SIGNING_KEY_ID", value), "", "{value}");
    }
    for (value, reason) in [
        ("https://vault.azure.net/keys/a/b", "its host is not a Key Vault"),
        ("https://.vault.azure.net/keys/a/b", "its host is not a Key Vault"),
        ("https://contoso.vault.azure.net.example/keys/a/b", "its host is not a Key Vault"),
        ("https://contoso-vault.azure.net/keys/a/b", "its host is not a Key Vault"),
        ("https://contoso.vault.azure.net:8443/keys/a/b", "it has a port after the host"),
        ("https://contoso.vault.azure.net/keys/", "it names a vault, but no key"),
        ("https://contoso.vault.azure.net/keys/a/b?c", "it has a query (what follows the question mark)"),
        (
            "https://contoso.vault.azure.net/keys/a_b/c",
            "its key or version has a character that is neither a letter, a digit nor a hyphen",
        ),
        ("https://contoso.vault.azure.net/key/a/b", "its path is not /keys/<name>/<version>"),
        ("http://contoso.vault.azure.net/keys/a/b", "it begins with http:// instead of https://"),
        ("signing.pem", "it is a path without file: before it"),
        ("signing.key", "it is a path without file: before it"),
        (
            "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
            "it is a key itself instead of where the key is",
        ),
    ] {
        let found = message("EVERGRANT_SIGNING_KEY_ID", value);
        assert_eq!(found, format!("EVERGRANT_SIGNING_KEY_ID is invalid: {reason}"), "{value}");
    }
}

/// Azure's limits: 127 characters for a key's name.
#[test]
fn names_of_keys_have_at_most_127_characters() {
    let id = |length: usize| format!("https://contoso.vault.azure.net/keys/{}/0a", "a".repeat(length));
    assert_eq!(message("EVERGRANT_SEALING_KEY_ID", &id(127)), "");
    assert!(message("EVERGRANT_SEALING_KEY_ID", &id(128)).starts_with("EVERGRANT_SEALING_KEY_ID is invalid"));
}

proptest! {
    /// A public URL that was accepted is an origin, and reading it again changes nothing.
    #[test]
    fn an_accepted_base_url_is_an_origin(text in "https?://[a-zA-Z0-9.:@\\[\\]-]{1,20}[/?#]?[a-z]{0,2}") {
        if let Some(url) = BaseUrl::parse(&text) {
            prop_assert_eq!(BaseUrl::parse(url.as_str()), Some(url.clone()));
            prop_assert!(!url.authority().contains(['/', '?', '#', '@']) && url.authority().starts_with(url.host()));
            prop_assert_eq!(url.is_insecure(), url.scheme() == "http");
        }
    }
}
