//! Unforeseen values: an error is one printable line for each fault, and has no part of the value.

use evergrant::config::{ConfigError, Settings};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{SETTINGS, errors};
use crate::config::{MARKER, client, good};

/// What values of settings begin with, so that each branch of the parsers is reached.
const BEGINNINGS: [&str; 24] = [
    "",
    "https://",
    "http://",
    "ftp://",
    "file:",
    "@",
    "@Microsoft.KeyVault(",
    "[",
    "{",
    "\"",
    "'",
    "“",
    "<",
    "memory",
    "https://contoso.vault.azure.net/keys/",
    "https://contoso.vault.azure.net/",
    "https://account.docusign.com/",
    "AccountKey=",
    "-----BEGIN ",
    "[{\"scope\":\"",
    "[{\"client_id\":5,\"",
    "info,",
    "9a8b7c6d-0000-4000-8000-",
    "/",
];

/// Fails unless each error is one printable line that names the setting and has no part of the value.
fn check(name: &str, found: &ConfigError) -> Result<(), TestCaseError> {
    for error in &found.errors {
        let text = error.to_string();
        prop_assert!(error.setting.starts_with(name), "{}", text);
        prop_assert!(text.starts_with(name) && !text.contains(MARKER) && !text.contains(char::is_control), "{}", text);
        let says_what_to_do = text.contains("; expected ") || text.contains("; give the app's identity the role ");
        prop_assert!(says_what_to_do, "{}", text);
    }
    Ok(())
}

/// The length of the longest sentence about a setting, in bytes.
const MAX_SENTENCE: usize = 700;

#[test]
fn a_value_of_many_parts_is_refused_in_a_sentence_of_usual_length() {
    for (name, ..) in SETTINGS {
        for part in ["-", ",", "a-", "a,", "1;", ":", "/", ".", "=", "@", "&", "#", "a ", "[", "{", "{},"] {
            for error in &errors(&good().with(name, &part.repeat(1000))).errors {
                assert!(error.to_string().len() < MAX_SENTENCE, "{name} of {part:?}: {error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_setting_repeats_its_value_or_panics(
        (name, ..) in proptest::sample::select(&SETTINGS[..]),
        begin in proptest::sample::select(&BEGINNINGS[..]),
        before in "\\PC{0,6}", after in "\\PC{0,12}|[ -~]{0,12}|\\x00|\n\n",
        repeated in 1..3_usize,
    ) {
        let value = format!("{begin}{before}{MARKER}{after}").repeat(repeated);
        // Two items of a list may be wrong, but a setting has one error.
        check(name, &errors(&good().with(name, &value)))?;
    }

    #[test]
    fn a_value_of_any_length_is_refused_in_a_sentence_of_usual_length(
        (name, ..) in proptest::sample::select(&SETTINGS[..]), unit in "[a-z0-9/:.@-]{1,3}|\\PC", length in 200..3000_usize,
    ) {
        let found = errors(&good().with(name, &unit.repeat(length)));
        for error in &found.errors {
            prop_assert!(error.to_string().len() < MAX_SENTENCE, "{}: {}", name, error.to_string().len());
        }
    }

    #[test]
    fn no_field_of_a_client_repeats_its_value_or_panics(
        field in "[a-z_]{1,20}|client_id|client_secret_sha256|redirect_uris|grant_types|subject|scope|profile|access_token|require_pkce|\
                  api_key_sha256|api_key_usernames|refresh_token_lifetime|gateway_allow|trust|secretless_refresh",
        value in wild_value(),
    ) {
        let env = client(|client| client[&field] = value.clone());
        check("EVERGRANT_CLIENTS", &errors(&env))?;
    }

    #[test]
    fn no_registry_of_wild_entries_panics_or_repeats_them(entries in proptest::collection::vec(wild_value(), 0..4)) {
        let text = Value::Array(entries).to_string();
        let found = Settings::read_clients(&good().with("EVERGRANT_CLIENTS", &text)).err().unwrap_or_default();
        check("EVERGRANT_CLIENTS", &found)?;
    }

    #[test]
    fn a_broken_registry_has_one_error_with_a_line_and_a_column_inside_it(cut in 1..300_usize, inserted in "\\PC|[\\[\\]{},:'\"\n]") {
        let text = serde_json::to_string_pretty(&json!([{"client_id": MARKER, "scope": "ä", "grant_types": [5, null, true]}])).unwrap();
        let at = (0..=cut.min(text.len() - 2)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let broken = format!("{}{inserted}{}", &text[..at], &text[at..]);
        prop_assume!(serde_json::from_str::<Value>(&broken).is_err());
        let found = errors(&good().with("EVERGRANT_CLIENTS", &broken));
        check("EVERGRANT_CLIENTS", &found)?;
        let message = found.errors[0].message();
        let place = message.split("line ").nth(1).and_then(|rest| rest.split_once(", column "));
        let Some((line, rest)) = place else { return Ok(()) };
        let (line, column): (usize, usize) = (line.parse().unwrap(), rest.split(':').next().unwrap().parse().unwrap());
        let lines: Vec<&str> = broken.split('\n').collect();
        prop_assert!(line >= 1 && line <= lines.len(), "{} of {}", line, lines.len());
        prop_assert!(column <= lines[line - 1].chars().count() + 1, "{} in {:?}", column, lines[line - 1]);
    }
}

/// JSON with the marker in its texts and in the names of its members.
fn wild_value() -> impl Strategy<Value = Value> {
    // A space keeps the marker from being a client's identifier, which errors do show.
    let text = ("[ -~]{0,6}", "\\PC{0,4}").prop_map(|(before, after)| Value::from(format!("{before}{MARKER} {after}")));
    let leaf = prop_oneof![
        3 => text, 1 => Just(Value::Null), 1 => any::<bool>().prop_map(Value::from), 1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let name = prop_oneof![
            Just(format!("{MARKER} name")),
            Just("issuer".to_owned()),
            Just("jwks".to_owned()),
            Just("claims".to_owned()),
            Just("keys".to_owned())
        ];
        let members = proptest::collection::vec((name, inner.clone()), 0..3);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::Array),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A secret pasted into the wrong field must not reach a terminal or a log.
#[test]
fn a_client_secret_in_any_field_is_not_repeated() {
    for secret in ["hunter2", "vK3mZ0yQmXw4o9Jt6c1sPq8uLr5nBd2aEfGhIjKlMn0", "hunter2.secret_with-dash", "HUNTER2"] {
        for field in [
            "client_secret_sha256",
            "redirect_uris",
            "grant_types",
            "subject",
            "scope",
            "profile",
            "access_token",
            "require_pkce",
            "api_key_sha256",
            "api_key_usernames",
            "refresh_token_lifetime",
            "gateway_allow",
            "trust",
        ] {
            for value in [json!(secret), json!([secret]), json!({secret: secret}), json!([{secret: secret}])] {
                let found = errors(&client(|client| client[field] = value.clone()));
                assert!(!found.errors.is_empty() && !found.to_string().contains(secret), "{field}={value}: {found}");
            }
        }
    }
}

/// `Debug` is what a `tracing` call or a panic would print.
#[test]
fn settings_print_no_secret_and_no_vault() {
    let vault = "https://hunter2-vault.vault.azure.net/keys/hunter2-key/0a1b";
    let env = good().with("DOCUSIGN_SECRET_KEY", MARKER).with("EVERGRANT_SIGNING_KEY_ID", vault);
    let env = env.with("EVERGRANT_SEALING_KEY_ID_PREVIOUS", vault);
    let text = format!("{:?}", Settings::read(&env).unwrap());
    assert!(!text.contains("hunter2"), "{text}");
}
