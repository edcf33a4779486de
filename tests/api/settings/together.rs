//! All errors are reported together, whatever combination of settings and clients is wrong.

use evergrant::config::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{SETTINGS, errors};
use crate::config::{DIGEST, good};
use crate::support::TestEnvironment;

const REQUIRED: [&str; 7] = [
    "EVERGRANT_PUBLIC_URL",
    "EVERGRANT_SIGNING_KEY_ID",
    "EVERGRANT_SEALING_KEY_ID",
    "DOCUSIGN_ENVIRONMENT",
    "DOCUSIGN_INTEGRATION_KEY",
    "DOCUSIGN_USER_ID",
    "EVERGRANT_CLIENTS",
];

/// A change to a client, and the field whose error it is.
type Fault = (&'static str, fn(&mut Value));
const FAULTS: [Fault; 8] = [
    ("profile", |client| client["profile"] = json!("x")),
    ("scope", |client| client["scope"] = json!("extended")),
    ("access_token", |client| client["access_token"] = json!(5)),
    ("require_pkce", |client| client["require_pkce"] = json!("x")),
    ("api_key_usernames", |client| client["api_key_usernames"] = json!(["x"])),
    ("gateway_allow", |client| client["gateway_allow"] = json!(["GET"])),
    ("refresh_token_lifetime", |client| client["refresh_token_lifetime"] = json!(0)),
    ("comment", |client| client["comment"] = json!("x")),
];

/// The places with errors, sorted.
fn places(env: &TestEnvironment) -> Vec<String> {
    let mut places: Vec<String> = errors(env).errors.into_iter().map(|error| error.setting).collect();
    places.sort();
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_wrong_setting_has_its_error_however_many_there_are(wrong in proptest::collection::btree_set(0..SETTINGS.len(), 0..12)) {
        let mut expected: Vec<&str> = wrong.iter().map(|index| SETTINGS[*index].0).collect();
        expected.sort_unstable();
        let env = wrong.iter().fold(good(), |env, index| env.with(SETTINGS[*index].0, SETTINGS[*index].2));
        prop_assert_eq!(places(&env), expected);
    }

    #[test]
    fn each_missing_setting_has_its_error(missing in proptest::sample::subsequence(REQUIRED.to_vec(), 0..=7)) {
        let env = missing.iter().fold(good(), |env, name| env.without(name));
        let found = errors(&env);
        let are_missing = found.errors.iter().all(|error| error.message().ends_with(" is missing"));
        prop_assert!(are_missing, "{}", found);
        prop_assert_eq!(found.nothing_is_set, missing.len() == REQUIRED.len());
        let mut expected = missing;
        expected.sort_unstable();
        prop_assert_eq!(places(&env), expected);
    }

    #[test]
    fn each_wrong_field_of_each_client_has_its_error(
        faults in proptest::collection::vec(proptest::sample::subsequence((0..FAULTS.len()).collect::<Vec<_>>(), 0..4), 0..5),
    ) {
        let mut expected = Vec::new();
        let entry = |(number, faults): (usize, &Vec<usize>)| {
            let mut client = json!({"client_id": format!("c{number}"), "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]});
            for fault in faults {
                expected.push(format!("EVERGRANT_CLIENTS[{number}].{}", FAULTS[*fault].0));
                FAULTS[*fault].1(&mut client);
            }
            client
        };
        let registry: Vec<Value> = faults.iter().enumerate().map(entry).collect();
        expected.sort();
        prop_assert_eq!(places(&good().with("EVERGRANT_CLIENTS", &Value::Array(registry).to_string())), expected);
    }
}

#[test]
fn a_wrong_setting_of_docusign_does_not_hide_errors_of_clients() {
    let registry = json!([{"client_id": "a", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"], "scope": "extended"}]);
    let env = good().with("EVERGRANT_CLIENTS", &registry.to_string());
    assert_eq!(places(&env), ["EVERGRANT_CLIENTS[0].scope"]);
    assert_eq!(
        places(&env.clone().with("DOCUSIGN_ENVIRONMENT", "x")),
        ["DOCUSIGN_ENVIRONMENT", "EVERGRANT_CLIENTS[0].scope"]
    );
    // Without readable scopes there is nothing to compare with.
    assert_eq!(places(&env.with("DOCUSIGN_SCOPES", "%")), ["DOCUSIGN_SCOPES"]);
}

#[test]
fn errors_and_hints_are_printed_one_a_line_with_the_hints_last() {
    let env = good()
        .without("DOCUSIGN_USER_ID")
        .with("EVERGRANT_LOG", "x")
        .with("DOCUSIGN_USERID", "x")
        .with("EVERGRANT_FOO", "x");
    let text = errors(&env).to_string();
    let begins: Vec<&str> =
        text.lines().map(|line| line.split_inclusive(' ').nth(1).unwrap_or_default().trim()).collect();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.lines().take(2).all(|line| !line.starts_with("warning: ")), "{text}");
    assert!(text.lines().skip(2).all(|line| line.starts_with("warning: ")) && begins.len() == 4, "{text}");
    assert!(text.contains("DOCUSIGN_USERID is unknown: did you mean DOCUSIGN_USER_ID?"), "{text}");
}

#[test]
fn a_registry_is_the_same_in_the_setting_and_in_a_file() {
    let registry = json!([{"client_id": "a", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]}])
        .to_string();
    let inline = Settings::read(&good().with("EVERGRANT_CLIENTS", &registry)).unwrap().clients;
    for path in ["clients.json", "a folder/clients", "/abs/ä.json"] {
        for value in [format!("@{path}"), format!("@ {path}"), format!(" @{path} ")] {
            let env = good().with("EVERGRANT_CLIENTS", &value).with_file(path, &registry);
            let read = Settings::read(&env).unwrap().clients;
            assert_eq!(format!("{:?}", read.at_start), format!("{:?}", inline.at_start), "{value}");
            assert!(read.digest.is_some() && inline.digest.is_none());
        }
    }
}
