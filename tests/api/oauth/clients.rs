//! Registered clients, and the URLs, GUIDs and times that settings and tokens have: what is accepted, and what is equal.

use evergrant::clock::UnixSeconds;
use evergrant::oauth::client::{ClientId, GrantType, Profile};
use evergrant::oauth::subject::{Subject, SubjectKind};
use evergrant::types::{BaseUrl, Guid, is_loopback};
use proptest::prelude::*;
use sandbox::{CLIENT_SECRET, digest};
use serde_json::json;
use url::Url;

use super::{only, registry};
use crate::local::client;

#[test]
fn an_api_key_acts_as_the_listed_users_and_domains_only() {
    let named = |usernames: &[&str]| {
        only(&client("c", &json!({"api_key_usernames": usernames, "api_key_sha256": [digest("k")]})))
    };
    for (usernames, username, may) in [
        (&[][..], "anyone@anywhere.example", true),
        (&["ada@contoso.com"], "ada@contoso.com", true),
        (&["ada@contoso.com"], "ADA@Contoso.com", true),
        (&["Ada@Contoso.com"], "ada@contoso.com", true),
        (&["ada@contoso.com"], "ada@contoso.com.evil.example", false),
        (&["ada@contoso.com"], "xada@contoso.com", false),
        (&["ada@contoso.com"], "contoso.com", false),
        (&["@contoso.com"], "ada@contoso.com", true),
        (&["@contoso.com"], "ADA@CONTOSO.COM", true),
        (&["@contoso.com"], "ada@sub.contoso.com", false),
        (&["@contoso.com"], "ada@evilcontoso.com", false),
        (&["@contoso.com"], "ada@contoso.com@evil.example", false),
        (&["@contoso.com"], "\"ada@evil.example\"@contoso.com", true),
        (&["@contoso.com"], "ada", false),
        (&["@contoso.com"], "", false),
        (&["@contoso.com", "bob@fabrikam.com"], "bob@fabrikam.com", true),
        (&["@contoso.com", "bob@fabrikam.com"], "eve@fabrikam.com", false),
    ] {
        assert_eq!(named(usernames).may_name(username), may, "{usernames:?} {username}");
    }
}

#[test]
fn a_client_id_has_no_character_that_ends_it_elsewhere() {
    for char in (0..0x180_u32).filter_map(char::from_u32) {
        let is_accepted = char.is_ascii_graphic() && char != ':';
        assert_eq!(ClientId::parse(&format!("a{char}b")).is_some(), is_accepted, "{char:?}");
    }
    for (length, is_accepted) in [(0, false), (1, true), (200, true), (201, false)] {
        assert_eq!(ClientId::parse(&"a".repeat(length)).is_some(), is_accepted, "{length}");
    }
    assert_eq!(serde_json::from_str::<ClientId>("\"a:b\"").ok(), None, "also in a sealed token");
}

#[test]
fn clients_are_found_by_their_own_id_and_keys() {
    let keyed = |id: &str, keys: &[&str]| {
        let digests: Vec<String> = keys.iter().map(|key| digest(key)).collect();
        client(id, &json!({ "api_key_sha256": digests }))
    };
    let clients = registry(&json!([keyed("a", &["one", "two"]), keyed("b", &["three"]), keyed("c", &[])]));
    for (key, expected) in
        [("one", Some("a")), ("two", Some("a")), ("three", Some("b")), ("four", None), ("", None), ("ONE", None)]
    {
        assert_eq!(clients.by_api_key(key).map(|client| client.client_id.as_str()), expected, "{key}");
    }
    assert!(clients.by_api_key(&digest("one")).is_none(), "the digest is not the key");
    assert!(clients.by_api_key(CLIENT_SECRET).is_none(), "nor is the secret");
    for (id, is_found) in [("a", true), ("A", false), ("", false), ("a ", false)] {
        assert_eq!(clients.find(id).is_some(), is_found, "{id}");
    }
    assert!(!clients.trusts_an_issuer());
}

#[test]
fn every_word_of_the_registry_is_read_as_it_is_written() {
    for grant_type in GrantType::ALL {
        assert_eq!(GrantType::parse(grant_type.as_str()), Some(grant_type));
    }
    for subject in SubjectKind::ALL {
        assert_eq!(SubjectKind::parse(subject.as_str()), Some(subject));
    }
    for profile in Profile::ALL {
        assert_eq!(Profile::parse(profile.as_str()), Some(profile));
    }
    for other in ["", "Standard", "implicit", "refresh-token", "signed_in_user ", "admin"] {
        assert_eq!((GrantType::parse(other), SubjectKind::parse(other), Profile::parse(other)), (None, None, None));
    }
}

#[test]
fn the_integration_user_of_a_grant_is_the_present_one() {
    let guid = |text: &str| Guid::parse(text).unwrap();
    let (now, signed_in) = (guid("11111111-0000-4000-8000-9b8a7c6d5e4f"), guid("22222222-0000-4000-8000-9b8a7c6d5e4f"));
    let read = |text: &str| Subject::try_from(text.to_owned()).unwrap();
    assert_eq!(read("integration_user").user(&now), &now);
    assert_eq!(read(signed_in.as_str()).user(&now), &signed_in);
    for text in ["integration_user", signed_in.as_str()] {
        assert_eq!(String::from(read(text)), text);
        assert_eq!(read(text).kind() == SubjectKind::IntegrationUser, text == "integration_user");
    }
    for other in ["", "signed_in_user", "Integration_User", "22222222000040008000 9b8a7c6d5e4f", "*"] {
        assert!(Subject::try_from(other.to_owned()).is_err(), "{other}");
    }
}

#[test]
fn the_parts_of_a_base_url_are_those_of_the_url() {
    for (text, scheme, authority, host) in [
        ("https://h.example", "https", "h.example", "h.example"),
        ("https://H.Example:443/", "https", "h.example", "h.example"),
        ("https://h.example:8443", "https", "h.example:8443", "h.example"),
        ("http://127.0.0.1:7071", "http", "127.0.0.1:7071", "127.0.0.1"),
        ("http://localhost", "http", "localhost", "localhost"),
        ("http://[::1]", "http", "[::1]", "[::1]"),
        ("http://[::1]:7071", "http", "[::1]:7071", "[::1]"),
        ("https://[2001:db8::1]", "https", "[2001:db8::1]", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "https", "[2001:db8::1]:8443", "[2001:db8::1]"),
        ("https://m\u{fc}nchen.example", "https", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ] {
        let url = BaseUrl::parse(text).unwrap();
        assert_eq!((url.scheme(), url.authority(), url.host()), (scheme, authority, host), "{text}");
        assert_eq!(url.as_str(), format!("{scheme}://{authority}"));
        assert_eq!(url.join("/oauth/token"), format!("{scheme}://{authority}/oauth/token"));
        assert_eq!(url.is_insecure(), scheme == "http");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    for (host, is_local) in [
        ("localhost", true),
        ("LOCALHOST", true),
        ("127.0.0.1", true),
        ("127.1.2.3", true),
        ("2130706433", true),
        ("[::1]", true),
        ("localhost.example", false),
        ("127.0.0.1.example", false),
        ("0.0.0.0", false),
        ("10.0.0.1", false),
        ("[::]", false),
        ("[::ffff:127.0.0.1]", false),
        ("example", false),
    ] {
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        assert_eq!(is_loopback(&url), is_local, "{host}");
        assert_eq!(BaseUrl::parse(url.as_str()).is_some(), is_local, "{host}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_base_url_stays_the_same_when_it_is_read_again(text in "https?://[a-z0-9.:@\\[\\]-]{1,16}[/?#]?[a-z]{0,3}") {
        if let Some(url) = BaseUrl::parse(&text) {
            prop_assert_eq!(BaseUrl::parse(url.as_str()), Some(url.clone()));
            let parsed = Url::parse(url.as_str()).unwrap();
            prop_assert_eq!(parsed.host_str(), Some(url.host()), "{}", text);
            prop_assert!(!url.as_str().ends_with('/') && parsed.username().is_empty(), "{}", text);
        }
    }

    #[test]
    fn guids_are_equal_whatever_their_case(text in "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}") {
        let guid = Guid::parse(&text).unwrap();
        prop_assert_eq!(guid.as_str(), text.to_lowercase());
        prop_assert!(guid.is(&text.to_uppercase()) && guid.is(&text.to_lowercase()));
        let (upper, lower) = (Guid::parse(&text.to_uppercase()).unwrap(), Guid::parse(&text.to_lowercase()).unwrap());
        prop_assert_eq!(upper, lower);
        for malformed in [text.replace('-', ""), format!("{{{text}}}"), format!("{text} "), text[1..].to_owned(), format!("{text}0")] {
            prop_assert_eq!(Guid::parse(&malformed), None);
        }
    }

    #[test]
    fn times_never_wrap_around(moment in any::<u64>(), seconds in any::<u64>()) {
        let moment = UnixSeconds(moment);
        prop_assert!(moment.plus(seconds) >= moment && moment.minus(seconds) <= moment);
        prop_assert_eq!(moment.plus(seconds).seconds_left(moment), seconds.min(u64::MAX - moment.0));
        prop_assert_eq!(moment.minus(seconds).seconds_left(moment), 0);
        prop_assert_eq!(moment.seconds_left(moment.minus(seconds)), seconds.min(moment.0));
    }
}
