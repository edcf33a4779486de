//! Signs with a key in Azure Key Vault, using the official SDK. The private key never leaves the vault.
//!
//! The public key is fetched once, and every signature is checked with it. So a wrong key or version is found here, not
//! through an unclear error from DocuSign. If a signature does not match, the public key may be the wrong one, so it is fetched
//! again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_security_keyvault_keys::models::{
    KeyClientGetKeyOptions, KeyClientSignOptions, SignParameters, SignatureAlgorithm,
};
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use crate::identity::{Identity, IdentityError, sdk_answer};
use crate::memory::retry::retry;
use crate::secret::Sha256;
use crate::signing::challenge::ReadableChallenge;
use crate::signing::key_id::{KeyVaultKeyId, resource_of};
use crate::signing::public_key::PublicKey;
use crate::signing::{AssertionSigner, SignError, answers};
use crate::web::obstacle::Obstacle;
use crate::web::retry_after;
use crate::web::upstream::UpstreamAnswer;

/// The first try and two retries.
const TRIES: u32 = 3;

/// Pause after the first failed try; doubled after the second.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest `Retry-After` to wait for, in seconds. With a longer one, the call fails.
const MAX_WAIT_SECONDS: u64 = 2;

/// One vault. Its keys share the connection and the Entra token.
pub struct KeyVault {
    vault_url: String,
    identity: Identity,
    client: OnceCell<KeyClient>,
}

impl KeyVault {
    /// The vault at `vault_url`. Makes no calls yet.
    #[must_use]
    pub const fn new(vault_url: String, identity: Identity) -> Self {
        Self { vault_url, identity, client: OnceCell::const_new() }
    }

    async fn client(&self) -> Result<&KeyClient, SignError> {
        self.client.get_or_try_init(|| self.build_client()).await
    }

    async fn build_client(&self) -> Result<KeyClient, SignError> {
        let credential = self.identity.credential().await.map_err(SignError::IdentityUnavailable)?;
        let mut client_options = self.identity.client_options().await;
        client_options.per_try_policies.push(Arc::new(ReadableChallenge { resource: resource_of(&self.vault_url) }));
        let options = KeyClientOptions { client_options, ..KeyClientOptions::default() };
        KeyClient::new(&self.vault_url, credential, Some(options)).map_err(|error| classify(&error, false))
    }

    async fn get_public_key(&self, id: &KeyVaultKeyId) -> Result<PublicKey, SignError> {
        let options = KeyClientGetKeyOptions { key_version: Some(id.version.clone()), ..Default::default() };
        let answer = self.client().await?.get_key(&id.name, Some(options)).await;
        let key =
            answer.and_then(azure_core::http::Response::into_model).map_err(|error| classify(&error, id.is_hsm()))?.key;
        let key = key.ok_or(MALFORMED)?;
        expect_key(id, key.kid.as_deref())?;
        // Without modulus and exponent it is not an RSA key.
        let (n, e) = key.n.zip(key.e).ok_or(SignError::Unusable)?;
        PublicKey::from_components(&n, &e).ok_or(SignError::Unusable)
    }

    async fn sign(&self, id: &KeyVaultKeyId, digest: Sha256) -> Result<Vec<u8>, SignError> {
        let parameters = SignParameters { algorithm: Some(SignatureAlgorithm::Rs256), value: Some(digest.to_vec()) };
        let content = parameters.try_into().map_err(|error| classify(&error, id.is_hsm()))?;
        let options = KeyClientSignOptions { key_version: Some(id.version.clone()), ..Default::default() };
        let answer = self.client().await?.sign(&id.name, content, Some(options)).await;
        let signed =
            answer.and_then(azure_core::http::Response::into_model).map_err(|error| classify(&error, id.is_hsm()))?;
        expect_key(id, signed.kid.as_deref())?;
        signed.result.ok_or(MALFORMED)
    }
}

/// One version of one key in a [`KeyVault`].
pub struct KeyVaultSigner {
    vault: Arc<KeyVault>,
    id: KeyVaultKeyId,
    public_key: Mutex<Option<Arc<PublicKey>>>,
}

impl KeyVaultSigner {
    /// The key `id` in `vault`.
    #[must_use]
    pub fn new(vault: Arc<KeyVault>, id: KeyVaultKeyId) -> Self {
        Self { vault, id, public_key: Mutex::default() }
    }

    /// The key identifier.
    #[must_use]
    pub const fn id(&self) -> &KeyVaultKeyId {
        &self.id
    }

    /// The public key, fetched at first use, once for all callers.
    ///
    /// # Errors
    /// The errors of [`AssertionSigner::sign_digest`].
    pub async fn public_key(&self) -> Result<Arc<PublicKey>, SignError> {
        let mut cached = self.public_key.lock().await;
        if let Some(public_key) = &*cached {
            return Ok(Arc::clone(public_key));
        }
        let public_key = Arc::new(self.with_retries(|| self.vault.get_public_key(&self.id)).await?);
        *cached = Some(Arc::clone(&public_key));
        Ok(public_key)
    }

    /// Drops `public_key`, because a signature does not match it.
    async fn forget(&self, public_key: &Arc<PublicKey>) {
        self.public_key.lock().await.take_if(|cached| Arc::ptr_eq(cached, public_key));
    }

    fn no_answer(&self) -> SignError {
        if self.vault.identity.is_waiting() {
            SignError::IdentityUnavailable(IdentityError::TimedOut)
        } else {
            SignError::NoAnswer
        }
    }

    async fn with_retries<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T, SignError>
    where
        F: Future<Output = Result<T, SignError>> + Send,
    {
        let limit = self.vault.identity.try_timeout();
        let call = || async { timeout(limit, call()).await.unwrap_or_else(|_| Err(self.no_answer())) };
        retry(call, |error, tries| (tries < TRIES).then(|| pause_before_retry(error, tries)).flatten()).await
    }
}

#[async_trait]
impl AssertionSigner for KeyVaultSigner {
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError> {
        let public_key = self.public_key().await?;
        let signature = self.with_retries(|| self.vault.sign(&self.id, digest)).await?;
        if public_key.verifies(&digest, &signature) {
            return Ok(signature);
        }
        self.forget(&public_key).await;
        let newer = self.public_key().await?;
        if newer.verifies(&digest, &signature) { Ok(signature) } else { Err(SignError::WrongKey) }
    }
}

impl fmt::Debug for KeyVaultSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyVaultSigner").field(&self.id).finish()
    }
}

/// The pause before the next try; `None` if a retry would not help.
fn pause_before_retry(error: &SignError, tries: u32) -> Option<Duration> {
    let pause = FIRST_PAUSE * 2u32.pow(tries.saturating_sub(1));
    match error {
        SignError::Throttled { retry_after: Some(seconds), .. } if *seconds > MAX_WAIT_SECONDS => None,
        SignError::Throttled { retry_after: Some(seconds), .. } => Some(Duration::from_secs(*seconds).max(pause)),
        // Includes KeyNotFound, because a new key takes some seconds to be available everywhere.
        SignError::KeyNotFound
        | SignError::IdentityUnavailable(IdentityError::Failed { .. } | IdentityError::NoAnswer { .. })
        | SignError::Unreachable(_)
        | SignError::NoAnswer
        | SignError::Throttled { retry_after: None, .. } => Some(pause),
        SignError::VaultFailed { answer } => {
            (answer.is_server_error() || matches!(answer.status(), Some(404 | 409))).then_some(pause)
        }
        SignError::IdentityUnavailable(_)
        | SignError::OtherTenant
        | SignError::TokenRefused { .. }
        | SignError::AccessDenied
        | SignError::NoAccessPolicy
        | SignError::NoHsmRole
        | SignError::Forbidden { .. }
        | SignError::KeyDeleted
        | SignError::NetworkRefused
        | SignError::NotInForce
        | SignError::MayNotSign
        | SignError::WrongKey
        | SignError::Malformed { .. }
        | SignError::Unusable => None,
    }
}

/// An answer without what was asked for.
const MALFORMED: SignError = SignError::Malformed { answer: UpstreamAnswer::NONE };

/// Checks that an answer is about the key `id`.
fn expect_key(id: &KeyVaultKeyId, kid: Option<&str>) -> Result<(), SignError> {
    match kid {
        Some(kid) if id.is_named_by(kid) => Ok(()),
        Some(_) => Err(SignError::WrongKey),
        None => Err(MALFORMED),
    }
}

/// Converts the SDK's error. Of its text, only harmless words are kept.
fn classify(error: &azure_core::Error, is_hsm: bool) -> SignError {
    if let Some(error) = IdentityError::within(error) {
        return SignError::IdentityUnavailable(error);
    }
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            let response = raw_response.as_deref();
            let header = HeaderName::from_static("retry-after");
            let retry_after = response.and_then(|response| response.headers().get_optional_str(&header));
            let retry_after = retry_after.and_then(retry_after::read_seconds);
            answers::classify(sdk_answer(u16::from(*status), response), retry_after, is_hsm)
        }
        ErrorKind::Io | ErrorKind::Connection => SignError::Unreachable(Obstacle::of(error)),
        _ => SignError::Malformed { answer: UpstreamAnswer::of_error(error) },
    }
}
