//! PKCE, RFC 7636: the grammar of verifiers and challenges, and that only the right verifier meets a challenge.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use evergrant::oauth::pkce::{CodeChallenge, S256};
use evergrant::secret::sha256;
use proptest::prelude::*;

use crate::local::{CHALLENGE, VERIFIER};

const UNRESERVED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn only_its_own_verifier_meets_a_challenge(verifier in "[A-Za-z0-9._~-]{43,128}", at in 0..128_usize, to in 0..66_usize) {
        let challenge = CodeChallenge::of(&verifier);
        prop_assert!(challenge.is_met_by(&verifier));
        prop_assert_eq!(CodeChallenge::parse(challenge.as_str()), Some(challenge.clone()));
        let mut other = verifier.clone().into_bytes();
        let at = at % other.len();
        other[at] = UNRESERVED.as_bytes()[to];
        let other = String::from_utf8(other).unwrap();
        prop_assert_eq!(challenge.is_met_by(&other), other == verifier);
        prop_assert!(!challenge.is_met_by(challenge.as_str()), "the method plain");
    }

    #[test]
    fn a_verifier_outside_the_grammar_meets_no_challenge(text in "\\PC{0,150}") {
        let is_well_formed = (43..=128).contains(&text.len()) && text.chars().all(|char| UNRESERVED.contains(char));
        prop_assert_eq!(CodeChallenge::of(&text).is_met_by(&text), is_well_formed);
        prop_assert_eq!(CodeChallenge::parse(&text).is_some(), is_well_formed);
    }
}

#[test]
fn the_grammar_has_the_66_unreserved_characters_and_no_other() {
    for char in (0..0x180_u32).filter_map(char::from_u32) {
        let text = format!("{}{char}", "a".repeat(64));
        assert_eq!(CodeChallenge::parse(&text).is_some(), UNRESERVED.contains(char), "{char:?}");
        assert_eq!(CodeChallenge::of(&text).is_met_by(&text), UNRESERVED.contains(char), "{char:?}");
    }
}

#[test]
fn the_length_is_43_to_128_characters() {
    for (length, is_accepted) in [(0, false), (42, false), (43, true), (64, true), (128, true), (129, false)] {
        let text = "a".repeat(length);
        assert_eq!(CodeChallenge::parse(&text).is_some(), is_accepted, "{length}");
        assert_eq!(CodeChallenge::of(&text).is_met_by(&text), is_accepted, "{length}");
    }
}

#[test]
fn a_challenge_is_the_base64url_of_a_sha_256_without_padding() {
    assert_eq!(S256, "S256");
    assert_eq!(CodeChallenge::of(VERIFIER).as_str(), CHALLENGE, "RFC 7636 appendix B");
    let digest = sha256(VERIFIER.as_bytes());
    for (encoded, is_met) in [
        (URL_SAFE_NO_PAD.encode(digest), true),
        (URL_SAFE.encode(digest), false),
        (STANDARD.encode(digest), false),
        (evergrant::secret::hex(&digest), false),
        (VERIFIER.to_owned(), false),
        (CHALLENGE.to_lowercase(), false),
    ] {
        let challenge = CodeChallenge::parse(&encoded);
        assert_eq!(challenge.is_some_and(|challenge| challenge.is_met_by(VERIFIER)), is_met, "{encoded}");
    }
}
