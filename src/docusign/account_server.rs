//! HTTP client for DocuSign's account server: JWT exchange (RFC 7523 §2.1), code exchange and userinfo.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{DATE, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::{Clock, UnixSeconds};
use crate::config::DocusignSettings;
use crate::docusign::error::{self, ExchangeError};
use crate::docusign::lifetimes::{read_expires_in, read_retry_after};
use crate::docusign::throttle::Throttle;
use crate::docusign::tokens::assertion::SKEW;
use crate::docusign::tokens::freshness::Freshness;
use crate::docusign::userinfo::UserInfo;
use crate::memory::retry::retry;
use crate::secret::{hex, sha256};
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;

/// `grant_type` of the JWT exchange, RFC 7523 §2.1.
const JWT_BEARER_GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Time limit for one response. With three tries of 3 s at Key Vault, a mint takes less than 15 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause before the one retry after a 5xx or a connection error.
const RETRY_PAUSE: Duration = Duration::from_millis(300);

/// Response size limit in bytes.
const ANSWER_LIMIT: usize = 256 * 1024;

/// An access token issued by DocuSign.
#[derive(Debug)]
pub struct DocusignAccessToken {
    /// The token itself.
    pub secret: SecretString,
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// When DocuSign stops accepting it.
    pub expires_at: UnixSeconds,
    /// Hexadecimal SHA-256 of the token, for audit lines.
    pub sha256: Arc<str>,
}

impl DocusignAccessToken {
    /// An access token with its issue and expiry time.
    #[must_use]
    pub fn new(secret: SecretString, issued_at: UnixSeconds, expires_at: UnixSeconds) -> Self {
        let sha256 = hex(&sha256(secret.expose_secret().as_bytes())).into();
        Self { secret, issued_at, expires_at, sha256 }
    }

    /// How fresh it is at `now`. If the clock was set back by more than the tolerated skew, it counts as expired, because its
    /// remaining lifetime is unknown.
    #[must_use]
    pub const fn freshness(&self, now: UnixSeconds) -> Freshness {
        if self.issued_at.seconds_left(now) > SKEW { Freshness::Expired } else { Freshness::of(self.expires_at, now) }
    }
}

/// The account server of one DocuSign environment.
#[derive(Clone)]
pub struct AccountServer {
    base: BaseUrl,
    integration_key: String,
    secret_key: Option<SecretString>,
    http: Arc<HttpClient>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Throttle>,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: Option<SecretString>,
    #[serde(default)]
    expires_in: Value,
}

impl AccountServer {
    /// The account server for `settings`.
    #[must_use]
    pub fn new(settings: &DocusignSettings, http: Arc<HttpClient>, clock: Arc<dyn Clock>) -> Self {
        let integration_key = settings.integration_key.as_str().to_owned();
        let (base, secret_key) = (settings.oauth_url.clone(), settings.secret_key.clone());
        Self { base, integration_key, secret_key, http, clock, throttle: Arc::default() }
    }

    /// Exchanges an assertion for an access token. Retries once after a 5xx or a connection error.
    ///
    /// # Errors
    /// [`ExchangeError`], classified from DocuSign's response.
    pub async fn exchange(&self, assertion: &str) -> Result<DocusignAccessToken, ExchangeError> {
        let form = [("grant_type", JWT_BEARER_GRANT_TYPE), ("assertion", assertion)];
        retry(|| self.post_token(&form, None), pause_before_retry).await
    }

    /// Exchanges the code of a sign-in for the user's access token. PKCE (RFC 7636 §4.5) proves that the sign-in was started
    /// here; a secret key, if configured, also authenticates Evergrant.
    ///
    /// # Errors
    /// [`ExchangeError`], classified from DocuSign's response.
    pub async fn exchange_code(
        &self,
        code: &str,
        redirect_uri: &str,
        code_verifier: &str,
    ) -> Result<DocusignAccessToken, ExchangeError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", code_verifier),
        ];
        if self.secret_key.is_none() {
            form.push(("client_id", &self.integration_key));
        }
        self.post_token(&form, self.secret_key.as_ref()).await
    }

    /// Checks DocuSign's rate limit.
    ///
    /// # Errors
    /// [`ExchangeError::Throttled`] with the remaining seconds.
    pub fn throttled(&self) -> Result<(), ExchangeError> {
        self.throttle.check(self.clock.now())
    }

    /// Checks that DocuSign responds, and returns the clock difference in seconds; `None` if the response has no date.
    ///
    /// # Errors
    /// [`ExchangeError`] if there is no response or it is a 5xx.
    pub async fn clock_difference(&self) -> Result<Option<u64>, ExchangeError> {
        // DocuSign rejects a call without an access token. That is fine, only the date is used.
        let request = self.http.request(Method::GET, self.base.join("/oauth/userinfo")).await;
        let answer = request.timeout(ANSWER_TIMEOUT).send().await.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        if status >= 500 {
            return Err(ExchangeError::ServerFailed { status, retry_after: None });
        }
        let date = answer.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let theirs = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok()).map(|since| since.as_secs());
        Ok(theirs.map(|theirs| theirs.abs_diff(self.clock.now().0)))
    }

    /// The user of `access_token`.
    ///
    /// # Errors
    /// [`ExchangeError`], classified from DocuSign's response.
    pub async fn userinfo(&self, access_token: &SecretString) -> Result<UserInfo, ExchangeError> {
        let request = self.http.request(Method::GET, self.base.join("/oauth/userinfo")).await;
        self.send(request.bearer_auth(access_token.expose_secret())).await
    }

    async fn post_token(
        &self,
        form: &[(&str, &str)],
        secret_key: Option<&SecretString>,
    ) -> Result<DocusignAccessToken, ExchangeError> {
        let mut request = self.http.request(Method::POST, self.base.join("/oauth/token")).await.form(form);
        if let Some(secret) = secret_key {
            request = request.basic_auth(&self.integration_key, Some(secret.expose_secret()));
        }
        let body: TokenBody = self.send(request).await?;
        let secret = body.access_token.filter(|secret| !secret.expose_secret().is_empty());
        let issued_at = self.clock.now();
        let expires_at = issued_at.plus(read_expires_in(&body.expires_in));
        let secret = secret.ok_or(ExchangeError::Malformed)?;
        // A token with a short lifetime is better than an outage, but it must have one.
        let usable = expires_at > issued_at;
        usable.then(|| DocusignAccessToken::new(secret, issued_at, expires_at)).ok_or(ExchangeError::Malformed)
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ExchangeError> {
        self.throttled()?;
        let answer = self.send_now(request).await;
        answer.inspect_err(|error| self.throttle.remember(*error, self.clock.now()))
    }

    async fn send_now<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ExchangeError> {
        let answer = request.timeout(ANSWER_TIMEOUT).send().await;
        let mut answer = answer.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| read_retry_after(value, self.clock.now()));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_LIMIT {
                return Err(ExchangeError::Malformed);
            }
        }
        if status != 200 {
            return Err(refused(status, &body, retry_after));
        }
        // The parser's error is dropped, because it may quote an access token.
        serde_json::from_slice(&body).map_err(|_| ExchangeError::Malformed)
    }
}

/// The pause before the one retry; `None` if a retry would not help.
fn pause_before_retry(error: &ExchangeError, tries: u32) -> Option<Duration> {
    let may_pass = matches!(error, ExchangeError::ServerFailed { retry_after: None, .. } | ExchangeError::NoAnswer);
    (may_pass && tries == 1).then_some(RETRY_PAUSE)
}

/// Classifies an error response. If it is undocumented, logs DocuSign's error code when it is safe to log.
fn refused(status: u16, body: &[u8], retry_after: Option<u64>) -> ExchangeError {
    let error = ExchangeError::classify(status, body, retry_after);
    if let ExchangeError::Undocumented { .. } = error {
        let code = error::loggable_code(body);
        tracing::warn!(
            event = "undocumented_refusal",
            status,
            docusign_error = code,
            "DocuSign does not document this error"
        );
    }
    error
}

fn no_answer(error: &reqwest::Error) -> ExchangeError {
    if error.is_timeout() { ExchangeError::TimedOut } else { ExchangeError::NoAnswer }
}
