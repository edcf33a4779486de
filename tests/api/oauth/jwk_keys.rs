//! Keys that verify assertions, RFC 7517 and 7518 §6: which are accepted, and for which algorithms.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::oauth::jwk::key::{JwkError, VerificationKey};
use evergrant::oauth::jwk::key_set::KeySet;
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
fn printed_keys_show_their_names_only() {
    let jwk = Signer::p256("the-kid").jwk();
    let key = VerificationKey::parse(&jwk).unwrap();
    for printed in [format!("{key:?}"), format!("{:?}", KeySet::of_issuer(&json!({"keys": [jwk]})))] {
        assert!(printed.contains("the-kid") && printed.contains("ES256"), "{printed}");
        assert!(!printed.contains(jwk["x"].as_str().unwrap()), "{printed}");
    }
}
