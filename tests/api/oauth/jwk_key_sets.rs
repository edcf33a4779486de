//! Sets of keys, RFC 7517 §5: which key a token means, and that only its own signature fits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::oauth::assertion::compact::Assertion;
use evergrant::oauth::assertion::error::AssertionError;
use evergrant::oauth::assertion::{may_have_new_key, verify};
use evergrant::oauth::jwk::key::JwkError;
use evergrant::oauth::jwk::key_set::{KeySet, KeySetError};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::trust::signer::{Signer, changed};

#[test]
fn a_registered_set_is_right_as_a_whole_and_an_issuers_set_as_far_as_it_goes() {
    let (one, two) = (Signer::p256("one").jwk(), Signer::p256("two").jwk());
    let unnamed = changed(&one, &json!({"kid": null}));
    let bad = changed(&two, &json!({"use": "enc"}));
    for (set, registered, usable) in [
        (json!({"keys": [one]}), Ok(1), Some(1)),
        (json!({"keys": [one, two], "more": 1}), Ok(2), Some(2)),
        (json!({"keys": [unnamed]}), Ok(1), Some(1)),
        (json!({"keys": [one, unnamed]}), Err(KeySetError::KeyIds), Some(2)),
        (json!({"keys": [unnamed, unnamed]}), Err(KeySetError::KeyIds), Some(2)),
        (json!({"keys": [one, one]}), Err(KeySetError::KeyIds), Some(2)),
        (json!({"keys": [one, bad]}), Err(KeySetError::Key(2, JwkError::Use)), Some(1)),
        (json!({"keys": [1, one]}), Err(KeySetError::Key(1, JwkError::NotAnObject)), Some(1)),
        (json!({"keys": []}), Err(KeySetError::Empty), Some(0)),
        (json!({"keys": {}}), Err(KeySetError::NoSet), None),
        (json!({"keys": null}), Err(KeySetError::NoSet), None),
        (json!({}), Err(KeySetError::NoSet), None),
        (json!([one]), Err(KeySetError::NoSet), None),
        (json!(null), Err(KeySetError::NoSet), None),
    ] {
        assert_eq!(KeySet::registered(&set).map(|keys| keys.len()), registered, "{set}");
        let of_issuer = KeySet::of_issuer(&set);
        assert_eq!(of_issuer.as_ref().map(KeySet::len), usable, "{set}");
        assert_eq!(of_issuer.is_some_and(|keys| keys.is_empty()), usable == Some(0), "{set}");
    }
}

#[test]
fn a_header_means_the_key_with_its_kid_or_the_only_one_for_its_algorithm() {
    let key = |signer: Signer, kid: Value| changed(&signer.jwk(), &json!({ "kid": kid }));
    let (ec_a, ec_b) = (key(Signer::p256("a"), json!("a")), key(Signer::p256("b"), json!("b")));
    let (rsa_a, unnamed) = (key(Signer::rsa("a"), json!("a")), key(Signer::p256("x"), json!(null)));
    let set = |keys: Value| KeySet::of_issuer(&json!({ "keys": keys })).unwrap();
    for (keys, kid, expected) in [
        (json!([ec_a]), Some("a"), 1),
        (json!([ec_a]), Some("b"), 0),
        (json!([ec_a]), Some("A"), 0),
        (json!([ec_a]), None, 1),
        (json!([ec_a, ec_b]), None, 0),
        (json!([ec_a, ec_b]), Some("b"), 1),
        (json!([ec_a, rsa_a]), Some("a"), 1),
        (json!([rsa_a]), Some("a"), 0),
        (json!([rsa_a, ec_a]), None, 1),
        (json!([unnamed]), Some("a"), 1),
        (json!([unnamed]), None, 1),
        (json!([unnamed, ec_a]), Some("c"), 0),
        (json!([unnamed, unnamed]), Some("a"), 0),
        (json!([ec_a, ec_a]), Some("a"), 2),
        (json!([]), Some("a"), 0),
    ] {
        let keys_of = set(keys.clone());
        assert_eq!(keys_of.candidates(kid, Algorithm::ES256).len(), expected, "{kid:?} {keys}");
        assert!(!keys_of.has("c"));
    }
    assert!(set(json!([ec_a, rsa_a])).has("a") && !set(json!([unnamed])).has("a"));
}

#[test]
fn a_refusal_says_whether_newer_keys_could_help() {
    let (one, two, rsa) = (Signer::p256("one"), Signer::p256("two"), Signer::rsa("one"));
    let claims = json!({"iss": "x"});
    let set = |keys: Value| KeySet::of_issuer(&json!({ "keys": keys })).unwrap();
    let unnamed = |signer: &Signer| signer.jwk_with(&json!({"kid": null}));
    let unknown = AssertionError::UnknownKey("two".to_owned());
    for (name, token, keys, expected, newer_may_help) in [
        ("its key", one.token(&claims), json!([one.jwk()]), Ok(()), false),
        (
            "one of two keys with its kid",
            one.token(&claims),
            json!([two.jwk_with(&json!({"kid": "one"})), one.jwk()]),
            Ok(()),
            false,
        ),
        ("another kid", two.token(&claims), json!([one.jwk()]), Err(unknown), true),
        (
            "another key with its kid",
            two.token_with(&json!({"kid": "one"}), &claims),
            json!([one.jwk()]),
            Err(AssertionError::Signature),
            false,
        ),
        ("an old key without a kid", two.token(&claims), json!([unnamed(&one)]), Err(AssertionError::Signature), true),
        (
            "no kid on both sides",
            two.token_with(&json!({"kid": null}), &claims),
            json!([unnamed(&one)]),
            Err(AssertionError::Signature),
            true,
        ),
        (
            "no kid, two keys",
            one.token_with(&json!({"kid": null}), &claims),
            json!([one.jwk(), two.jwk()]),
            Err(AssertionError::NoKeyId),
            true,
        ),
        (
            "the kid of a key for another algorithm",
            one.token(&claims),
            json!([rsa.jwk()]),
            Err(AssertionError::OtherAlgorithm),
            false,
        ),
        ("no keys", one.token_with(&json!({"kid": null}), &claims), json!([]), Err(AssertionError::NoKeyId), true),
    ] {
        let (assertion, keys) = (Assertion::parse(&token).unwrap(), set(keys));
        let verified = verify(&assertion, &keys);
        assert_eq!(verified, expected, "{name}");
        let may_help = verified.is_err_and(|error| may_have_new_key(&assertion, &keys, &error));
        assert_eq!(may_help, newer_may_help, "{name}");
    }
}

#[test]
fn no_change_of_a_signed_token_is_verified() {
    let (ec, rsa) = (Signer::p256("k"), Signer::rsa("k"));
    let claims = json!({"iss": "x", "sub": "y", "exp": 1});
    for (signer, token) in [
        (&ec, ec.token(&claims)),
        (&rsa, rsa.token(&claims)),
        (&rsa, rsa.token_with(&json!({"alg": "PS256"}), &claims)),
    ] {
        let keys = KeySet::of_issuer(&json!({"keys": [signer.jwk()]})).unwrap();
        let is_verified = |token: &str| Assertion::parse(token).is_ok_and(|read| verify(&read, &keys).is_ok());
        assert!(is_verified(&token));
        // Every third character, because each one costs a verification.
        for at in (0..token.len()).step_by(3) {
            let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert!(!is_verified(&changed), "{at}: {changed}");
        }
        let other = if signer.alg() == "ES256" { &rsa } else { &ec };
        let (input, signature) = token.rsplit_once('.').unwrap();
        let of_other = other.token(&claims);
        let foreign = of_other.rsplit_once('.').unwrap().1;
        assert!(!is_verified(&format!("{input}.{foreign}")), "the signature of another key");
        assert!(!is_verified(&format!(
            "{input}.{}",
            BASE64URL.encode(vec![0; BASE64URL.decode(signature).unwrap().len()])
        )));
    }
}
