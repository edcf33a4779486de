//! A version of the registry that the running app reads: any bytes give a registry, or errors that can be fixed.

use evergrant::config::clients::{MAX_BYTES, read_version};
use evergrant::oauth::scope::Scope;
use proptest::prelude::*;

use crate::config::DIGEST;

fn read(content: &[u8]) -> Result<usize, String> {
    let scopes = Scope::parse("signature impersonation").unwrap();
    read_version(content, &scopes).map(|clients| clients.iter().count()).map_err(|errors| errors.to_string())
}

fn client(id: &str) -> String {
    format!(r#"{{"client_id": "{id}", "client_secret_sha256": ["{DIGEST}"], "grant_types": ["client_credentials"]}}"#)
}

/// A registry with one client and blanks, of exactly this size.
fn padded(size: usize) -> String {
    let text = format!("[{}", client("a"));
    format!("{text}{}]", " ".repeat(size - text.len() - 1))
}

#[test]
fn a_registry_has_at_most_1_mib() {
    assert_eq!(read(padded(MAX_BYTES).as_bytes()), Ok(1));
    let error = read(padded(MAX_BYTES + 1).as_bytes()).unwrap_err();
    assert!(error.starts_with("EVERGRANT_CLIENTS is invalid: the registry is larger than 1 MiB; expected "), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (content, reason) in [
        (utf16("\u{feff}[]"), "is UTF-16 text (save it as UTF-8)"),
        ("\u{feff}[]".encode_utf16().flat_map(u16::to_be_bytes).collect(), "is UTF-16 text (save it as UTF-8)"),
        (vec![b'[', 0xff, b']'], "is not UTF-8 text"),
        (vec![0xc3], "is not UTF-8 text"),
        (Vec::new(), "is empty"),
        (b" \r\n\t".to_vec(), "is empty"),
        ("\u{feff}".as_bytes().to_vec(), "is empty"),
    ] {
        let error = read(&content).unwrap_err();
        assert!(error.starts_with(&format!("EVERGRANT_CLIENTS is invalid: the registry {reason}; ")), "{error}");
    }
}

#[test]
fn what_editors_do_to_a_registry_changes_nothing() {
    let registry = format!("[\n  {},\n  {}\n]\n", client("a"), client("b"));
    for text in
        [registry.clone(), format!("\u{feff}{registry}"), registry.replace('\n', "\r\n"), registry.replace('\n', " ")]
    {
        assert_eq!(read(text.as_bytes()), Ok(2));
    }
}

#[test]
fn a_field_or_an_id_that_is_there_twice_is_an_error() {
    let twice = r#"[{"client_id": "a", "client_secret_sha256": [], "grant_types": ["refresh_token"], "scope": "signature", "scope": "signature"}]"#;
    assert!(read(twice.as_bytes()).unwrap_err().contains("the field scope is there twice"));
    let trust = r#"[{"client_id": "a", "grant_types": [], "trust": [{"issuer": "https://i.example", "issuer": "https://j.example"}]}]"#;
    assert!(read(trust.as_bytes()).unwrap_err().contains("the field issuer is there twice"));
    let same_id = format!("[{},{},{}]", client("a"), client("b"), client("a"));
    assert!(
        read(same_id.as_bytes())
            .unwrap_err()
            .starts_with("EVERGRANT_CLIENTS[2].client_id (client a) is invalid: an earlier client has it")
    );
    // Ids are compared character by character.
    assert_eq!(read(format!("[{},{}]", client("a"), client("A")).as_bytes()), Ok(2));
}

#[test]
fn an_api_key_belongs_to_one_client_however_it_is_listed() {
    let keyed = |id: &str, keys: &[&str]| {
        format!(r#"{{"client_id": "{id}", "client_secret_sha256": [], "grant_types": [], "api_key_sha256": {keys:?}}}"#)
    };
    let other = DIGEST.replace('2', "3");
    assert_eq!(read(format!("[{},{}]", keyed("a", &[DIGEST]), keyed("b", &[&other])).as_bytes()), Ok(2));
    let shared = format!("[{},{}]", keyed("a", &[&other, DIGEST]), keyed("b", &["00".repeat(32).as_str(), DIGEST]));
    let error = read(shared.as_bytes()).unwrap_err();
    assert!(
        error.starts_with(
            "EVERGRANT_CLIENTS[1].api_key_sha256 (client b) is invalid: an earlier client has one of these keys"
        ),
        "{error}"
    );
}

#[test]
fn an_entry_that_is_no_object_is_named_by_its_number() {
    for (entry, kind) in
        [("null", "null"), ("true", "true or false"), ("5", "a number"), ("\"a\"", "a text"), ("[]", "an array")]
    {
        let error = read(format!("[{},{entry}]", client("a")).as_bytes()).unwrap_err();
        assert!(
            error.starts_with(&format!("EVERGRANT_CLIENTS[1] is invalid: it is {kind} instead of an object; ")),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_panic(content in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = read(&content);
    }

    #[test]
    fn a_registry_that_lost_its_end_is_never_a_smaller_one(clients in 1..4_usize, cut in 1..400_usize) {
        let entries: Vec<String> = (0..clients).map(|number| client(&format!("c{number}"))).collect();
        let text = format!("[{}]", entries.join(","));
        let cut = cut.min(text.len());
        prop_assert!(read(&text.as_bytes()[..text.len() - cut]).is_err());
    }
}
