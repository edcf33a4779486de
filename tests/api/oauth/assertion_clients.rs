//! Which clients an assertion can mean, and what the operator reads if it fits none.

use evergrant::clock::UnixSeconds;
use evergrant::oauth::assertion::candidates::{
    fitting_clients, fitting_issuer, is_self_signed, named_client, possible_clients,
};
use evergrant::oauth::assertion::compact::Assertion;
use evergrant::oauth::assertion::error::AssertionError;
use evergrant::oauth::client::ClientRegistry;
use serde_json::{Value, json};

use super::assertion_claims::{ISSUER, NOW, compact};
use super::registry;
use crate::trust::signer::{Signer, changed};

/// Clients that trust one issuer with different claims, another issuer, and nothing.
fn clients() -> ClientRegistry {
    let entry = |issuer: &str, subject: &str| json!({"issuer": issuer, "audience": "evergrant", "subject": subject});
    let client =
        |id: &str, trust: Value| json!({"client_id": id, "grant_types": ["client_credentials"], "trust": trust});
    let own = Signer::p256("own").jwk();
    registry(&json!([
        client("first", json!([entry(ISSUER, "one"), entry(ISSUER, "two")])),
        client("second", json!([entry(ISSUER, "two"), entry("https://other.example", "one")])),
        client("itself", json!([{"jwks": {"keys": [own]}}])),
        {"client_id": "secret", "client_secret_sha256": ["2c".repeat(32)], "grant_types": ["client_credentials"]},
    ]))
}

fn with_token<T>(changes: &Value, read: impl FnOnce(&Assertion<'_>) -> T) -> T {
    let claims = json!({"iss": ISSUER, "aud": "evergrant", "sub": "two", "exp": NOW + 60});
    let token = compact(&changed(&claims, changes));
    read(&Assertion::parse(&token).unwrap())
}

#[test]
fn the_client_is_the_one_that_is_named_or_the_one_in_sub() {
    let clients = clients();
    let named = |client_id: Option<&str>, sub: &Value| {
        with_token(&json!({"sub": sub}), |assertion| {
            named_client(&clients, client_id, assertion).map(|client| client.client_id.to_string())
        })
    };
    assert_eq!(named(Some("first"), &json!("second")), Ok("first".to_owned()));
    assert_eq!(named(None, &json!("second")), Ok("second".to_owned()));
    assert_eq!(named(Some("First"), &json!("second")), Err(AssertionError::UnknownClient));
    for sub in [json!("unknown"), json!(""), json!(null), json!(["first"])] {
        assert_eq!(named(None, &sub), Err(AssertionError::NoClient), "{sub}");
    }
}

#[test]
fn every_client_that_trusts_a_token_is_found() {
    let clients = clients();
    let fitting = |changes: Value| {
        with_token(&changes, |assertion| {
            let fitting = fitting_clients(&clients, assertion, UnixSeconds(NOW));
            fitting
                .map(|found| found.iter().map(|(client, _)| client.client_id.to_string()).collect::<Vec<_>>())
                .map_err(|(client, error)| (client.map(|client| client.client_id.to_string()), error.to_string()))
        })
    };
    assert_eq!(fitting(json!({})), Ok(vec!["first".to_owned(), "second".to_owned()]));
    assert_eq!(fitting(json!({"sub": "one"})), Ok(vec!["first".to_owned()]));
    assert_eq!(fitting(json!({"iss": "https://other.example", "sub": "one"})), Ok(vec!["second".to_owned()]));
    for (changes, client, expected) in [
        (json!({"sub": "three"}), None, "sub is `three`"),
        (json!({"aud": "other"}), None, "audience is `other`"),
        (json!({"exp": NOW - 100}), None, "the assertion expired 100 s ago"),
        (
            json!({"iss": "https://other.example", "sub": "two"}),
            Some("second"),
            "sub is `two`, the client expects `one`",
        ),
        (json!({"iss": "https://unknown.example"}), None, "no client trusts the issuer `https://unknown.example`"),
        (json!({"iss": "itself", "sub": "itself"}), None, "no client trusts the issuer `itself`"),
    ] {
        let (of_client, error) = fitting(changes.clone()).unwrap_err();
        assert_eq!(of_client.as_deref(), client, "{changes}");
        assert!(error.starts_with(expected), "{changes}: {error}");
    }
}

#[test]
fn of_several_entries_the_nearest_one_says_what_is_wrong() {
    let clients = clients();
    let fitting = |client: &str, changes: Value| {
        let client = clients.find(client).unwrap();
        with_token(&changes, |assertion| {
            fitting_issuer(client, assertion, UnixSeconds(NOW))
                .map(ToOwned::to_owned)
                .map_err(|error| error.to_string())
        })
    };
    assert_eq!(fitting("first", json!({"sub": "one"})), Ok(ISSUER.to_owned()));
    for (client, changes, expected) in [
        ("first", json!({"sub": "two", "exp": NOW - 100}), "the assertion expired"),
        ("first", json!({"sub": "one", "exp": NOW - 100}), "the assertion expired"),
        (
            "second",
            json!({"iss": "https://third.example"}),
            "iss is `https://third.example`, the client trusts `https://issuer.example or https://other.example`",
        ),
        ("itself", json!({}), "iss is `https://issuer.example`, the client trusts `itself`"),
        ("secret", json!({}), "the client has no trust entry"),
        ("first", json!({"iss": null}), "iss is missing"),
    ] {
        let error = fitting(client, changes.clone()).unwrap_err();
        assert!(error.starts_with(expected), "{client} {changes}: {error}");
    }
}

#[test]
fn the_clients_that_a_token_can_mean_are_those_that_it_names_and_those_that_trust_its_issuer() {
    let clients = clients();
    for (changes, expected) in [
        (json!({}), &["first", "second"][..]),
        (json!({"sub": "secret"}), &["first", "second", "secret"]),
        (json!({"iss": "itself", "sub": "itself"}), &["itself"]),
        (json!({"iss": "https://other.example"}), &["second"]),
        (json!({"iss": "https://unknown.example"}), &[]),
        (json!({"iss": null, "sub": null}), &[]),
    ] {
        let found = with_token(&changes, |assertion| {
            let found = possible_clients(&clients, assertion);
            found.iter().map(|client| client.client_id.to_string()).collect::<Vec<_>>()
        });
        assert_eq!(found, expected, "{changes}");
        for client in clients.iter() {
            let is_own = changes["iss"] == client.client_id.as_str();
            assert_eq!(with_token(&changes, |assertion| is_self_signed(client, assertion)), is_own, "{changes}");
        }
    }
}
