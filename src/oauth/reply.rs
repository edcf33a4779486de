//! Responses of the token endpoint, RFC 6749 §5.1 and §5.2.

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::scope::Scope;
use crate::web::response::{Response, json};

/// The challenge of a 401: the only scheme that the token endpoint supports (RFC 7617).
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"evergrant\", charset=\"UTF-8\"");

/// A successful response, RFC 6749 §5.1.
#[derive(Debug)]
pub struct AccessTokenResponse<'a> {
    /// The access token.
    pub access_token: &'a SecretString,
    /// The access token's remaining lifetime in seconds.
    pub expires_in: u64,
    /// The granted scope.
    pub scope: &'a Scope,
    /// The refresh token, if there is one.
    pub refresh_token: Option<&'a SecretString>,
}

#[derive(Serialize)]
struct SuccessBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: &'a str,
}

#[derive(Serialize)]
struct OAuthErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl AccessTokenResponse<'_> {
    /// 200 with the JSON of §5.1 and `Cache-Control: no-store`.
    #[must_use]
    pub fn reply(&self) -> Response {
        let body = SuccessBody {
            access_token: self.access_token.expose_secret(),
            token_type: "Bearer",
            expires_in: self.expires_in,
            refresh_token: self.refresh_token.map(ExposeSecret::expose_secret),
            scope: self.scope.as_str(),
        };
        json(StatusCode::OK, &body)
    }
}

impl OAuthError {
    /// 400 or 401 with the JSON of §5.2. A 401 has the challenge that RFC 9110 §11.6.1 requires.
    #[must_use]
    pub fn reply(&self) -> Response {
        self.reply_with(StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::BAD_REQUEST))
    }

    /// The same body with a more specific status, such as 413.
    #[must_use]
    pub fn reply_with(&self, status: StatusCode) -> Response {
        let body = OAuthErrorBody { error: self.error.as_str(), error_description: &self.error_description };
        let mut response = json(status, &body);
        if self.error == ErrorCode::InvalidClient {
            response.headers_mut().insert(WWW_AUTHENTICATE, BASIC_CHALLENGE);
        }
        response
    }
}

impl Outage {
    /// The `error` of an outage, from RFC 6749 §4.1.2.1.
    pub const ERROR: &'static str = "temporarily_unavailable";

    /// 503 with `Retry-After`.
    #[must_use]
    pub fn reply(&self) -> Response {
        let body = OAuthErrorBody { error: Self::ERROR, error_description: self.error_description };
        let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &body);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.retry_after.max(1)));
        response
    }
}
