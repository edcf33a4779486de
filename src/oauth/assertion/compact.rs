//! Reads compact JSON Web Signatures (RFC 7515 §7.1) strictly, without verifying them. Pure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::oauth::assertion::error::AssertionError;
use crate::oauth::jwk::key::ALGORITHMS;
use crate::web::unique_fields::UniqueFields;

/// The longest assertion, in bytes.
pub const MAX_ASSERTION_BYTES: usize = 16 * 1024;

/// An assertion that was read, but not verified.
pub struct Assertion<'a> {
    /// The algorithm of its header, which is one of those that are accepted.
    pub algorithm: Algorithm,
    /// The `kid` of its header.
    pub kid: Option<String>,
    /// The claims.
    pub claims: Map<String, Value>,
    /// What is signed.
    pub signing_input: &'a str,
    /// The signature, in base64url.
    pub signature: &'a str,
}

impl fmt::Debug for Assertion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl<'a> Assertion<'a> {
    /// Reads `compact`. Members that name or carry a key (`jwk`, `jku`, `x5u`, `x5c`) are ignored.
    ///
    /// # Errors
    /// [`AssertionError`] if it is malformed, or has an algorithm or extension that is not accepted.
    pub fn parse(compact: &'a str) -> Result<Self, AssertionError> {
        if compact.len() > MAX_ASSERTION_BYTES {
            return Err(AssertionError::TooLarge);
        }
        let parts: Vec<&str> = compact.split('.').collect();
        let [header, payload, signature] = parts[..] else { return Err(AssertionError::Parts(parts.len())) };
        let fields = object(header, "header")?;
        let algorithm = algorithm(&fields)?;
        if fields.contains_key("crit") {
            return Err(AssertionError::Critical);
        }
        let kid = match fields.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(AssertionError::KeyId),
        };
        let claims = object(payload, "payload")?;
        if URL_SAFE_NO_PAD.decode(signature).map_or(true, |signature| signature.is_empty()) {
            return Err(AssertionError::Encoding("signature"));
        }
        let signing_input = &compact[..header.len() + 1 + payload.len()];
        Ok(Self { algorithm, kid, claims, signing_input, signature })
    }

    /// A claim that is a text and not empty.
    #[must_use]
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, AssertionError> {
    let alg = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let named = ALGORITHMS.iter().find(|(name, _)| *name == alg).map(|(_, algorithm)| *algorithm);
    named.ok_or_else(|| AssertionError::Algorithm(alg.to_owned()))
}

/// The JSON object in one part, in which no field is repeated.
fn object(part: &str, name: &'static str) -> Result<Map<String, Value>, AssertionError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionError::Encoding(name))?;
    match serde_json::from_slice(&bytes) {
        Ok(UniqueFields(Value::Object(object))) => Ok(object),
        _ => Err(AssertionError::Json(name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compact(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn only_strict_tokens_are_read() {
        let header = r#"{"alg":"RS256","kid":"a"}"#;
        let good = compact(header, r#"{"iss":"x"}"#);
        let read = Assertion::parse(&good).unwrap();
        assert_eq!((read.kid.as_deref(), read.text("iss"), read.text("sub")), (Some("a"), Some("x"), None));
        assert_eq!(format!("{}.{}", read.signing_input, read.signature), good);
        for (token, expected) in [
            (good.replace(".c2ln", ""), AssertionError::Parts(2)),
            (good.clone() + ".", AssertionError::Parts(4)),
            (good.replace("c2ln", ""), AssertionError::Encoding("signature")),
            (good.replace("c2ln", "c2l"), AssertionError::Encoding("signature")),
            (good.replace("c2ln", "c2ln="), AssertionError::Encoding("signature")),
            (compact(r#"{"alg":"rs256"}"#, "{}"), AssertionError::Algorithm("rs256".to_owned())),
            (compact("{}", "{}"), AssertionError::Algorithm(String::new())),
            (compact(r#"{"alg":"RS256","crit":[]}"#, "{}"), AssertionError::Critical),
            (compact(r#"{"alg":"RS256","kid":1}"#, "{}"), AssertionError::KeyId),
            (compact(r#"{"alg":"RS256","alg":"RS256"}"#, "{}"), AssertionError::Json("header")),
            (compact(header, r#"{"a":1,"\u0061":1}"#), AssertionError::Json("payload")),
            (compact(header, "[]"), AssertionError::Json("payload")),
            ("x".repeat(MAX_ASSERTION_BYTES + 1), AssertionError::TooLarge),
        ] {
            assert_eq!(Assertion::parse(&token).unwrap_err(), expected, "{token}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,200}|[A-Za-z0-9._=-]{0,200}", payload in "\\PC{0,80}") {
            let _ = Assertion::parse(&text);
            let _ = Assertion::parse(&compact(r#"{"alg":"ES256"}"#, &payload));
        }
    }
}
