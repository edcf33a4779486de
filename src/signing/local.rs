//! Signing with an RSA key from a PEM file: for local work, refused in Azure by the configuration.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::traits::PublicKeyParts;

use crate::secret::Sha256;
use crate::signing::public_key::PublicKey;
use crate::signing::{AssertionSigner, SignError};

/// A private key in this process's memory.
///
/// The `rsa` crate only reads the file. The private operation is aws-lc's, which runs in constant time
/// (the crate's own does not: RUSTSEC-2023-0071).
#[derive(Clone)]
pub struct LocalSigner {
    key: Arc<KeyPair>,
    public_key: PublicKey,
}

impl LocalSigner {
    /// Reads `-----BEGIN PRIVATE KEY-----` (PKCS#8) or `-----BEGIN RSA PRIVATE KEY-----` (PKCS#1).
    #[must_use]
    pub fn from_pem(pem: &str) -> Option<Self> {
        let read = RsaPrivateKey::from_pkcs8_pem(pem).ok();
        let private = read.or_else(|| RsaPrivateKey::from_pkcs1_pem(pem).ok())?;
        let der = private.to_pkcs8_der().ok()?;
        Some(Self {
            key: Arc::new(KeyPair::from_pkcs8(der.as_bytes()).ok()?),
            public_key: PublicKey::from_components(&private.n().to_bytes_be(), &private.e().to_bytes_be())?,
        })
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

#[async_trait]
impl AssertionSigner for LocalSigner {
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError> {
        let digest = Digest::import_less_safe(&digest, &digest::SHA256).map_err(|_| SignError::Unusable)?;
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature);
        signed.map_err(|_| SignError::Unusable)?;
        Ok(signature)
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalSigner").field(&self.public_key).finish()
    }
}
