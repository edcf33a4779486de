//! `trust`: each mistake in an entry is named with the entry's number, and nothing of it is repeated.

use evergrant::config::error::SettingError;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::errors;
use crate::config::{MARKER, client};

/// The reason why this trust is refused; empty if it is accepted.
fn reason(trust: &Value) -> String {
    let env =
        client(|client| *client = json!({"client_id": "flows", "grant_types": ["client_credentials"], "trust": trust}));
    let found = errors(&env);
    let messages: Vec<String> = found.errors.iter().map(SettingError::message).collect();
    assert!(messages.len() <= 1 && !found.to_string().contains(MARKER), "{messages:?}");
    let start = "EVERGRANT_CLIENTS[0].trust (client flows) is invalid: ";
    messages
        .first()
        .map(|message| message.strip_prefix(start).unwrap_or_else(|| panic!("{message}")).to_owned())
        .unwrap_or_default()
}

/// An entry that trusts an issuer, with these fields instead.
fn issuer(more: &Value) -> Value {
    let mut entry = json!({"issuer": "https://issuer.example", "audience": "evergrant", "subject": "a"});
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// An entry that trusts an issuer for these claims.
fn claims(claims: &Value) -> Value {
    issuer(&json!({"subject": null, "claims": claims}))
}

#[test]
fn issuers_are_written_as_their_tokens_have_them() {
    for right in [
        "https://issuer.example",
        "https://issuer.example/",
        "https://issuer.example/tenant/v2.0",
        "https://issuer.example:8443/x",
        "http://localhost:8080",
        "http://127.0.0.1/x",
        "https://sts.windows.net/3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa/",
    ] {
        assert_eq!(reason(&json!([issuer(&json!({"issuer": right}))])), "", "{right}");
    }
    let not_canonical =
        "its issuer: it is not written as iss has it: lower-case host, no default port, no dot segments, only ASCII";
    for (wrong, why) in [
        ("https://Issuer.example", not_canonical),
        ("https://issuer.example:443/x", not_canonical),
        ("https://issuer.example/a/../b", not_canonical),
        ("https://bücher.example", not_canonical),
        ("HTTPS://issuer.example", not_canonical),
        ("http://issuer.example", "its issuer: it begins with http://, which is for this machine only"),
        ("issuer.example", "its issuer: it does not begin with https://"),
        ("", "its issuer: it does not begin with https://"),
        ("https://issuer.example?x=1", "its issuer: it has a query (what follows the question mark)"),
        ("https://issuer.example/#x", "its issuer: it has a fragment (what follows the #)"),
        ("https://u:p@issuer.example", "its issuer: it has a user name or a password before the host"),
        (
            "https://*.example",
            "its issuer: it has a wildcard, but values are compared character by character (only ref and environment may end with *)",
        ),
        ("https://issuer.example:x", "its issuer: it is not a URL (invalid port number)"),
        ("\"https://issuer.example\"", "its issuer: it has quotes around it"),
    ] {
        assert_eq!(reason(&json!([issuer(&json!({"issuer": wrong}))])), format!("item 1: {why}"), "{wrong}");
    }
}

#[test]
fn an_entry_names_an_issuer_an_audience_and_what_its_tokens_say() {
    let everyone = "it has neither subject nor claims, so every token of the issuer would be accepted";
    for (entry, why) in [
        (json!({}), "it has no issuer"),
        (json!({"audience": "a", "subject": "b"}), "it has no issuer"),
        (issuer(&json!({"audience": null})), "it has no audience"),
        (issuer(&json!({"subject": null})), everyone),
        (issuer(&json!({"subject": null, "claims": null})), everyone),
        (claims(&json!({})), "its claims are empty"),
        (claims(&json!([])), "its claims are an array"),
        (claims(&json!("repository")), "its claims are a text"),
        (issuer(&json!({"audience": ""})), "its audience: it is empty"),
        (
            issuer(&json!({"audience": "*"})),
            "its audience: it has a wildcard, but values are compared character by character (only ref and environment may end with *)",
        ),
        (issuer(&json!({"audience": ["a"]})), "its audience: it is an array instead of a text in double quotes"),
        (issuer(&json!({"subject": 5})), "its subject: it is a number instead of a text in double quotes"),
        (issuer(&json!({"subject": " a"})), "its subject: it begins or ends with a space"),
        (
            issuer(&json!({"subject": "a\nb"})),
            "its subject: it begins or ends with a space, or has a control character",
        ),
        (issuer(&json!({"isuer": "x"})), "it has an unknown field (did you mean issuer?)"),
        (issuer(&json!({"jwks_url": "x"})), "it has an unknown field (did you mean jwks_uri?)"),
        (issuer(&json!({"hunter2-marker": "x"})), "it has an unknown field"),
        (
            issuer(&json!({"jwks": {"keys": []}})),
            "it has jwks or jwks_uri together with other fields, but these are entries of their own",
        ),
        (
            json!({"jwks": {"keys": []}, "jwks_uri": "https://a.example"}),
            "it has jwks or jwks_uri together with other fields, but these are entries of their own",
        ),
        (json!("https://issuer.example"), "it is a text"),
        (json!(null), "it is null"),
    ] {
        assert_eq!(reason(&json!([entry])), format!("item 1: {why}"), "{entry}");
        assert_eq!(reason(&json!([issuer(&json!({})), entry])), format!("item 2: {why}"), "{entry}");
    }
    assert_eq!(reason(&issuer(&json!({}))), "it is an object instead of an array in square brackets");
}

#[test]
fn claims_are_compared_as_a_whole_but_for_branches_and_environments() {
    for right in [
        json!({"repository": "contoso/agreements"}),
        json!({"ref": "refs/heads/*"}),
        json!({"environment": "prod*", "repository": "a"}),
        json!({"email_verified": true, "oid": "x"}),
        json!({"https://contoso.example/claim": "x"}),
    ] {
        assert_eq!(reason(&json!([claims(&right)])), "", "{right}");
    }
    let wildcard =
        "it has a wildcard, but values are compared character by character (only ref and environment may end with *)";
    let checked = "its name is one that is always checked (use subject for sub)";
    for (wrong, why) in [
        (json!({"repository": "contoso/*"}), wildcard),
        (json!({"ref": "*"}), "it is * alone, which every value would fit"),
        (json!({"ref": "refs/*/main"}), wildcard),
        (json!({"environment": "**"}), wildcard),
        (json!({"repository": ""}), "it is empty"),
        (json!({"repository": 5}), "it is a number instead of a text in double quotes"),
        (json!({"repository": null}), "it is null instead of a text in double quotes"),
        (json!({"repository": ["a"]}), "it is an array instead of a text in double quotes"),
        (json!({"sub": "a"}), checked),
        (json!({"iss": "a"}), checked),
        (json!({"aud": "a"}), checked),
        (json!({"exp": "a"}), checked),
        (json!({"nbf": "a"}), checked),
        (json!({"iat": "a"}), checked),
        (json!({"": "a"}), "its name: it is empty"),
        (
            json!({"ref*": "a"}),
            "its name: it has a wildcard, but values are compared character by character (only ref and environment may end with *)",
        ),
    ] {
        assert_eq!(reason(&json!([claims(&wrong)])), format!("item 1: its claim 1: {why}"), "{wrong}");
        let mut second = json!({"repository": "a"});
        second.as_object_mut().unwrap().extend(json!({"oid": "b"}).as_object().unwrap().clone());
        if wrong.get("repository").is_none() {
            second.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            assert_eq!(reason(&json!([claims(&second)])), format!("item 1: its claim 3: {why}"), "{wrong}");
        }
    }
}

#[test]
fn the_urls_of_key_sets_may_have_a_query_and_nothing_else_that_a_url_of_a_key_set_lacks() {
    for right in
        ["https://a.example/keys", "https://a.example/keys?tenant=x&y", "http://localhost:1/keys", "https://a.example"]
    {
        assert_eq!(reason(&json!([{"jwks_uri": right}])), "", "{right}");
    }
    for (wrong, why) in [
        ("http://a.example/keys", "it begins with http://, which is for this machine only"),
        ("a.example/keys", "it does not begin with https://"),
        ("https://a.example/keys#x", "it has a fragment (what follows the #)"),
        ("https://a.example/keys?a#x", "it has a fragment (what follows the #)"),
        ("https://u@a.example/keys", "it has a user name or a password before the host"),
        ("https://a.example/a b", "it has a space in it"),
        ("", "it is empty"),
    ] {
        assert_eq!(reason(&json!([{"jwks_uri": wrong}])), format!("item 1: its jwks_uri: {why}"), "{wrong}");
    }
}

fn key(more: &Value) -> Value {
    let mut key = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    key
}

#[test]
fn key_sets_have_public_keys_that_differ() {
    let named = |kid: &str| key(&json!({"kid": kid}));
    for right in [json!([key(&json!({}))]), json!([named("a"), named("b")])] {
        assert_eq!(reason(&json!([{"jwks": {"keys": right}}])), "", "{right}");
    }
    for (jwks, why) in [
        (json!({"keys": []}), "its jwks has no keys"),
        (json!({}), "its jwks is not an object with an array keys"),
        (json!({"keys": {}}), "its jwks is not an object with an array keys"),
        (json!([]), "its jwks is not an object with an array keys"),
        (key(&json!({})), "its jwks is a single key (write {\"keys\": [...]} around it)"),
        (
            json!({"keys": [key(&json!({})), key(&json!({}))]}),
            "its jwks has several keys, so each one needs a kid of its own",
        ),
        (json!({"keys": [named("a"), named("a")]}), "its jwks has several keys, so each one needs a kid of its own"),
        (
            json!({"keys": [named("a"), key(&json!({}))]}),
            "its jwks has several keys, so each one needs a kid of its own",
        ),
    ] {
        assert_eq!(reason(&json!([{"jwks": jwks}])), format!("item 1: {why}"), "{jwks}");
    }
    let private = reason(&json!([{"jwks": {"keys": [named("a"), key(&json!({"kid": "b", "d": MARKER}))]}}]));
    assert!(private.starts_with("item 1: key 2 of its jwks ") && private.contains("private"), "{private}");
}

/// The documented limits.
#[test]
fn a_client_has_at_most_20_entries_with_texts_of_1000_characters() {
    let entries = |count: usize| Value::Array((0..count).map(|_| issuer(&json!({}))).collect());
    assert_eq!(reason(&entries(20)), "");
    assert_eq!(reason(&entries(21)), "it has more than 20 items");
    let text = |length: usize| "ä".repeat(length);
    for field in ["audience", "subject"] {
        assert_eq!(reason(&json!([issuer(&json!({field: text(1000)}))])), "", "{field}");
        assert_eq!(
            reason(&json!([issuer(&json!({field: text(1001)}))])),
            format!("item 1: its {field}: it has more than 1000 characters")
        );
    }
    assert_eq!(reason(&json!([claims(&json!({"repository": text(1000)}))])), "");
    assert_eq!(
        reason(&json!([claims(&json!({"repository": text(1001)}))])),
        "item 1: its claim 1: it has more than 1000 characters"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is accepted is compared character by character with what tokens say, so reading it must not change it.
    #[test]
    fn an_accepted_issuer_is_a_url_that_is_its_own_canonical_form(text in "https://[a-zA-Z0-9.-]{1,12}(:[0-9]{1,4})?(/[a-zA-Z0-9._~%-]{0,8}){0,3}") {
        let accepted = reason(&json!([issuer(&json!({"issuer": text.clone()}))])).is_empty();
        let canonical = url::Url::parse(&text).is_ok_and(|url| url.as_str() == text || url.as_str().strip_suffix('/') == Some(&text));
        prop_assert_eq!(accepted, canonical, "{}", text);
    }
}

#[test]
fn usernames_of_api_keys_are_addresses_or_domains() {
    let message = |name: &str| {
        let env = client(|client| client["api_key_usernames"] = json!([name]));
        errors(&env).errors.iter().map(SettingError::message).collect::<Vec<_>>().join("\n")
    };
    let domain = |length: usize| format!("a@{}", "b".repeat(length - 2));
    for right in ["@contoso.com", "ada@contoso.com", "ADA@Contoso.COM", "a@b@c", &domain(254)] {
        assert_eq!(message(right), "", "{right}");
    }
    for (wrong, why) in [
        ("contoso.com", "it has no @"),
        ("", "it has no @"),
        ("ada@", "it has no domain after the @"),
        ("a b@contoso.com", "it has a space or a control character"),
        ("a@contoso.com\u{7f}", "it has a space or a control character"),
        (&domain(255), "it has more than 254 characters"),
    ] {
        assert_eq!(
            message(wrong),
            format!("EVERGRANT_CLIENTS[0].api_key_usernames (client flows) is invalid: {why}"),
            "{wrong}"
        );
    }
}
