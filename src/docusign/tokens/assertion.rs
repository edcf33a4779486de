//! The assertion of the JWT Grant (RFC 7523 §3). It is built here, because JWT libraries cannot sign asynchronously. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::clock::UnixSeconds;
use crate::oauth::scope::Scope;
use crate::types::Guid;

/// The JOSE header. No `kid`: DocuSign tries every key registered for the integration key.
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// `iat` is this many seconds in the past, so that a clock that is slightly fast does no harm.
pub const SKEW: u64 = 60;

/// Lifetime of an assertion in seconds, counted from `iat`. DocuSign allows 3600; it is used immediately, so less is enough.
const LIFETIME: u64 = 600;

/// The claims that DocuSign requires.
#[derive(Debug, Serialize)]
pub struct AssertionClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    scope: String,
}

impl<'a> AssertionClaims<'a> {
    /// Claims for `integration_key` to act as `user` with `scope`. The audience is the host name `account_host`.
    #[must_use]
    pub fn new(
        integration_key: &'a Guid,
        user: &'a Guid,
        account_host: &'a str,
        scope: &Scope,
        now: UnixSeconds,
    ) -> Self {
        let issued = now.minus(SKEW);
        Self {
            iss: integration_key.as_str(),
            sub: user.as_str(),
            aud: account_host,
            iat: issued.0,
            exp: issued.plus(LIFETIME).0,
            scope: scope.to_string(),
        }
    }
}

/// The JWS signing input (RFC 7515 §5.1): header and claims in base64url, joined by a dot.
#[must_use]
pub fn signing_input(claims: &AssertionClaims<'_>) -> String {
    // Serializing strings and integers cannot fail.
    let payload = serde_json::to_vec(claims).unwrap_or_default();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload))
}

/// The compact serialization (RFC 7515 §7.1).
#[must_use]
pub fn compact(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn part(text: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn header_and_claims_match_docusigns_documentation() {
        let key = Guid::parse("1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e").unwrap();
        let user = Guid::parse("a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f").unwrap();
        let scope = Scope::parse("signature impersonation").unwrap();
        let claims = AssertionClaims::new(&key, &user, "account-d.docusign.com", &scope, UnixSeconds(1_700_000_000));
        let input = signing_input(&claims);
        let (header, payload) = input.split_once('.').unwrap();
        assert_eq!(part(header), json!({"alg": "RS256", "typ": "JWT"}));
        assert_eq!(
            part(payload),
            json!({
                "iss": "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
                "sub": "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f",
                "aud": "account-d.docusign.com",
                "iat": 1_699_999_940_u64,
                "exp": 1_700_000_540_u64,
                "scope": "signature impersonation",
            })
        );
    }

    #[test]
    fn base64_has_no_padding() {
        // RFC 7515 §2 forbids "=": 1 byte would end in two of them.
        assert_eq!(compact("h.p", &[1]), "h.p.AQ");
    }
}
