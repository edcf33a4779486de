//! Hints in the log about refused credentials: they name the mistake, and never the credential.

use std::sync::LazyLock;

use evergrant::oauth::client::ClientRegistry;
use evergrant::oauth::client::claimed::ClaimedCredentials;
use evergrant::oauth::client::credential_hint::{of_api_key, of_client};
use evergrant::oauth::error::ErrorCode;
use evergrant::oauth::form::Form;
use proptest::prelude::*;
use sandbox::{CLIENT_SECRET, digest};
use serde_json::json;

use super::registry;
use crate::local::client;

const KEY: &str = "an api key of the tests, worth nothing";

static CLIENTS: LazyLock<ClientRegistry> = LazyLock::new(|| {
    let keyed = json!({"client_secret_sha256": [], "grant_types": [], "api_key_sha256": [digest(KEY)]});
    registry(&json!([
        client("web", &json!({})),
        client("other", &json!({"client_secret_sha256": [digest("other secret")]})),
        client("native", &json!({"client_secret_sha256": []})),
        client("key", &keyed),
        {"client_id": "workload", "grant_types": ["client_credentials"],
         "trust": [{"issuer": "https://issuer.example", "audience": "a", "subject": "s"}]},
    ]))
});

#[test]
fn a_hint_names_what_is_wrong_with_an_id_and_a_secret() {
    let long = "x".repeat(513);
    for (client_id, secret, expected) in [
        ("web", Some("wrong"), None),
        ("web", None, Some("the caller sent no client secret")),
        ("web", Some("other secret"), Some("belongs to another registered client")),
        ("web", Some(" other secret"), Some("blanks, line ends or quotes")),
        ("web", Some(long.as_str()), Some("the client secret is far too long")),
        ("key", Some(KEY), Some("has no secret")),
        ("native", Some("x"), Some("the client is public and has no secret")),
        ("native", None, Some("has no secret")),
        ("workload", Some("x"), Some("proves itself by a client_assertion")),
        ("workload", None, Some("proves itself by a client_assertion")),
        ("unknown", Some("x"), Some("no client with this client ID")),
        ("unknown", None, Some("no client with this client ID")),
        ("unknown", Some(CLIENT_SECRET), Some("no client with this client ID")),
        ("WEB", Some("x"), Some("another letter case")),
        ("\u{feff}web\u{200b}", Some("x"), Some("the client ID has blanks")),
        ("'web'", None, Some("the client ID has blanks")),
        (long.as_str(), Some("x"), Some("the client ID is far too long")),
        (CLIENT_SECRET, Some("web"), Some("swapped")),
        ("<client id>", None, Some("placeholder instead of a client ID")),
        ("undefined", Some("x"), Some("placeholder instead of a client ID")),
        ("your-client-id", Some("x"), Some("placeholder instead of a client ID")),
    ] {
        let found = of_client(&CLIENTS, client_id, secret);
        match expected {
            Some(expected) => {
                assert!(found.is_some_and(|hint| hint.contains(expected)), "{client_id} {secret:?}: {found:?}");
            }
            None => assert_eq!(found, None, "{client_id} {secret:?}"),
        }
    }
}

#[test]
fn a_hint_names_what_is_wrong_with_an_api_key() {
    let digest = digest(KEY);
    for (api_key, expected) in [
        ("wrong".to_owned(), None),
        (CLIENT_SECRET.to_owned(), Some("a client secret instead of an API key")),
        (format!("{KEY}\n"), Some("blanks, line ends or quotes")),
        (format!("\u{ab}{KEY}\u{bb}"), Some("blanks, line ends or quotes")),
        (KEY.replace(' ', "%20"), Some("percent-encoded")),
        (format!("x-api-key: {KEY}"), None),
        (digest.clone(), Some("the digest of an API key")),
        (digest.to_uppercase(), Some("the digest of an API key")),
        (format!("[\"{digest}\"]"), Some("the digest of an API key")),
        ("<api key>".to_owned(), Some("placeholder instead of an API key")),
        ("null".to_owned(), Some("placeholder instead of an API key")),
        ("x".repeat(513), Some("far too long")),
    ] {
        let found = of_api_key(&CLIENTS, &api_key);
        match expected {
            Some(expected) => assert!(found.is_some_and(|hint| hint.contains(expected)), "{api_key}: {found:?}"),
            None => assert_eq!(found, None, "{api_key}"),
        }
    }
}

#[test]
fn a_request_in_the_query_is_named_before_everything_else() {
    let hint = |query: Option<&str>, body: &str, error: ErrorCode| {
        let form = Form { query: query.map(ToOwned::to_owned), body: body.to_owned().into(), ..Form::default() };
        ClaimedCredentials::read(&form).hint(&CLIENTS, error).unwrap_or_default().to_owned()
    };
    let in_query = "the caller sent the parameters in the query";
    for (query, body, error, expected) in [
        (Some("grant_type=x&client_id=web&client_secret=wrong"), "", ErrorCode::InvalidClient, in_query),
        (Some("grant_type=x"), "", ErrorCode::InvalidRequest, in_query),
        (Some("grant_type=x"), "client_id=unknown", ErrorCode::InvalidClient, "no client with this"),
        (Some("client_id=unknown"), "", ErrorCode::InvalidClient, "no client with this"),
        (None, "client_id=unknown&client_secret=x", ErrorCode::InvalidClient, "no client with this"),
        (None, r#"{"client_id":"unknown"}"#, ErrorCode::InvalidClient, "no client with this"),
        // Another error has a sentence that says what is wrong, and so has a refused assertion.
        (None, "client_id=unknown&client_secret=x", ErrorCode::InvalidRequest, ""),
        (None, "client_id=unknown&client_assertion=x", ErrorCode::InvalidClient, ""),
        (None, "grant_type=x", ErrorCode::InvalidClient, ""),
    ] {
        let found = hint(query, body, error);
        assert!(found.starts_with(expected) && found.is_empty() == expected.is_empty(), "{query:?} {body}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_hint_never_repeats_a_credential(client_id in "\\PC{0,30}", secret in "[a-zA-Z0-9]{12,40}", before in "[ \"':=]{0,2}") {
        let presented = format!("{before}{secret}");
        let hints = [
            of_client(&CLIENTS, &client_id, Some(&presented)),
            of_client(&CLIENTS, "web", Some(&presented)),
            of_client(&CLIENTS, &presented, Some(CLIENT_SECRET)),
            of_api_key(&CLIENTS, &presented),
        ];
        for hint in hints.into_iter().flatten() {
            prop_assert!(!hint.contains(&secret), "{}", hint);
        }
    }

    #[test]
    fn a_framed_secret_is_recognized_in_every_frame(before in "[ \t\r\n\"'`\u{feff}\u{200b}]{0,3}", after in "[ \t\r\n\"'`\u{ab}\u{201d}]{1,3}") {
        let framed = format!("{before}{CLIENT_SECRET}{after}");
        let hint = of_client(&CLIENTS, "web", Some(&framed)).unwrap_or_default();
        prop_assert!(hint.contains("blanks, line ends or quotes"), "{:?}: {}", framed, hint);
    }

    #[test]
    fn arbitrary_credentials_never_panic(client_id in "\\PC{0,60}", secret in proptest::option::of("\\PC{0,600}")) {
        let _ = of_client(&CLIENTS, &client_id, secret.as_deref());
        let _ = of_api_key(&CLIENTS, secret.as_deref().unwrap_or_default());
    }
}
