//! The symmetric keys derived from a sealing key.
//!
//! They are derived with HKDF-SHA-256 (RFC 5869) from the sealing key's RS256 signature of [`LABEL`]. The signature is
//! deterministic, so all instances derive the same keys, and no setting contains a secret.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;

/// The text that the sealing key signs. Changing it invalidates every sealed token.
pub const LABEL: &[u8] = b"evergrant sealing secret, version 1";

/// The symmetric keys derived from one version of a sealing key.
pub struct SealingSecret {
    kid: String,
    encoding: EncodingKey,
    /// The same key as [`Self::encoding`]. jsonwebtoken would prepare it again for each token that it verifies.
    verifying: hmac::Key,
    /// Derives code verifiers and the ids of successors.
    derivation: hmac::Key,
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
    /// If the derivation fails.
    pub fn derive(kid: String, signature: &[u8]) -> Result<Self, Unspecified> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"evergrant").extract(signature);
        let derivation = hmac::Key::new(hmac::HMAC_SHA256, &expand(&prk, b"code verifier")?);
        let seal = expand(&prk, b"seal")?;
        let (encoding, verifying) = (EncodingKey::from_secret(&seal), hmac::Key::new(hmac::HMAC_SHA256, &seal));
        Ok(Self { kid, encoding, verifying, derivation })
    }

    /// The `kid` in sealed tokens.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The PKCE code verifier (RFC 7636 §4.1, 43 characters) for the sealed token `jti`.
    ///
    /// It is derived, because a sealed token is not encrypted and must not contain it.
    #[must_use]
    pub fn code_verifier(&self, jti: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.derivation, jti.as_bytes()))
    }

    /// The `jti` of the refresh token `generation` of the grant `grant_id`. Every process derives the same one.
    #[must_use]
    pub fn successor_jti(&self, grant_id: &str, generation: u64) -> String {
        // No `jti` contains a colon, so this cannot be the input of a code verifier.
        let input = format!("successor:{grant_id}:{generation}");
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.derivation, input.as_bytes()))
    }

    pub(super) const fn encoding_key(&self) -> &EncodingKey {
        &self.encoding
    }

    /// Whether `signature` is the HS256 signature of `signed` (RFC 7515 §5.2, RFC 7518 §3.2), compared in constant time.
    pub(super) fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.verifying, signed, signature).is_ok()
    }
}

fn expand(prk: &hkdf::Prk, info: &[u8]) -> Result<[u8; 32], Unspecified> {
    let mut derived = [0; 32];
    prk.expand(&[info], hkdf::HKDF_SHA256)?.fill(&mut derived)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_every_use_has_different_values() {
        let secret = |signature: &[u8]| SealingSecret::derive("v1".to_owned(), signature).unwrap();
        let (old, new) = (secret(b"old"), secret(b"new"));
        assert_eq!(old.code_verifier("jti-1").len(), 43);
        assert_ne!(old.code_verifier("jti-1"), new.code_verifier("jti-1"));
        assert_ne!(old.code_verifier("jti-1"), old.code_verifier("jti-2"));
        assert_eq!(old.successor_jti("grant", 1), secret(b"old").successor_jti("grant", 1));
        assert_ne!(old.successor_jti("grant", 1), old.successor_jti("grant", 2));
        assert_eq!(format!("{old:?}"), r#"SealingSecret { kid: "v1", .. }"#);
    }
}
