//! The parts of a presented sealed token, and its header. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};

use crate::clock::UnixSeconds;
use crate::sealing::secret::SealingSecret;
use crate::sealing::{Sealable, Sealed, UnsealError, is_audience};

/// The header of a sealed token that is not verified yet. Use it only to choose the key and the kind.
#[derive(Debug, PartialEq, Eq)]
pub struct UnverifiedHeader {
    /// The kind.
    pub typ: String,
    /// The key.
    pub kid: String,
}

/// The parts of a compact JWT (RFC 7515 §7.1) with HS256, a kind and a key. No `Debug`, because it holds a complete token.
pub struct SealedParts<'a> {
    /// The kind and key from its header.
    pub header: UnverifiedHeader,
    /// The signed part: header and claims.
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> SealedParts<'a> {
    /// Splits a compact JWT.
    #[must_use]
    pub fn read(sealed: &'a str) -> Option<Self> {
        let (signed, signature) = sealed.rsplit_once('.')?;
        let (encoded_header, claims) = signed.split_once('.')?;
        let header = read_header(encoded_header)?;
        Some(Self { header, signed, claims, signature })
    }

    /// Opens it. Checks signature, kind, key, issuer, audience and expiry.
    ///
    /// # Errors
    /// The errors of [`crate::sealing::unseal`].
    pub fn open<T: Sealable>(
        &self,
        secret: &SealingSecret,
        issuer: &str,
        now: UnixSeconds,
    ) -> Result<Sealed<T>, UnsealError> {
        if self.header.typ != T::TYP || self.header.kid != secret.kid() || !self.is_signed_by(secret) {
            return Err(UnsealError::NotOurs);
        }
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| UnsealError::NotOurs)?;
        let claims: Sealed<T> = serde_json::from_slice(&claims).map_err(|_| UnsealError::NotOurs)?;
        if !is_audience::<T>(&claims.aud, &claims.iss) {
            return Err(UnsealError::NotOurs);
        }
        if claims.iss != issuer {
            return Err(UnsealError::OtherIssuer);
        }
        if claims.exp.is_some_and(|exp| exp <= now) { Err(UnsealError::Expired) } else { Ok(claims) }
    }

    fn is_signed_by(&self, secret: &SealingSecret) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(self.signature);
        signature.is_ok_and(|signature| secret.has_signed(self.signed.as_bytes(), &signature))
    }
}

/// The kind and the key from a header with HS256. One with a `crit` (RFC 7515 §4.1.11) is refused: it names extensions that must
/// be understood, and none is.
fn read_header(header: &str) -> Option<UnverifiedHeader> {
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let Header { alg, typ, kid, crit, .. } = serde_json::from_slice(&header).ok()?;
    (alg == Algorithm::HS256 && crit.is_none()).then_some(UnverifiedHeader { typ: typ?, kid: kid? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(header: &str) -> Option<(String, String)> {
        let sealed = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header));
        SealedParts::read(&sealed).map(|presented| (presented.header.typ, presented.header.kid))
    }

    #[test]
    fn headers_are_parsed_as_json() {
        let is = |typ: &str, kid: &str| Some((typ.to_owned(), kid.to_owned()));
        for (header, expected) in [
            (r#"{"typ":"a+jwt","alg":"HS256","kid":"v1"}"#, is("a+jwt", "v1")),
            (r#"{ "alg":"HS256", "kid":"v1", "typ":"a+jwt" }"#, is("a+jwt", "v1")),
            (r#"{"typ":"a\"b","alg":"HS256","kid":"v\u0031"}"#, is("a\"b", "v1")),
            (r#"{"typ":"x","alg":"HS256","kid":"v1","kid":"v2"}"#, None),
            (r#"{"typ":"a","alg":"HS512","kid":"v1"}"#, None),
            (r#"{"typ":"a","alg":"none","kid":"v1"}"#, None),
            (r#"{"typ":"a","alg":"HS256","kid":"v1","crit":["exp"]}"#, None),
            (r#"{"crit":[],"typ":"a","alg":"HS256","kid":"v1"}"#, None),
            (r#"{"typ":"a","alg":"HS256","kid":"v1","b64":false,"crit":["b64"]}"#, None),
            (r#"{"alg":"HS256","kid":"v1"}"#, None),
            (r#"{"typ":"a","alg":"HS256"}"#, None),
        ] {
            assert_eq!(header_of(header), expected, "{header}");
        }
    }

    #[test]
    fn a_token_needs_three_parts() {
        for text in ["", ".", "..", "a.b", "a.b.c", "eyJ9"] {
            assert!(SealedParts::read(text).is_none(), "{text}");
        }
    }
}
