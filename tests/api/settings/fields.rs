//! Each field of a client against each kind of JSON value.

use evergrant::config::Settings;
use evergrant::config::error::SettingError;
use serde_json::{Value, json};

use super::errors;
use crate::config::{DIGEST, client};

/// What a field takes, as its error says.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Text,
    Texts,
    Boolean,
    Number,
    Trust,
}

const FIELDS: [(&str, Takes); 17] = [
    ("client_id", Takes::Text),
    ("client_secret_sha256", Takes::Texts),
    ("grant_types", Takes::Texts),
    ("subject", Takes::Text),
    ("redirect_uris", Takes::Texts),
    ("scope", Takes::Text),
    ("profile", Takes::Text),
    ("access_token", Takes::Text),
    ("require_pkce", Takes::Boolean),
    ("api_key_sha256", Takes::Texts),
    ("api_key_usernames", Takes::Texts),
    ("refresh_token_lifetime", Takes::Number),
    ("secretless_refresh", Takes::Boolean),
    ("authorization_response_iss", Takes::Boolean),
    ("token_request_in_query", Takes::Boolean),
    ("gateway_allow", Takes::Texts),
    ("trust", Takes::Trust),
];

impl Takes {
    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text in double quotes",
            Self::Texts | Self::Trust => "an array in square brackets",
            Self::Boolean => "true or false",
            Self::Number => "a number",
        }
    }

    /// Whether the value's kind is what the field takes, whatever is in it.
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Texts | Self::Trust => value.is_array(),
            Self::Boolean => value.is_boolean(),
            Self::Number => value.is_number(),
        }
    }
}

/// The messages of a client with this value.
fn messages(field: &str, value: &Value) -> Vec<String> {
    errors(&client(|client| client[field] = value.clone())).errors.iter().map(SettingError::message).collect()
}

#[test]
fn a_value_of_another_kind_is_named_with_the_kind_that_is_expected() {
    let values = [
        (json!(true), "true or false"),
        (json!(5), "a number"),
        (json!("x y"), "a text"),
        (json!([]), "an array"),
        (json!({}), "an object"),
    ];
    for (field, takes) in FIELDS {
        for (value, kind) in values.iter().filter(|(value, _)| !takes.fits(value)) {
            // Without a readable id, no client is named.
            let named = if field == "client_id" { "" } else { " (client flows)" };
            let expected =
                format!("EVERGRANT_CLIENTS[0].{field}{named} is invalid: it is {kind} instead of {}", takes.expected());
            assert_eq!(messages(field, value), [expected], "{field}={value}");
        }
    }
}

#[test]
fn an_item_of_another_kind_is_named_with_its_number_if_there_are_several() {
    for (field, _) in FIELDS.into_iter().filter(|(_, takes)| *takes == Takes::Texts) {
        for (item, kind) in
            [(json!(5), "a number"), (json!(null), "null"), (json!(["x"]), "an array"), (json!({}), "an object")]
        {
            let alone = messages(field, &json!([item]));
            assert!(
                alone
                    .iter()
                    .any(|m| m.ends_with(&format!("is invalid: it is {kind} instead of a text in double quotes"))),
                "{alone:?}"
            );
            let second = messages(field, &json!([valid_item(field), item]));
            let reason = format!("is invalid: item 2: it is {kind} instead of a text in double quotes");
            assert!(second.iter().any(|m| m.ends_with(&reason)), "{second:?}");
        }
    }
}

fn valid_item(field: &str) -> &'static str {
    match field {
        "client_secret_sha256" | "api_key_sha256" => DIGEST,
        "grant_types" => "client_credentials",
        "redirect_uris" => "https://client.example/cb",
        "api_key_usernames" => "@contoso.com",
        _ => "GET /clm/",
    }
}

#[test]
fn null_means_that_a_field_is_left_out() {
    let plain = Settings::read(&client(|_| ())).unwrap().clients.at_start;
    for (field, _) in FIELDS {
        let found = messages(field, &Value::Null);
        match field {
            "client_id" => assert_eq!(found, ["EVERGRANT_CLIENTS[0].client_id is missing"]),
            "client_secret_sha256" | "grant_types" => {
                assert_eq!(found, [format!("EVERGRANT_CLIENTS[0].{field} (client flows) is missing")]);
            }
            "scope" => assert_eq!(found, [""; 0]),
            _ => {
                let with = Settings::read(&client(|client| client[field] = Value::Null)).unwrap().clients.at_start;
                assert_eq!(format!("{with:?}"), format!("{plain:?}"), "{field}");
            }
        }
    }
}

type Disguise = fn(&str) -> String;

#[test]
fn texts_in_disguise_are_named_in_each_field() {
    let disguises: [(Disguise, &str); 5] = [
        (|text| format!("\"{text}\""), "it has quotes around it"),
        (|text| format!("“{text}”"), "it has typographic quotes around it"),
        (|text| format!("<{text}>"), "it is still a placeholder in angle brackets"),
        (|text| format!(" {text} "), "it begins or ends with a space"),
        (
            |_| "@Microsoft.KeyVault(SecretUri=https://hunter2/)".to_owned(),
            "it is a Key Vault reference, which works only as the whole value of a setting",
        ),
    ];
    let valid = [
        ("subject", "integration_user"),
        ("profile", "standard"),
        ("access_token", "docusign"),
        ("grant_types", "client_credentials"),
        ("client_secret_sha256", DIGEST),
        ("api_key_sha256", DIGEST),
        ("redirect_uris", "https://client.example/cb"),
        ("gateway_allow", "GET /clm/"),
    ];
    for (field, text) in valid {
        for (disguise, reason) in disguises {
            let written = json!(disguise(text));
            let value =
                if matches!(field, "subject" | "profile" | "access_token") { written } else { json!([written]) };
            let found = messages(field, &value);
            let expected = format!("EVERGRANT_CLIENTS[0].{field} (client flows) is invalid: {reason}");
            assert!(found.contains(&expected), "{value}: {found:?}");
        }
    }
}

#[test]
fn numbers_of_a_lifetime_are_whole_and_above_zero() {
    for (value, reason) in [
        (json!(0), "it is 0 (leave the field out for no limit)"),
        (json!(-1), "it is below 0"),
        (json!(-0.5), "it is below 0"),
        (json!(0.5), "it is not a whole number"),
        (json!(1.0), "it is not a whole number"),
        (json!(1e300), "it is not a whole number"),
        (json!("3600"), "it has quotes around it"),
        (json!("an hour"), "it is a text instead of a number"),
    ] {
        let expected = format!("EVERGRANT_CLIENTS[0].refresh_token_lifetime (client flows) is invalid: {reason}");
        assert_eq!(messages("refresh_token_lifetime", &value), [expected], "{value}");
    }
    for right in [1, 60, u64::MAX] {
        assert_eq!(messages("refresh_token_lifetime", &json!(right)), [""; 0]);
    }
}

#[test]
fn switches_are_true_or_false_and_not_words_for_them() {
    for (field, _) in FIELDS.into_iter().filter(|(_, takes)| *takes == Takes::Boolean) {
        for value in [json!("true"), json!("false")] {
            let expected = format!("EVERGRANT_CLIENTS[0].{field} (client flows) is invalid: it has quotes around it");
            assert_eq!(messages(field, &value), [expected]);
        }
        for value in [json!("yes"), json!("True"), json!(1), json!(0)] {
            assert_eq!(messages(field, &value).len(), 1, "{field}={value}");
        }
        assert_eq!(messages(field, &json!(true)), [""; 0]);
    }
}

/// Field names that are nearly right, and the one that is meant.
#[test]
fn an_unknown_field_is_named_with_the_nearest_one_unless_its_name_could_be_a_secret() {
    for (name, nearest) in [
        ("redirect_uri", Some("redirect_uris")),
        ("redirecturis", Some("redirect_uris")),
        ("grant_type", Some("grant_types")),
        ("scopes", Some("scope")),
        ("clientid", Some("client_id")),
        ("require_pcke", Some("require_pkce")),
        ("api_keys_sha256", Some("api_key_sha256")),
        ("gateway_allowed", Some("gateway_allow")),
        ("comment", None),
    ] {
        let found = messages(name, &json!("x"));
        let hint = nearest.map(|nearest| format!(" (did you mean {nearest}?)")).unwrap_or_default();
        // A name with digits is not shown.
        let shown = if name.bytes().any(|b| b.is_ascii_digit()) { "(a field)" } else { name };
        assert_eq!(
            found,
            [format!("EVERGRANT_CLIENTS[0].{shown} (client flows) is invalid: clients have no such field{hint}")]
        );
    }
    for name in
        ["Hunter2", "hunter 2", "hunter-two", "", "x\n", "ünter", "a_name_that_is_longer_than_any_field_of_ours"]
    {
        let found = messages(name, &json!(1));
        assert!(
            matches!(&found[..], [one] if one.starts_with("EVERGRANT_CLIENTS[0].(a field) (client flows)")),
            "{found:?}"
        );
    }
}
