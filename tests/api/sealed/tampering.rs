//! Changed, mixed and mislabeled tokens: exhaustive where that is cheap.

use evergrant::clock::UnixSeconds;
use evergrant::sealing::claims::{AuthorizationCode, ConsentState, RefreshToken, SealedAccessToken};
use evergrant::sealing::secret::SealingSecret;
use evergrant::sealing::{Sealable, Sealed, UnsealError, unseal, unverified_header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ISSUER, NOW, TestKey, all_kinds, code, grant, seal, signed};
use crate::trust::signer::changed;

fn header() -> Value {
    json!({"typ": AuthorizationCode::TYP, "alg": "HS256", "kid": "v1"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": format!("{ISSUER}#{}", AuthorizationCode::TYP), "jti": "j", "iat": NOW.0, "exp": NOW.0 + 60,
        "content": code(),
    })
}

fn open(text: &str) -> Result<Sealed<AuthorizationCode>, UnsealError> {
    unseal(&TestKey::new("v1").secret(), ISSUER, text, NOW)
}

#[test]
fn no_bit_of_a_token_can_be_changed() {
    let text = seal(code(), ISSUER, Some(60), &TestKey::new("v1").secret());
    assert!(open(&text).is_ok());
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(open(&changed), Err(UnsealError::NotOurs), "bit {bit} of character {at}: {changed}");
        }
    }
}

#[test]
fn no_character_can_be_left_out_added_or_moved() {
    let text = seal(code(), ISSUER, Some(60), &TestKey::new("v1").secret());
    for at in 0..text.len() {
        let (before, after) = text.split_at(at);
        for changed in [
            format!("{before}{}", &after[1..]),
            format!("{before}.{after}"),
            format!("{before}A{after}"),
            format!("{before}={after}"),
            format!("{before}\n{after}"),
            format!("{after}{before}"),
            before.to_owned(),
        ] {
            assert!(changed == text || open(&changed).is_err(), "{at}: {changed}");
        }
    }
    for added in ["A", "=", ".", " ", "\n", "\0", "%", "\u{e4}"] {
        assert!(open(&format!("{text}{added}")).is_err() && open(&format!("{added}{text}")).is_err(), "{added:?}");
    }
}

#[test]
fn no_part_of_one_token_fits_another() {
    let key = TestKey::new("v1");
    let mut tokens: Vec<String> = all_kinds(ISSUER, NOW, &key.secret()).into_iter().map(|(_, text)| text).collect();
    tokens.push(seal(code(), ISSUER, None, &key.secret()));
    tokens.push(seal(code(), "https://other.example", Some(60), &key.secret()));
    tokens.push(seal(code(), ISSUER, Some(60), &TestKey::new("v2").secret()));
    let genuine = seal(code(), ISSUER, Some(60), &key.secret());
    let own: Vec<&str> = genuine.split('.').collect();
    for text in &tokens {
        let other: Vec<&str> = text.split('.').collect();
        for mixture in 1..7 {
            let part = |at: usize| if (mixture >> at) & 1 == 1 { other[at] } else { own[at] };
            let mixed = [part(0), part(1), part(2)].join(".");
            // Two codes have the same header.
            let is_mixed = mixed != genuine && mixed != *text;
            assert!(!is_mixed || open(&mixed).is_err(), "{mixture}: {mixed}");
        }
    }
}

#[test]
fn the_test_seals_as_the_product_does() {
    let sealed = Sealed::new(ISSUER, "j".to_owned(), NOW, Some(60), code());
    assert_eq!(open(&signed(&header(), &claims().to_string())), Ok(sealed));
}

#[test]
fn a_header_with_anything_unusual_is_refused_though_its_signature_is_right() {
    for (changes, is_accepted) in [
        (json!({}), true),
        (json!({"jku": "https://evil.example", "x": 1}), true),
        (json!({"alg": "HS384"}), false),
        (json!({"alg": "HS512"}), false),
        (json!({"alg": "RS256"}), false),
        (json!({"alg": "none"}), false),
        (json!({"alg": "hs256"}), false),
        (json!({"alg": null}), false),
        (json!({"typ": null}), false),
        (json!({"typ": "JWT"}), false),
        (json!({"typ": AuthorizationCode::TYP.to_uppercase()}), false),
        (json!({"typ": RefreshToken::TYP}), false),
        (json!({"typ": [AuthorizationCode::TYP]}), false),
        (json!({"kid": null}), false),
        (json!({"kid": ""}), false),
        (json!({"kid": "V1"}), false),
        (json!({"kid": "v2"}), false),
        (json!({"kid": 1}), false),
        (json!({"crit": ["exp"]}), false),
        (json!({"crit": []}), false),
        (json!({"crit": false}), false),
    ] {
        let text = signed(&changed(&header(), &changes), &claims().to_string());
        assert_eq!(open(&text).is_ok(), is_accepted, "{changes}");
    }
}

#[test]
fn claims_with_anything_wrong_are_refused_though_their_signature_is_right() {
    use UnsealError::{Expired, NotOurs, OtherIssuer};
    let typ = AuthorizationCode::TYP;
    let other = "https://other.example";
    for (changes, expected) in [
        (json!({"exp": null}), None),
        (json!({"exp": NOW.0 + 1}), None),
        (json!({"more": 1}), None),
        (json!({"iat": NOW.0 + 1000}), None),
        (json!({"exp": NOW.0}), Some(Expired)),
        (json!({"exp": NOW.0 - 1}), Some(Expired)),
        (json!({"exp": 0}), Some(Expired)),
        (json!({"exp": -1}), Some(NotOurs)),
        (json!({"exp": "9999999999"}), Some(NotOurs)),
        (json!({"exp": 1e12}), Some(NotOurs)),
        (json!({"iss": other}), Some(NotOurs)),
        (json!({"iss": other, "aud": format!("{other}#{typ}")}), Some(OtherIssuer)),
        (json!({"iss": other, "aud": format!("{other}#{typ}"), "exp": 0}), Some(OtherIssuer)),
        (json!({"iss": null}), Some(NotOurs)),
        (json!({"iss": [ISSUER]}), Some(NotOurs)),
        (json!({"aud": null}), Some(NotOurs)),
        (json!({"aud": ISSUER}), Some(NotOurs)),
        (json!({"aud": format!("{ISSUER}#")}), Some(NotOurs)),
        (json!({"aud": format!("{ISSUER}#{typ}x")}), Some(NotOurs)),
        (json!({"aud": format!("{ISSUER}/#{typ}")}), Some(NotOurs)),
        (json!({"aud": format!("{ISSUER}#{}", RefreshToken::TYP)}), Some(NotOurs)),
        (json!({"aud": [format!("{ISSUER}#{typ}")]}), Some(NotOurs)),
        (json!({"jti": null}), Some(NotOurs)),
        (json!({"jti": 1}), Some(NotOurs)),
        (json!({"iat": null}), Some(NotOurs)),
        (json!({"content": null}), Some(NotOurs)),
        (json!({"content": {}}), Some(NotOurs)),
        (json!({"content": [code()]}), Some(NotOurs)),
    ] {
        let found = open(&signed(&header(), &changed(&claims(), &changes).to_string()));
        assert_eq!(found.err(), expected, "{changes}");
    }
    for claims in ["", "{}", "[]", "null", "x", "{\"iss\":1,", "{\"iss\":\"a\",\"iss\":\"a\"}"] {
        assert_eq!(open(&signed(&header(), claims)).err(), Some(NotOurs), "{claims}");
    }
}

#[test]
fn content_that_no_client_or_user_can_have_is_refused() {
    for changes in [
        json!({"client_id": ""}),
        json!({"client_id": "a:b"}),
        json!({"client_id": "a b"}),
        json!({"subject": ""}),
        json!({"subject": "someone"}),
        json!({"subject": "integration_user "}),
        json!({"scope": ""}),
        json!({"scope": "a\"b"}),
        json!({"granted_at": -1}),
        json!({"grant_id": 1}),
    ] {
        let content = json!({"grant": changed(&serde_json::to_value(grant("web")).unwrap(), &changes)});
        let text = signed(&header(), &changed(&claims(), &json!({"content": content})).to_string());
        assert_eq!(open(&text).err(), Some(UnsealError::NotOurs), "{changes}");
    }
}

#[test]
fn a_header_is_read_without_a_key_and_only_from_a_sealed_token() {
    let key = TestKey::new("v1");
    for (typ, text) in all_kinds(ISSUER, NOW, &key.secret()) {
        let header = unverified_header(&text).unwrap();
        assert_eq!((header.typ.as_str(), header.kid.as_str()), (typ, "v1"));
    }
    let foreign = Header { typ: Some(AuthorizationCode::TYP.into()), ..Header::new(Algorithm::HS256) };
    let foreign = jsonwebtoken::encode(&foreign, &json!({}), &EncodingKey::from_secret(b"x")).unwrap();
    for other in ["", "a", "a.b", "a.b.c", "..", "ds-at-1", &foreign] {
        assert_eq!(unverified_header(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn a_token_opens_until_it_expires_and_then_never(lifetime in 0..100_000_u64, moved in 0..5_u64, later in 0..200_000_u64) {
        let later = if moved < 4 { (lifetime + moved).saturating_sub(2) } else { later };
        let text = seal(ConsentState {}, ISSUER, Some(lifetime), &TestKey::new("v1").secret());
        let opened = unseal::<ConsentState>(&TestKey::new("v1").secret(), ISSUER, &text, NOW.plus(later));
        prop_assert_eq!(opened.is_ok(), later < lifetime);
        prop_assert!(opened.is_ok() || opened == Err(UnsealError::Expired));
    }

    #[test]
    fn a_lifetime_beyond_all_time_does_not_wrap_around(lifetime in (u64::MAX - 10)..=u64::MAX) {
        let text = seal(ConsentState {}, ISSUER, Some(lifetime), &TestKey::new("v1").secret());
        prop_assert!(unseal::<ConsentState>(&TestKey::new("v1").secret(), ISSUER, &text, UnixSeconds(u64::MAX - 1)).is_ok());
    }

    #[test]
    fn only_the_same_signature_and_name_give_the_same_key(one in "[a-z]{1,8}", other in "[a-z]{1,8}", kid in "[a-z]{1,4}") {
        let secret = |kid: &str, signature: &str| SealingSecret::derive(kid.to_owned(), signature.as_bytes()).unwrap();
        let text = seal(SealedAccessToken { grant: grant("web") }, ISSUER, None, &secret("v1", &one));
        let opens = |secret: &SealingSecret| unseal::<SealedAccessToken>(secret, ISSUER, &text, NOW).is_ok();
        prop_assert!(opens(&secret("v1", &one)));
        prop_assert_eq!(opens(&secret("v1", &other)), one == other);
        prop_assert!(!opens(&secret(&kid, &one)));
    }

    #[test]
    fn values_that_are_derived_differ_for_every_input(jti in "[A-Za-z0-9_-]{1,43}", grant_id in "[A-Za-z0-9_-]{1,22}", generation in 0..1000_u64) {
        let secret = TestKey::new("v1").secret();
        let derived = [
            secret.code_verifier(&jti), secret.successor_jti(&grant_id, generation), secret.successor_jti(&grant_id, generation + 1),
            TestKey::new("v2").secret().code_verifier(&jti), TestKey::new("v2").secret().successor_jti(&grant_id, generation),
        ];
        let different: std::collections::HashSet<&String> = derived.iter().collect();
        prop_assert_eq!(different.len(), derived.len());
        prop_assert!(derived.iter().all(|text| text.len() == 43));
        prop_assert_eq!(secret.code_verifier(&jti), TestKey::new("v1").secret().code_verifier(&jti), "every process derives it");
    }
}
