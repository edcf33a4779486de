//! What copying does to a value: invisible characters are left out, everything else is named.

use evergrant::config::Settings;
use evergrant::config::error::{Problem, SettingError};

use super::{SETTINGS, errors};
use crate::config::good;

/// Makes a setting's value from its name and a valid value.
type Disguise = fn(&str, &str) -> String;

/// Values that look right at a glance, and the reason in the error.
const DISGUISES: [(Disguise, &str); 12] = [
    (|_, value| format!("\"{value}\""), "it has quotes around it"),
    (|_, value| format!("'{value}'"), "it has quotes around it"),
    (|_, value| format!("“{value}”"), "it has typographic quotes around it"),
    (|_, value| format!("„{value}“"), "it has typographic quotes around it"),
    (|_, value| format!("‘{value}’"), "it has typographic quotes around it"),
    (|_, value| format!("«{value}»"), "it has typographic quotes around it"),
    (|_, value| format!("<{value}>"), "it is still a placeholder in angle brackets"),
    (|name, value| format!("{name}={value}"), "it begins with the setting's own name and an equals sign"),
    (|name, value| format!(" {name}={value}\n"), "it begins with the setting's own name and an equals sign"),
    (|_, value| format!("{value}\u{fffd}"), "it has bytes that are not UTF-8"),
    (|_, value| format!("\u{fffd}{value}"), "it has bytes that are not UTF-8"),
    (|name, value| format!("\"{name}={value}\""), "it has quotes around it"),
];

#[test]
fn a_disguised_value_is_the_only_error_of_its_setting_and_is_named() {
    for (name, value, _) in SETTINGS {
        for (disguise, reason) in DISGUISES {
            let disguised = disguise(name, value);
            let found = errors(&good().with(name, &disguised)).errors;
            let messages: Vec<String> = found.iter().map(SettingError::message).collect();
            assert_eq!(messages, [format!("{name} is invalid: {reason}")], "{disguised}");
        }
    }
}

/// Invisible characters that editors, shells and web pages put around copied text.
const INVISIBLE: [&str; 9] = ["\u{feff}", "\u{200b}", "\u{200e}", "\u{200f}", "\u{a0}", "\t", "\r\n", " ", "\u{2003}"];

#[test]
fn invisible_characters_around_any_setting_are_left_out() {
    for (name, value, _) in SETTINGS {
        let plain = format!("{:?}", Settings::read(&good().with(name, value)).unwrap());
        for invisible in INVISIBLE {
            for around in
                [format!("{invisible}{value}"), format!("{value}{invisible}"), format!("{invisible}{value}{invisible}")]
            {
                let read = Settings::read(&good().with(name, &around)).unwrap_or_else(|e| panic!("{around:?}: {e}"));
                assert_eq!(format!("{read:?}"), plain, "{name}={around:?}");
            }
        }
    }
}

#[test]
fn invisible_characters_alone_count_as_not_set() {
    let unset = errors(&good());
    assert!(unset.errors.is_empty());
    for (name, ..) in SETTINGS {
        let without = errors(&good().without(name)).errors;
        for invisible in INVISIBLE {
            assert_eq!(errors(&good().with(name, &invisible.repeat(3))).errors, without, "{name}={invisible:?}");
        }
    }
}

/// Ways in which a reference is written in an app setting.
const REFERENCES: [(&str, &str, &str); 5] = [
    ("@Microsoft.KeyVault(SecretUri=https://hunter2.vault.azure.net/secrets/a)", "Key Vault", "Key Vault Secrets User"),
    ("@Microsoft.KeyVault(VaultName=hunter2;SecretName=a)", "Key Vault", "Key Vault Secrets User"),
    (" @MICROSOFT.KEYVAULT(SecretUri=https://hunter2/)\n", "Key Vault", "Key Vault Secrets User"),
    (
        "@Microsoft.AppConfiguration(Endpoint=https://hunter2; Key=a)",
        "App Configuration",
        "App Configuration Data Reader",
    ),
    ("@microsoft.appconfiguration(", "App Configuration", "App Configuration Data Reader"),
];

#[test]
fn a_reference_that_was_not_resolved_names_the_role_and_not_the_vault_for_every_setting() {
    for (name, ..) in SETTINGS.into_iter().filter(|(name, ..)| *name != "DOCUSIGN_SECRET_KEY") {
        for (value, kind, role) in REFERENCES {
            let found = errors(&good().with(name, value));
            assert!(matches!(found.errors[..], [ref error] if error.setting == name), "{name}={value}: {found}");
            let text = found.to_string();
            assert!(text.contains(kind) && text.contains(role) && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn an_optional_secret_that_did_not_arrive_stops_nothing_but_is_listed_with_other_errors() {
    for (value, kind, _) in REFERENCES {
        let env = good().with("DOCUSIGN_SECRET_KEY", value);
        let settings = Settings::read(&env).unwrap();
        assert!(settings.docusign.secret_key.is_missing() && settings.docusign.secret_key.get().is_none(), "{value}");
        assert!(
            matches!(settings.missing_secrets[..], [ref missing] if matches!(missing.problem, Problem::Unresolved(_)))
        );
        let found = errors(&env.without("DOCUSIGN_USER_ID"));
        let named: Vec<&str> = found.errors.iter().map(|error| error.setting.as_str()).collect();
        assert_eq!(named, ["DOCUSIGN_USER_ID", "DOCUSIGN_SECRET_KEY"]);
        assert!(found.to_string().contains(kind) && !found.to_string().contains("hunter2"), "{found}");
    }
}

#[test]
fn a_secret_may_have_any_characters_that_are_not_around_it() {
    for secret in
        ["a\"b", "it's", "x=y", "DOCUSIGN_SECRET_KEY", "<a>b", "p@Microsoft.KeyVault(x)", "ä€🔑", "a b", "\\n", "%20"]
    {
        let settings = Settings::read(&good().with("DOCUSIGN_SECRET_KEY", secret)).unwrap();
        let read = settings.docusign.secret_key.get().unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(read), secret);
    }
}
