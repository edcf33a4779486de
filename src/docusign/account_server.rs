//! HTTP client for DocuSign's account server: JWT exchange (RFC 7523 §2.1), code exchange and userinfo.

use std::sync::Arc;
use std::time::Duration;

use http::header::{DATE, HeaderMap, RETRY_AFTER};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::{Clock, UnixSeconds};
use crate::config::DocusignSettings;
use crate::docusign::error::ExchangeError;
use crate::docusign::lifetimes::read_expires_in;
use crate::docusign::rate_limit::{CallKind, Throttles};
use crate::docusign::userinfo::UserInfo;
use crate::memory::retry::retry;
use crate::secret::{hex, sha256};
use crate::types::BaseUrl;
use crate::web::http_client::{HttpClient, header, obstacle_of, read_answer, read_body};
use crate::web::retry_after;
use crate::web::upstream::{MAX_ERROR_BYTES, UpstreamAnswer};

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
}

/// The account server of one DocuSign environment.
#[derive(Clone)]
pub struct AccountServer {
    base: BaseUrl,
    integration_key: String,
    secret_key: Option<SecretString>,
    http: Arc<HttpClient>,
    clock: Arc<dyn Clock>,
    throttles: Arc<Throttles>,
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
        let (base, secret_key) = (settings.oauth_url.clone(), settings.secret_key.get().cloned());
        Self { base, integration_key, secret_key, http, clock, throttles: Arc::default() }
    }

    /// Exchanges an assertion for an access token. Retries once after a 5xx or a connection error.
    ///
    /// # Errors
    /// [`ExchangeError`], classified from DocuSign's response.
    pub async fn exchange(&self, assertion: &str) -> Result<DocusignAccessToken, ExchangeError> {
        let form = [("grant_type", JWT_BEARER_GRANT_TYPE), ("assertion", assertion)];
        retry(|| self.post_token(CallKind::Mint, &form, None), pause_before_retry).await
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
        self.post_token(CallKind::SignIn, &form, self.secret_key.as_ref()).await
    }

    /// Checks DocuSign's rate limit for mints.
    ///
    /// # Errors
    /// [`ExchangeError::Throttled`] with the remaining seconds.
    pub fn throttled(&self) -> Result<(), ExchangeError> {
        self.throttles.check(CallKind::Mint, self.clock.now())
    }

    /// Checks that DocuSign responds, and returns the clock difference in seconds; `None` if the response has no date.
    ///
    /// # Errors
    /// [`ExchangeError`] if there is no response, or if it is not the one that DocuSign gives to such a call.
    pub async fn clock_difference(&self) -> Result<Option<u64>, ExchangeError> {
        // DocuSign rejects a call without an access token. That is fine, only the date is used.
        let request = self.http.request(Method::GET, self.base.join("/oauth/userinfo")).await;
        let response = request.timeout(ANSWER_TIMEOUT).send().await.map_err(|error| no_answer(&error))?;
        let (status, date) = (response.status().as_u16(), header(response.headers(), DATE.as_str()));
        let answer = read_answer(response).await;
        if status >= 500 {
            return Err(ExchangeError::ServerFailed { answer, retry_after: None });
        }
        if answer.is_html() || matches!(status, 300..=399 | 404 | 407) {
            return Err(ExchangeError::Foreign { answer });
        }
        let theirs = date.and_then(|date| retry_after::read_date(&date));
        Ok(theirs.map(|theirs| theirs.0.abs_diff(self.clock.now().0)))
    }

    /// The user of `access_token`. Retries once after a 5xx, a code of a failure, or a connection error.
    ///
    /// # Errors
    /// [`ExchangeError`], classified from DocuSign's response.
    pub async fn userinfo(&self, access_token: &SecretString) -> Result<UserInfo, ExchangeError> {
        let ask = || async {
            let request = self.http.request(Method::GET, self.base.join("/oauth/userinfo")).await;
            self.send(CallKind::UserInfo, request.bearer_auth(access_token.expose_secret())).await
        };
        retry(ask, pause_before_retry).await
    }

    async fn post_token(
        &self,
        kind: CallKind,
        form: &[(&str, &str)],
        secret_key: Option<&SecretString>,
    ) -> Result<DocusignAccessToken, ExchangeError> {
        let mut request = self.http.request(Method::POST, self.base.join("/oauth/token")).await.form(form);
        if let Some(secret) = secret_key {
            request = request.basic_auth(&self.integration_key, Some(secret.expose_secret()));
        }
        let body: TokenBody = self.send(kind, request).await?;
        let secret = body.access_token.filter(|secret| !secret.expose_secret().is_empty());
        let issued_at = self.clock.now();
        let expires_at = issued_at.plus(read_expires_in(&body.expires_in));
        let secret = secret.ok_or(ExchangeError::Malformed)?;
        // A token with a short lifetime is better than an outage, but it must have one.
        let usable = expires_at > issued_at;
        usable.then(|| DocusignAccessToken::new(secret, issued_at, expires_at)).ok_or(ExchangeError::Malformed)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        kind: CallKind,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ExchangeError> {
        self.throttles.check(kind, self.clock.now())?;
        let answer = self.send_now(kind, request).await;
        answer.inspect_err(|error| self.throttles.remember(kind, error, self.clock.now()))
    }

    async fn send_now<T: DeserializeOwned>(
        &self,
        kind: CallKind,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ExchangeError> {
        let answer = request.timeout(ANSWER_TIMEOUT).send().await.map_err(|error| no_answer(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(self.refused(kind, answer).await);
        }
        let headers = answer.headers().clone();
        let body = read_body(answer, ANSWER_LIMIT).await.map_err(|error| no_answer(&error))?;
        let body = body.ok_or(ExchangeError::Malformed)?;
        // The parser's error is dropped, because it may quote an access token.
        serde_json::from_slice(&body).map_err(|_| self.not_json(&headers, &body))
    }

    /// Classifies an error response. If DocuSign does not document it, logs what came.
    async fn refused(&self, kind: CallKind, response: reqwest::Response) -> ExchangeError {
        let retry_after = header(response.headers(), RETRY_AFTER.as_str());
        let retry_after = retry_after.and_then(|text| retry_after::read(&text, self.clock.now()));
        let answer = read_answer(response).await;
        let error = match kind {
            CallKind::UserInfo => ExchangeError::classify_userinfo(answer, retry_after),
            CallKind::Mint | CallKind::SignIn => ExchangeError::classify(answer, retry_after),
        };
        if let Some(answer) = error.answer() {
            tracing::warn!(
                event = "undocumented_refusal",
                status = answer.status(),
                docusign_error = %answer.codes().join(", "),
                "DocuSign does not document this error: {answer}"
            );
        }
        error
    }

    /// The error for a successful response that cannot be read.
    fn not_json(&self, headers: &HeaderMap, body: &[u8]) -> ExchangeError {
        let answer = UpstreamAnswer::read(200, |name| header(headers, name), &body[..body.len().min(MAX_ERROR_BYTES)]);
        if answer.is_html() {
            ExchangeError::Foreign { answer: answer.from(self.base.host()) }
        } else {
            ExchangeError::Malformed
        }
    }
}

/// The pause before the one retry; `None` if a retry would not help.
fn pause_before_retry(error: &ExchangeError, tries: u32) -> Option<Duration> {
    let may_pass = matches!(
        error,
        ExchangeError::ServerFailed { retry_after: None, .. }
            | ExchangeError::UserUnnamed { .. }
            | ExchangeError::Unreachable(_)
    );
    (may_pass && tries == 1).then_some(RETRY_PAUSE)
}

fn no_answer(error: &reqwest::Error) -> ExchangeError {
    obstacle_of(error).map_or(ExchangeError::TimedOut, ExchangeError::Unreachable)
}
