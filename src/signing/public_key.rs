//! RSA public keys: written as PEM for DocuSign, and used to check every signature. Pure.

use std::fmt;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BigUint, RsaPublicKey};

use crate::secret::{Sha256, hex, sha256};

/// An RSA public key of 2048 to 8192 bits.
#[derive(Clone)]
pub struct PublicKey {
    pem: String,
    spki_sha256: Sha256,
    verifier: ParsedPublicKey,
}

impl PublicKey {
    /// Builds the key from modulus and exponent, big-endian, as in a JWK (RFC 7518 §6.3.1).
    #[must_use]
    pub fn from_components(n: &[u8], e: &[u8]) -> Option<Self> {
        let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
        let der = key.to_public_key_der().ok()?;
        let n = n.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
        let verifier =
            PublicKeyComponents { n: n.as_slice(), e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
        Some(Self { pem: key.to_public_key_pem(LineEnding::LF).ok()?, spki_sha256: sha256(der.as_bytes()), verifier })
    }

    /// `-----BEGIN PUBLIC KEY-----`, the format for DocuSign's "Apps and Keys" page.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`, in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&self.spki_sha256)
    }

    /// Whether `signature` is the RS256 signature of `digest` with this key.
    #[must_use]
    pub fn verifies(&self, digest: &Sha256, signature: &[u8]) -> bool {
        Digest::import_less_safe(digest, &digest::SHA256)
            .is_ok_and(|digest| self.verifier.verify_digest_sig(&digest, signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.fingerprint()).finish()
    }
}
