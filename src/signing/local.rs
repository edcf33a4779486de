//! Signs with an RSA key from a PEM file. For local work only; the configuration rejects it in Azure.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rsa::pkcs8::{EncodePrivateKey, LineEnding, SecretDocument};
use rsa::traits::PublicKeyParts;
use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::secret::Sha256;
use crate::signing::key_file::{self, KeyFileError};
use crate::signing::public_key::PublicKey;
use crate::signing::{AssertionSigner, SignError};

/// A private key in memory.
///
/// The `rsa` crate only reads the file. aws-lc signs, because it does so in constant time and the `rsa` crate does not
/// (RUSTSEC-2023-0071).
#[derive(Clone)]
pub struct LocalSigner(Arc<LocalKey>);

struct LocalKey {
    pkcs8: SecretDocument,
    /// Built at first use, because aws-lc checks the key again, which would delay the start by a millisecond.
    pair: OnceLock<Option<KeyPair>>,
    public_key: PublicKey,
}

impl LocalSigner {
    /// Reads the content of a key file.
    ///
    /// # Errors
    /// [`KeyFileError`], which names what the file has instead of a usable key.
    pub fn from_pem(file: &[u8]) -> Result<Self, KeyFileError> {
        let private = key_file::read(file)?;
        let public_key = PublicKey::from_components(&private.n().to_bytes_be(), &private.e().to_bytes_be());
        let public_key = public_key.ok_or(KeyFileError::Exponent)?;
        let pkcs8 = private.to_pkcs8_der().map_err(|_| KeyFileError::Damaged)?;
        Ok(Self(Arc::new(LocalKey { pkcs8, pair: OnceLock::new(), public_key })))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }
}

/// A new RSA key of 2,048 bits as a PEM file; `None` if the system has no randomness or memory.
#[must_use]
pub fn generate_pem() -> Option<SecretString> {
    let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
    let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
    let document = SecretDocument::try_from(der.as_ref()).ok()?;
    document.to_pem("PRIVATE KEY", LineEnding::LF).ok().map(|pem| SecretString::from(pem.as_str()))
}

impl LocalKey {
    fn sign(&self, digest: &Sha256) -> Option<Vec<u8>> {
        let pair = self.pair.get_or_init(|| KeyPair::from_pkcs8(self.pkcs8.as_bytes()).ok()).as_ref()?;
        let digest = Digest::import_less_safe(digest, &digest::SHA256).ok()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).ok()?;
        Some(signature)
    }
}

#[async_trait]
impl AssertionSigner for LocalSigner {
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError> {
        // Signing takes milliseconds of CPU time, which would block a thread that serves requests.
        let key = Arc::clone(&self.0);
        let signed = spawn_blocking(move || key.sign(&digest)).await;
        signed.ok().flatten().ok_or(SignError::Unusable)
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalSigner").field(self.public_key()).finish()
    }
}
