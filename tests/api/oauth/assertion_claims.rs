//! The claims of assertions, RFC 7523 §3, checked without a key or a call: one row for each thing that can be wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::clock::UnixSeconds;
use evergrant::oauth::assertion::claim_checks;
use evergrant::oauth::assertion::compact::{Assertion, MAX_ASSERTION_BYTES};
use evergrant::oauth::assertion::error::{AssertionError, shown};
use evergrant::oauth::client::trust::{ClaimValue, RequiredClaim, TrustedIssuer};
use evergrant::types::BaseUrl;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::trust::signer::changed;

pub const NOW: u64 = 1_800_000_000;
pub const ISSUER: &str = "https://issuer.example";

/// An assertion with these claims and a signature that no one checks.
pub fn compact(claims: &Value) -> String {
    let header = BASE64URL.encode(r#"{"alg":"ES256"}"#);
    format!("{header}.{}.c2ln", BASE64URL.encode(claims.to_string()))
}

fn trusted() -> TrustedIssuer {
    let required = |name: &str, value| RequiredClaim { name: name.to_owned(), value };
    TrustedIssuer {
        issuer: ISSUER.to_owned(),
        audience: "evergrant".to_owned(),
        claims: vec![
            required("sub", ClaimValue::Text("job".to_owned())),
            required("ref", ClaimValue::Prefix("refs/heads/".to_owned())),
            required("protected", ClaimValue::Boolean(true)),
        ],
    }
}

fn good() -> Value {
    json!({
        "iss": ISSUER, "aud": "evergrant", "sub": "job", "ref": "refs/heads/main", "protected": true,
        "exp": NOW + 600, "iat": NOW, "nbf": NOW,
    })
}

fn issued(changes: &Value) -> Result<(), AssertionError> {
    let token = compact(&changed(&good(), changes));
    claim_checks::issued(&Assertion::parse(&token)?, &trusted(), UnixSeconds(NOW))
}

#[test]
fn an_issuers_token_needs_its_issuer_audience_subject_and_claims() {
    for changes in [
        json!({}),
        json!({"aud": ["other", "evergrant"]}),
        json!({"aud": ["evergrant"]}),
        json!({"ref": "refs/heads/"}),
        json!({"ref": "refs/heads/a/b"}),
        json!({"other": 1, "jti": 2, "azp": null}),
    ] {
        assert_eq!(issued(&changes), Ok(()), "{changes}");
    }
    for (changes, expected) in [
        (json!({"iss": null}), "iss is missing"),
        (json!({"iss": ""}), "iss is missing"),
        (json!({"iss": [ISSUER]}), "iss is missing"),
        (json!({"iss": format!("{ISSUER}/")}), "iss is `https://issuer.example/`, the client trusts"),
        (json!({"aud": null}), "aud is missing"),
        (json!({"aud": []}), "aud is missing"),
        (json!({"aud": ["evergrant", 1]}), "aud is missing"),
        (json!({"aud": {"evergrant": 1}}), "aud is missing"),
        (json!({"aud": "Evergrant"}), "audience is `Evergrant`, the client expects `evergrant`"),
        (json!({"aud": ["a", "b"]}), "audience is `a, b`"),
        (json!({"sub": null}), "sub is missing"),
        (json!({"sub": ""}), "sub is missing"),
        (json!({"sub": "Job"}), "sub is `Job`, the client expects `job`"),
        (json!({"ref": null}), "ref is `missing`, the client expects `refs/heads/*`"),
        (json!({"ref": "refs/tags/refs/heads/"}), "ref is `refs/tags/refs/heads/`"),
        (json!({"ref": ["refs/heads/main"]}), "ref is `[?refs/heads/main?]`"),
        (json!({"protected": false}), "protected is `false`, the client expects `true`"),
        (json!({"protected": "true"}), "protected is `true`, the client expects `true`"),
        (json!({"protected": 1}), "protected is `1`"),
    ] {
        let error = issued(&changes).unwrap_err().to_string();
        assert!(error.replace('"', "?").starts_with(expected), "{changes}: {error}");
    }
}

#[test]
fn the_times_of_an_issuers_token_have_a_minute_of_leeway_and_no_more() {
    use AssertionError::{Expired, NotYet, TooLong};
    let day = 24 * 3600;
    for (changes, expected) in [
        (json!({"exp": NOW - 59}), Ok(())),
        (json!({"exp": NOW - 60}), Err(Expired(60))),
        (json!({"exp": NOW - 3600}), Err(Expired(3600))),
        (json!({"exp": 0}), Err(Expired(NOW))),
        (json!({"nbf": NOW + 60}), Ok(())),
        (json!({"nbf": NOW + 61}), Err(NotYet("nbf", 61))),
        (json!({"iat": NOW + 60}), Ok(())),
        (json!({"iat": NOW + 61}), Err(NotYet("iat", 61))),
        (json!({"nbf": 0}), Ok(())),
        (json!({"iat": null, "nbf": null}), Ok(())),
        (json!({"exp": NOW + day}), Ok(())),
        (json!({"exp": NOW + day + 1}), Err(TooLong(day + 1, day))),
        // Without `iat`, only the time that is left is known.
        (json!({"iat": null, "exp": NOW + day + 60}), Ok(())),
        (json!({"iat": null, "exp": NOW + day + 61}), Err(TooLong(day + 1, day))),
        (json!({"iat": 0, "exp": NOW + 1}), Err(TooLong(NOW + 1 - 300, day))),
        (json!({"exp": u64::MAX}), Err(TooLong(u64::MAX - NOW, day))),
    ] {
        assert_eq!(issued(&changes), expected, "{changes}");
    }
}

#[test]
fn a_time_that_is_no_whole_number_is_refused() {
    for claim in ["exp", "nbf", "iat"] {
        for value in
            ["\"1800000600\"", "1800000600.5", "1.8e9", "-1", "true", "[1800000600]", "{}", "18446744073709551616"]
        {
            let claims: Value = serde_json::from_str(&format!("{{\"{claim}\": {value}}}")).unwrap();
            let found = issued(&claims);
            assert!(
                matches!(found, Err(AssertionError::Claim(name, _)) if name == claim),
                "{claim} {value}: {found:?}"
            );
        }
    }
    assert_eq!(issued(&json!({"exp": null})), Err(AssertionError::Claim("exp", "a whole number of seconds")));
}

fn self_signed(changes: &Value) -> Result<(String, u64), AssertionError> {
    let own = json!({
        "iss": "itself", "sub": "itself", "aud": "https://evergrant.example", "exp": NOW + 60, "iat": NOW, "jti": "1",
    });
    let token = compact(&changed(&own, changes));
    let accepted = claim_checks::own_audiences(&BaseUrl::parse("https://evergrant.example").unwrap());
    let accepted = accepted.each_ref().map(String::as_str);
    let assertion = Assertion::parse(&token)?;
    claim_checks::self_signed(&assertion, "itself", &accepted, UnixSeconds(NOW))
        .map(|(jti, exp)| (jti.to_owned(), exp.0))
}

#[test]
fn an_assertion_that_a_client_signs_is_for_this_server_only_and_has_a_jti() {
    let endpoint = "https://evergrant.example/oauth/token";
    let longest = "j".repeat(512);
    for (changes, jti) in [
        (json!({}), "1"),
        (json!({"aud": endpoint}), "1"),
        (json!({"aud": [endpoint, "https://evergrant.example"]}), "1"),
        (json!({"jti": longest}), longest.as_str()),
        (json!({"jti": "a:b \u{e4}"}), "a:b \u{e4}"),
    ] {
        assert_eq!(self_signed(&changes), Ok((jti.to_owned(), NOW + 60)), "{changes}");
    }
    for (changes, expected) in [
        (json!({"iss": "Itself"}), "iss and sub"),
        (json!({"sub": "other"}), "iss and sub"),
        (json!({"sub": null}), "iss and sub"),
        (json!({"iss": null, "sub": null}), "iss and sub"),
        (json!({"aud": "https://evergrant.example/"}), "audience is"),
        (json!({"aud": "https://evergrant.example/oauth/revoke"}), "audience is"),
        (json!({"aud": ["https://evergrant.example", "https://other.example"]}), "audience is"),
        (json!({"aud": []}), "aud is missing"),
        (json!({"jti": null}), "jti is missing"),
        (json!({"jti": ""}), "jti is missing"),
        (json!({"jti": 1}), "jti is missing"),
        (json!({"jti": "j".repeat(513)}), "jti is missing"),
    ] {
        let error = self_signed(&changes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{changes}: {error}");
    }
}

#[test]
fn an_assertion_that_a_client_signs_is_valid_for_an_hour_at_most() {
    for (changes, is_accepted) in [
        (json!({"exp": NOW + 3600}), true),
        (json!({"exp": NOW + 3601}), false),
        (json!({"exp": NOW + 3600, "iat": NOW - 60}), true),
        (json!({"exp": NOW + 3600, "iat": NOW - 61}), false),
        (json!({"exp": NOW + 3600, "iat": NOW - 120}), false),
        (json!({"exp": NOW - 59, "iat": NOW - 3600}), true),
        (json!({"exp": NOW - 60, "iat": NOW - 3600}), false),
        (json!({"exp": NOW + 60, "iat": NOW - 7200}), false),
        (json!({"exp": NOW + 3660, "iat": null}), true),
        (json!({"exp": NOW + 3661, "iat": null}), false),
        (json!({"iat": NOW + 60}), true),
        (json!({"iat": NOW + 61}), false),
    ] {
        assert_eq!(self_signed(&changes).is_ok(), is_accepted, "{changes}: {:?}", self_signed(&changes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_time_accepts_a_token_that_is_not_valid_now(exp in 0..4_000_000_000_u64, iat in 0..4_000_000_000_u64) {
        let near = |moment: u64| if moment.is_multiple_of(2) { NOW - 200 + moment % 400 } else { moment };
        let (exp, iat) = (near(exp), near(iat));
        if issued(&json!({"exp": exp, "iat": iat, "nbf": iat})).is_ok() {
            prop_assert!(exp + 60 > NOW && iat <= NOW + 60 && exp <= NOW + 24 * 3600 + 60, "{} {}", exp, iat);
        }
    }

    #[test]
    fn a_claim_in_a_sentence_is_printable_and_short(value in "\\PC{0,300}|[\\x00-\\x7f]{0,300}") {
        let sentence = shown(&value);
        prop_assert!(sentence.bytes().all(|byte| matches!(byte, b' '..=b'~')) && sentence.len() <= 126, "{}", sentence);
        prop_assert!(sentence.len() > 2 || value.is_empty());
    }
}

#[test]
fn an_assertion_is_read_up_to_16_kib_and_never_printed() {
    let token = |bytes: usize| {
        let rest = compact(&json!({"x": ""})).len();
        let token = compact(&json!({"x": "y".repeat((bytes - rest) * 3 / 4)}));
        format!("{token}{}", "A".repeat(bytes - token.len()))
    };
    let largest = token(MAX_ASSERTION_BYTES);
    assert!(!matches!(Assertion::parse(&largest), Err(AssertionError::TooLarge)), "{}", largest.len());
    assert_eq!(Assertion::parse(&token(MAX_ASSERTION_BYTES + 1)).err(), Some(AssertionError::TooLarge));
    let token = compact(&json!({"sub": "private name"}));
    let printed = format!("{:?}", Assertion::parse(&token).unwrap());
    for part in token.split('.').chain(["private name"]) {
        assert!(!printed.contains(part), "{printed}");
    }
}
