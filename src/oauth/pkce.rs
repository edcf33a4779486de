//! Proof Key for Code Exchange, RFC 7636. Only `S256`, because `plain` gives no protection.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::secret::{are_equal, sha256};

/// The only supported method, RFC 7636 §4.2.
pub const S256: &str = "S256";

/// An `S256` code challenge, RFC 7636 §4.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Accepts 43 to 128 unreserved characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_well_formed(text).then(|| Self(text.to_owned()))
    }

    /// The challenge for `verifier`.
    #[must_use]
    pub fn of(verifier: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())))
    }

    /// Whether `verifier` matches this challenge. A malformed verifier never matches (§4.6).
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        is_well_formed(verifier) && are_equal(Self::of(verifier).0.as_bytes(), self.0.as_bytes())
    }

    /// The text of the challenge.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `43*128unreserved`, the grammar of both verifier and challenge.
fn is_well_formed(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_the_vector_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = CodeChallenge::of(verifier);
        assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(challenge.is_met_by(verifier));
        assert!(!challenge.is_met_by(&verifier.replace('d', "e")));
    }

    #[test]
    fn p1_grammar_of_verifier_and_challenge() {
        for good in ["a".repeat(43), "~._-".repeat(32)] {
            assert!(CodeChallenge::parse(&good).is_some(), "{good}");
            assert!(CodeChallenge::of(&good).is_met_by(&good), "{good}");
        }
        for bad in ["a".repeat(42), "a".repeat(129), "+".repeat(43), format!("{}=", "a".repeat(43)), "ä".repeat(43)] {
            assert!(CodeChallenge::parse(&bad).is_none(), "{bad}");
            assert!(!CodeChallenge::of(&bad).is_met_by(&bad), "{bad}");
        }
    }
}
