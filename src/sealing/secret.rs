//! The symmetric keys behind a sealing key.
//!
//! Derived by HKDF-SHA-256 (RFC 5869) from a deterministic RS256 signature that the sealing key in Key Vault makes of
//! [`LABEL`]: all instances agree, and no secret stands in any setting.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};

/// What the sealing key signs to give birth to the sealing secret. Changing it ends every sealed token.
pub const LABEL: &[u8] = b"evergrant sealing secret, version 1";

/// The symmetric keys behind one sealing key version.
pub struct SealingSecret {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
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
        let seal = expand(&prk, b"seal")?;
        let (encoding, decoding) = (EncodingKey::from_secret(&seal), DecodingKey::from_secret(&seal));
        Ok(Self { kid, encoding, decoding, verifier })
    }

    /// The name of the key, as sealed tokens carry it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The PKCE code verifier (RFC 7636 §4.1, 43 characters) that belongs to the sealed token `jti`.
    ///
    /// Derived instead of carried, because a sealed token is signed, not encrypted.
    #[must_use]
    pub fn code_verifier(&self, jti: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.verifier, jti.as_bytes()))
    }

    /// The `jti` of the refresh token that is number `generation` of the grant `grant_id`: whoever rotates it, and
    /// however often, makes the same one.
    #[must_use]
    pub fn successor_jti(&self, grant_id: &str, generation: u64) -> String {
        // No `jti` holds a colon, so this is no code verifier's input.
        let input = format!("successor:{grant_id}:{generation}");
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.verifier, input.as_bytes()))
    }

    pub(super) const fn encoding_key(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) const fn decoding_key(&self) -> &DecodingKey {
        &self.decoding
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
    fn each_key_and_each_use_has_values_of_its_own() {
        let secret = |signature: &[u8]| SealingSecret::derive("v1".to_owned(), signature).unwrap();
        let (old, new) = (secret(b"old"), secret(b"new"));
        assert_eq!(old.code_verifier("jti-1").len(), 43);
        assert_ne!(old.code_verifier("jti-1"), new.code_verifier("jti-1"));
        assert_ne!(old.code_verifier("jti-1"), old.code_verifier("jti-2"));
        assert_eq!(old.successor_jti("grant", 1), secret(b"old").successor_jti("grant", 1));
        assert_ne!(old.successor_jti("grant", 1), old.successor_jti("grant", 2));
        assert!(!format!("{old:?}").contains("coding"), "{old:?}");
    }
}
