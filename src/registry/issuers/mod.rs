//! The keys of the issuers that clients trust, and those at clients' `jwks_uri`.
//!
//! [`fetch`] asks an issuer → [`cached_keys`] keeps the keys for all callers. An assertion that a client trusts by its claims
//! leads to a call only if there are no keys yet, or, once a minute, if its `kid` is unknown. Failures are remembered, and
//! [`error`] explains them.

mod cached_keys;
pub mod error;
mod fetch;

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, UnixSeconds};
use crate::memory::tidy_map::TidyMap;
use crate::oauth::assertion::candidates::{fitting_issuer, is_self_signed};
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::AssertionError;
use crate::oauth::assertion::{claim_checks, may_have_new_key, verify};
use crate::oauth::client::trust::{OwnKeys, Trust};
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::jwk::key_set::KeySet;
use crate::types::{BaseUrl, Explained as _};
use crate::web::http_client::HttpClient;
use cached_keys::CachedKeys;
pub use cached_keys::IssuerKeysError;
use error::IssuerError;

/// Keys that are no longer used are dropped once there are this many sets.
const MIN_SETS: usize = 64;

/// How often newer keys are looked for: a fetch that was running may have begun before the issuer's new key was there.
const MAX_NEWER: usize = 2;

/// Where keys are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeySetSource {
    /// Where the configuration of this issuer has them.
    Issuer(String),
    /// At this URL.
    Url(String),
}

impl KeySetSource {
    /// Every place that `clients` need, once.
    #[must_use]
    pub fn all(clients: &ClientRegistry) -> Vec<Self> {
        let of_trust = |trust: &Trust| match trust {
            Trust::Issuer(trusted) => Some(Self::Issuer(trusted.issuer.clone())),
            Trust::OwnKeys(OwnKeys::At(url)) => Some(Self::Url(url.clone())),
            Trust::OwnKeys(OwnKeys::Registered(_)) => None,
        };
        let mut all: Vec<Self> = Vec::new();
        for source in clients.iter().flat_map(|client| &client.trust).filter_map(of_trust) {
            if !all.contains(&source) {
                all.push(source);
            }
        }
        all
    }

    /// The issuer or the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Issuer(text) | Self::Url(text) => text,
        }
    }
}

/// Why an assertion is not verified.
#[derive(Clone, Debug)]
pub enum VerifyError {
    /// No key of the issuer signed it.
    Refused(AssertionError),
    /// The keys are not available.
    Unavailable(IssuerKeysError),
}

impl From<AssertionError> for VerifyError {
    fn from(error: AssertionError) -> Self {
        Self::Refused(error)
    }
}

/// What an assertion that was verified needs in addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Nothing: the issuer's token may be used again.
    Issued,
    /// The client signed it itself, so its `jti` must not have been used.
    SelfSigned {
        /// The `jti`.
        jti: String,
        /// When it expires.
        exp: UnixSeconds,
    },
}

/// The keys of all issuers.
pub struct IssuerKeys {
    http: Arc<HttpClient>,
    clock: Arc<dyn Clock>,
    sets: Mutex<TidyMap<KeySetSource, Arc<CachedKeys>>>,
}

impl IssuerKeys {
    /// No keys yet. They are fetched with `http`.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, sets: Mutex::new(TidyMap::new(MIN_SETS)) }
    }

    /// Whether `assertion` proves `client` to the authorization server `issuer` at `now`. Its claims are checked before any key
    /// is asked for.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify_for(
        &self,
        client: &Client,
        assertion: &Assertion<'_>,
        issuer: &BaseUrl,
        now: UnixSeconds,
    ) -> Result<Verified, VerifyError> {
        if !is_self_signed(client, assertion) {
            let issuer = fitting_issuer(client, assertion, now)?;
            self.verify(&KeySetSource::Issuer(issuer.to_owned()), assertion).await?;
            return Ok(Verified::Issued);
        }
        let accepted = claim_checks::own_audiences(issuer);
        let accepted = accepted.each_ref().map(String::as_str);
        let (jti, exp) = claim_checks::self_signed(assertion, client.client_id.as_str(), &accepted, now)?;
        self.verify_with_own_keys(client, assertion).await?;
        Ok(Verified::SelfSigned { jti: jti.to_owned(), exp })
    }

    /// Whether one of the client's own keys signed the assertion.
    async fn verify_with_own_keys(&self, client: &Client, assertion: &Assertion<'_>) -> Result<(), VerifyError> {
        let mut verified = Err(AssertionError::NoOwnKeys.into());
        for keys in client.own_keys() {
            verified = match keys {
                OwnKeys::Registered(keys) => verify(assertion, keys).map_err(VerifyError::from),
                OwnKeys::At(url) => self.verify(&KeySetSource::Url(url.clone()), assertion).await,
            };
            if verified.is_ok() {
                break;
            }
        }
        verified
    }

    /// Whether a key of `source` signed `assertion`. Its claims must have been checked before.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify(&self, source: &KeySetSource, assertion: &Assertion<'_>) -> Result<(), VerifyError> {
        let cached = self.cached(source);
        let loaded = cached.get(&self.clock, self.fetch(source)).await;
        let (mut loaded, is_new) = loaded.map_err(VerifyError::Unavailable)?;
        let mut verified = verify(assertion, &loaded.keys);
        for _ in 0..MAX_NEWER {
            let Err(error) = &verified else { break };
            if is_new || !may_have_new_key(assertion, &loaded.keys, error) {
                break;
            }
            let newer = cached.newer(&self.clock, &loaded, self.fetch(source)).await;
            let Some(newer) = newer.map_err(VerifyError::Unavailable)? else { break };
            verified = verify(assertion, &newer.keys);
            loaded = newer;
        }
        verified.map_err(VerifyError::Refused)
    }

    /// Fetches the keys of `source`, whatever is cached.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub async fn fetch_now(&self, source: &KeySetSource) -> Result<KeySet, IssuerError> {
        fetch::key_set(&self.http, source).await
    }

    fn cached(&self, source: &KeySetSource) -> Arc<CachedKeys> {
        let now = self.clock.now();
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.get_or_insert(source, Arc::default, |cached| cached.is_live(now))
    }

    fn fetch(&self, source: &KeySetSource) -> impl Future<Output = Result<KeySet, IssuerError>> + Send + use<> {
        let (http, source) = (Arc::clone(&self.http), source.clone());
        async move {
            let fetched = fetch::key_set(&http, &source).await;
            if let Err(error) = &fetched {
                let (issuer, line) = (source.as_str(), error.line());
                tracing::warn!(event = "issuer_unavailable", issuer, cause = %error, "{line}");
            }
            fetched
        }
    }
}
