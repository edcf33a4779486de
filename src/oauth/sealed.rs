//! Sealed tokens: compact JWTs (HS256) that carry our state through browsers and clients, so that nothing is stored.
//!
//! The key is derived by HKDF-SHA-256 (RFC 5869) from a deterministic RS256 signature that the sealing key in
//! Key Vault makes of [`LABEL`]: all instances agree, and no secret stands in any setting. `kid` names the key.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;

/// What the sealing key signs to give birth to the sealing secret. Changing it ends every sealed token.
pub const LABEL: &[u8] = b"evergrant sealing secret, version 1";

/// What a sealed token is for; the `typ` of its header and the last part of its audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedKind {
    /// `state` of the one-time consent (way A).
    ConsentState,
}

impl SealedKind {
    const fn typ(self) -> &'static str {
        match self {
            Self::ConsentState => "evergrant-consent-state+jwt",
        }
    }

    fn audience(self, issuer: &str) -> String {
        format!("{issuer}#{}", self.typ())
    }
}

/// The claims of every sealed token. Times are `NumericDate`s (RFC 7519 §2).
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct SealedClaims {
    /// Our issuer URL.
    pub iss: String,
    /// Who may open it: the issuer and the kind.
    pub aud: String,
    /// 128 random bits or more, in our base64url; makes every token unique.
    pub jti: String,
    /// When it was sealed.
    pub iat: u64,
    /// From when on it is worth nothing.
    pub exp: u64,
}

/// Why a sealed token was not opened. Deliberately coarse: callers only need to tell "old" from "not ours".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It was ours, once.
    #[error("the sealed token has expired")]
    Expired,
    /// Not sealed by us, altered, or sealed for another purpose.
    #[error("the sealed token is not ours")]
    NotOurs,
}

/// The symmetric keys behind one sealing key version.
pub struct SealingSecret {
    kid: String,
    seal: [u8; 32],
    verifier: hmac::Key,
}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingSecret").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SealingSecret {
    /// Derives the secret from the sealing key's signature of [`LABEL`].
    ///
    /// # Errors
    /// If the derivation fails; there is never a key that was not derived.
    pub fn derive(kid: String, signature: &[u8]) -> Result<Self, Unspecified> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"evergrant").extract(signature);
        let verifier = hmac::Key::new(hmac::HMAC_SHA256, &expand(&prk, b"code verifier")?);
        Ok(Self { kid, seal: expand(&prk, b"seal")?, verifier })
    }

    /// The PKCE code verifier (RFC 7636 §4.1, 43 characters) that belongs to the sealed token `jti`.
    ///
    /// Derived instead of carried, because a sealed token is signed, not encrypted.
    #[must_use]
    pub fn code_verifier(&self, jti: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.verifier, jti.as_bytes()))
    }
}

fn expand(prk: &hkdf::Prk, info: &[u8]) -> Result<[u8; 32], Unspecified> {
    let mut derived = [0; 32];
    prk.expand(&[info], hkdf::HKDF_SHA256)?.fill(&mut derived)?;
    Ok(derived)
}

/// Seals a token of `kind` for `issuer`, good for `lifetime` seconds from `now`; `jti` must be fresh and random.
///
/// # Errors
/// When the claims cannot be serialised, which does not happen.
pub fn seal(
    secret: &SealingSecret,
    kind: SealedKind,
    issuer: &str,
    jti: String,
    validity: (UnixSeconds, u64),
) -> jsonwebtoken::errors::Result<String> {
    let (now, lifetime) = validity;
    let header =
        Header { typ: Some(kind.typ().to_owned()), kid: Some(secret.kid.clone()), ..Header::new(Algorithm::HS256) };
    let claims =
        SealedClaims { iss: issuer.to_owned(), aud: kind.audience(issuer), jti, iat: now.0, exp: now.plus(lifetime).0 };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret.seal))
}

/// The name of the key that sealed `sealed`, by its own claim.
#[must_use]
pub fn kid_of(sealed: &str) -> Option<String> {
    jsonwebtoken::decode_header(sealed).ok()?.kid
}

/// Opens a sealed token: signature, algorithm, kind, issuer, audience and expiry all have to fit.
///
/// # Errors
/// [`UnsealError::Expired`] for one of ours that is too old, [`UnsealError::NotOurs`] for all else.
pub fn unseal(
    secret: &SealingSecret,
    kind: SealedKind,
    issuer: &str,
    sealed: &str,
    now: UnixSeconds,
) -> Result<SealedClaims, UnsealError> {
    let header = jsonwebtoken::decode_header(sealed).map_err(|_| UnsealError::NotOurs)?;
    if header.typ.as_deref() != Some(kind.typ()) {
        return Err(UnsealError::NotOurs);
    }
    let key = DecodingKey::from_secret(&secret.seal);
    let opened = jsonwebtoken::decode::<SealedClaims>(sealed, &key, &validation(kind, issuer));
    let claims = opened.map_err(|_| UnsealError::NotOurs)?.claims;
    if claims.exp <= now.0 { Err(UnsealError::Expired) } else { Ok(claims) }
}

fn validation(kind: SealedKind, issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[kind.audience(issuer)]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // The library would ask the machine's clock; `unseal` compares with the `now` it was given.
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixSeconds = UnixSeconds(2_000_000_000);
    const ISSUER: &str = "https://evergrant.example";

    fn secret(kid: &str, signature: &[u8]) -> SealingSecret {
        SealingSecret::derive(kid.to_owned(), signature).unwrap()
    }

    fn sealed_by(secret: &SealingSecret) -> String {
        seal(secret, SealedKind::ConsentState, ISSUER, "jti-1".to_owned(), (NOW, 60)).unwrap()
    }

    fn open(secret: &SealingSecret, sealed: &str, now: UnixSeconds) -> Result<String, UnsealError> {
        unseal(secret, SealedKind::ConsentState, ISSUER, sealed, now).map(|claims| claims.jti)
    }

    #[test]
    fn opens_what_it_sealed_until_it_expires() {
        let secret = secret("v1", b"signature");
        let sealed = sealed_by(&secret);
        assert_eq!(open(&secret, &sealed, NOW.plus(59)), Ok("jti-1".to_owned()));
        assert_eq!(open(&secret, &sealed, NOW.plus(60)), Err(UnsealError::Expired));
    }

    #[test]
    fn refuses_another_key_issuer_or_algorithm() {
        let ours = secret("v1", b"signature");
        let sealed = sealed_by(&ours);
        let same_name = secret("v1", b"another signature");
        assert_eq!(open(&same_name, &sealed, NOW), Err(UnsealError::NotOurs));
        let other_issuer = unseal(&ours, SealedKind::ConsentState, "https://other.example", &sealed, NOW);
        assert_eq!(other_issuer.map(|_| ()), Err(UnsealError::NotOurs));
        let body = sealed.split_once('.').unwrap().1;
        for alg in ["none", "HS384", "RS256"] {
            let typ = SealedKind::ConsentState.typ();
            let header = format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"v1"}}"#);
            let forged = format!("{}.{body}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(open(&ours, &forged, NOW), Err(UnsealError::NotOurs), "{alg}");
        }
    }

    #[test]
    fn the_key_is_named_and_the_verifier_is_its_own() {
        let (old, new) = (secret("v1", b"old"), secret("v2", b"new"));
        assert_eq!(kid_of(&sealed_by(&old)).as_deref(), Some("v1"));
        assert_eq!(old.code_verifier("jti-1").len(), 43);
        assert_ne!(old.code_verifier("jti-1"), new.code_verifier("jti-1"));
        assert_ne!(old.code_verifier("jti-1"), old.code_verifier("jti-2"));
    }

    proptest! {
        #[test]
        fn no_altered_token_opens(position in 0usize..300, replacement in "[A-Za-z0-9._-]") {
            let secret = secret("v1", b"signature");
            let sealed = sealed_by(&secret);
            let position = position % sealed.len();
            let mut altered = sealed.clone();
            altered.replace_range(position..=position, &replacement);
            prop_assume!(altered != sealed);
            prop_assert!(open(&secret, &altered, NOW).is_err());
        }

        #[test]
        fn arbitrary_text_never_opens(text in ".{0,200}") {
            prop_assert!(open(&secret("v1", b"signature"), &text, NOW).is_err());
        }
    }
}
