//! Every setting and every field of a client against every kind of wrong value: the error names the place, says what is
//! expected, and never repeats the value. Sentences of single mistakes are in `config_mistakes`.

mod disguises;
mod fields;
mod page;
mod parameters;
mod places;
mod registry_versions;
mod start;
mod together;
mod trust;
mod wild;

use evergrant::config::{ConfigError, Settings};

use crate::config::good;
use crate::support::{TestEnvironment, root};

pub const KEY: &str = "https://contoso.vault.azure.net/keys/signing/0123456789abcdef";
pub const GUID: &str = "9a8b7c6d-0000-4000-8000-1e2d3c4b5a69";

/// Every setting whose value is checked, with a valid value and an invalid one.
pub const SETTINGS: [(&str, &str, &str); 20] = [
    ("EVERGRANT_PUBLIC_URL", "https://evergrant.example", "http://evergrant.example"),
    ("EVERGRANT_SIGNING_KEY_ID", KEY, "x"),
    ("EVERGRANT_SIGNING_KEY_ID_NEXT", KEY, "x"),
    ("EVERGRANT_SEALING_KEY_ID", KEY, "x"),
    ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", KEY, "x"),
    ("EVERGRANT_CLIENTS", "[]", "{}"),
    ("EVERGRANT_STORE", "memory", "x"),
    ("EVERGRANT_LOG", "info", "x"),
    ("EVERGRANT_INSTANCE_MEMORY_MB", "2048", "127"),
    ("DOCUSIGN_ENVIRONMENT", "demo", "x"),
    ("DOCUSIGN_INTEGRATION_KEY", GUID, "x"),
    ("DOCUSIGN_USER_ID", GUID, "x"),
    ("DOCUSIGN_SCOPES", "signature impersonation", "%"),
    ("DOCUSIGN_ACCOUNT_ID", GUID, "x"),
    ("DOCUSIGN_ADMINS", GUID, "x"),
    ("DOCUSIGN_SECRET_KEY", "hunter2-secret", "<hunter2>"),
    ("DOCUSIGN_OAUTH_URL", "https://account-d.docusign.com", "ftp://account-d.docusign.com"),
    ("DOCUSIGN_CLM_URL", "https://authuat.springcm.com", "https://authuat.springcm.com/x"),
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "7071", "65536"),
    ("AZURE_CLIENT_ID", GUID, "\"hunter2\""),
];

/// The errors of these settings; none if they are accepted.
pub fn errors(env: &TestEnvironment) -> ConfigError {
    Settings::read(env).err().unwrap_or_default()
}

#[test]
fn the_table_has_every_documented_setting_and_its_values_are_valid_and_invalid() {
    let page = std::fs::read_to_string(root().join("docs/reference/settings.md")).unwrap();
    for line in page.lines().filter(|line| line.starts_with("| `EVERGRANT_") || line.starts_with("| `DOCUSIGN_")) {
        let name = line.split('`').nth(1).unwrap();
        assert!(SETTINGS.iter().any(|(known, ..)| *known == name), "{name} is not in the table");
    }
    for (name, valid, invalid) in SETTINGS {
        assert!(errors(&good().with(name, valid)).errors.is_empty(), "{name}={valid}");
        let settings: Vec<String> = errors(&good().with(name, invalid)).errors.into_iter().map(|e| e.setting).collect();
        assert_eq!(settings, [name], "{invalid}");
    }
}
