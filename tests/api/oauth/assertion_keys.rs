//! Keys that verify assertions, RFC 7517: which are accepted, which one a token means, and that only its own signature fits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::oauth::assertion::compact::Assertion;
use evergrant::oauth::assertion::error::AssertionError;
use evergrant::oauth::assertion::key::{JwkError, VerificationKey};
use evergrant::oauth::assertion::key_set::{KeySet, KeySetError};
use evergrant::oauth::assertion::{may_have_new_key, verify};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::trust::signer::{Signer, changed};

fn error(key: &Value, changes: &Value) -> Option<JwkError> {
    VerificationKey::parse(&changed(key, changes)).err()
}

#[test]
fn every_fault_of_a_key_has_a_name() {
    let (rsa, ec) = (Signer::rsa("r").jwk(), Signer::p256("e").jwk());
    for key in [&rsa, &ec] {
        for (changes, expected) in [
            (json!({}), None),
            (json!({"kid": null}), None),
            (json!({"use": "sig"}), None),
            (json!({"key_ops": ["verify"]}), None),
            (json!({"key_ops": ["sign", "verify"]}), None),
            (json!({"x5c": ["AAAA"], "ext": true, "issuer": 1}), None),
            (json!({"kid": 1}), Some(JwkError::KeyId)),
            (json!({"use": "enc"}), Some(JwkError::Use)),
            (json!({"use": ["sig"]}), Some(JwkError::Use)),
            (json!({"key_ops": ["sign"]}), Some(JwkError::Use)),
            (json!({"key_ops": []}), Some(JwkError::Use)),
            (json!({"key_ops": "verify"}), Some(JwkError::Use)),
            (json!({"alg": "HS256"}), Some(JwkError::Algorithm)),
            (json!({"alg": "none"}), Some(JwkError::Algorithm)),
            (json!({"alg": "RS512"}), Some(JwkError::Algorithm)),
            (json!({"alg": 1}), Some(JwkError::Algorithm)),
            (json!({"kty": "oct"}), Some(JwkError::Type)),
            (json!({"kty": "OKP"}), Some(JwkError::Type)),
            (json!({"kty": null}), Some(JwkError::Type)),
            (json!({"kty": "rsa"}), Some(JwkError::Type)),
        ] {
            assert_eq!(error(key, &changes), expected, "{changes} {key}");
        }
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(error(key, &json!({ private: "AAAA" })), Some(JwkError::Private), "{private}");
        }
    }
    for other in [json!(null), json!("x"), json!([]), json!(1)] {
        assert_eq!(VerificationKey::parse(&other).err(), Some(JwkError::NotAnObject), "{other}");
    }
}

#[test]
fn the_numbers_of_a_key_have_the_right_size_and_form() {
    let (rsa, ec) = (Signer::rsa("r").jwk(), Signer::p256("e").jwk());
    let bytes = |count: usize, first: u8| {
        let mut bytes = vec![0xff; count];
        bytes[0] = first;
        BASE64URL.encode(bytes)
    };
    let modulus = BASE64URL.decode(rsa["n"].as_str().unwrap()).unwrap();
    let with_zero = BASE64URL.encode([&[0], modulus.as_slice()].concat());
    for (changes, expected) in [
        (json!({"n": with_zero}), None),
        (json!({"n": bytes(256, 0x80)}), None),
        (json!({"n": bytes(256, 0x7f)}), Some(JwkError::Invalid)),
        (json!({"n": bytes(255, 0xff)}), Some(JwkError::Invalid)),
        (json!({"n": bytes(1024, 0xff)}), None),
        (json!({"n": bytes(1025, 0x01)}), Some(JwkError::Invalid)),
        (json!({"n": ""}), Some(JwkError::Invalid)),
        (json!({"n": null}), Some(JwkError::Invalid)),
        (json!({"n": 1}), Some(JwkError::Invalid)),
        (json!({"n": "not base64url!"}), Some(JwkError::Invalid)),
        (json!({"e": null}), Some(JwkError::Invalid)),
        (json!({"e": ""}), Some(JwkError::Invalid)),
        (json!({"e": "AQAB="}), Some(JwkError::Invalid)),
        (json!({"e": "AA"}), Some(JwkError::Invalid)),
    ] {
        assert_eq!(error(&rsa, &changes), expected, "{changes}");
    }
    let other_x = Signer::p256("o").jwk()["x"].clone();
    for (changes, expected) in [
        (json!({"crv": "P-384"}), Some(JwkError::Curve)),
        (json!({"crv": "P-521"}), Some(JwkError::Curve)),
        (json!({"crv": "secp256k1"}), Some(JwkError::Curve)),
        (json!({"crv": null}), Some(JwkError::Curve)),
        (json!({"x": null}), Some(JwkError::Invalid)),
        (json!({"y": null}), Some(JwkError::Invalid)),
        (json!({"y": bytes(31, 1)}), Some(JwkError::Invalid)),
        (json!({"y": bytes(33, 1)}), Some(JwkError::Invalid)),
        (json!({"x": other_x}), Some(JwkError::Invalid)),
        (json!({"x": BASE64URL.encode([0; 32]), "y": BASE64URL.encode([0; 32])}), Some(JwkError::Invalid)),
    ] {
        assert_eq!(error(&ec, &changes), expected, "{changes}");
    }
    assert_eq!(error(&Signer::p384("x").jwk(), &json!({"crv": "P-256"})), Some(JwkError::Invalid));
}

#[test]
fn a_keys_alg_binds_and_without_one_it_is_for_all_of_its_type() {
    let (rsa, ec) = (Signer::rsa("r").jwk(), Signer::p256("e").jwk());
    for (key, alg, algorithms) in [
        (&rsa, json!(null), &[Algorithm::RS256, Algorithm::PS256][..]),
        (&rsa, json!("RS256"), &[Algorithm::RS256]),
        (&rsa, json!("PS256"), &[Algorithm::PS256]),
        (&ec, json!(null), &[Algorithm::ES256]),
        (&ec, json!("ES256"), &[Algorithm::ES256]),
    ] {
        let key = VerificationKey::parse(&changed(key, &json!({ "alg": alg }))).unwrap();
        for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::HS256, Algorithm::RS512] {
            assert_eq!(key.is_for(algorithm), algorithms.contains(&algorithm), "{alg} {algorithm:?}");
        }
    }
    assert_eq!(error(&rsa, &json!({"alg": "ES256"})), Some(JwkError::Algorithm));
    assert_eq!(error(&ec, &json!({"alg": "RS256"})), Some(JwkError::Algorithm));
}

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

#[test]
fn printed_keys_show_their_names_only() {
    let jwk = Signer::p256("the-kid").jwk();
    let key = VerificationKey::parse(&jwk).unwrap();
    for printed in [format!("{key:?}"), format!("{:?}", KeySet::of_issuer(&json!({"keys": [jwk]})))] {
        assert!(printed.contains("the-kid") && printed.contains("ES256"), "{printed}");
        assert!(!printed.contains(jwk["x"].as_str().unwrap()), "{printed}");
    }
}
