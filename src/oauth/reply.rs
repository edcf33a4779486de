//! Answers of the token endpoint, RFC 6749 §5.1 and §5.2, byte for byte.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::json::{push_number, push_string};
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::scope::Scope;

/// An HTTP answer, complete in memory.
pub type Response = http::Response<Bytes>;

/// The challenge of a 401: the one scheme the token endpoint knows (RFC 7617).
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"evergrant\", charset=\"UTF-8\"");

/// A successful answer, RFC 6749 §5.1.
#[derive(Debug)]
pub struct AccessTokenResponse<'a> {
    /// What the client gets.
    pub access_token: &'a SecretString,
    /// Its remaining life in seconds.
    pub expires_in: u64,
    /// Its scope as granted here.
    pub scope: &'a Scope,
    /// What it is renewed with, if that is not the client's own credentials.
    pub refresh_token: Option<&'a SecretString>,
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

impl AccessTokenResponse<'_> {
    /// 200 with the JSON of §5.1, not to be stored by anyone.
    #[must_use]
    pub fn reply(&self) -> Response {
        let (access_token, scope) = (self.access_token.expose_secret(), self.scope.as_str());
        let refresh_token = self.refresh_token.map(ExposeSecret::expose_secret);
        // Room for the names and the number, so that the buffer never moves.
        let length = access_token.len() + refresh_token.map_or(0, str::len) + scope.len() + 128;
        let mut body = Vec::with_capacity(length);
        body.extend_from_slice(b"{\"access_token\":");
        push_string(&mut body, access_token);
        body.extend_from_slice(b",\"token_type\":\"Bearer\",\"expires_in\":");
        push_number(&mut body, self.expires_in);
        if let Some(refresh_token) = refresh_token {
            body.extend_from_slice(b",\"refresh_token\":");
            push_string(&mut body, refresh_token);
        }
        body.extend_from_slice(b",\"scope\":");
        push_string(&mut body, scope);
        body.push(b'}');
        json_bytes(StatusCode::OK, body)
    }
}

impl OAuthError {
    /// 400 or 401 with the JSON of §5.2; a 401 carries the challenge that RFC 9110 §11.6.1 demands.
    #[must_use]
    pub fn reply(&self) -> Response {
        self.reply_with(StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::BAD_REQUEST))
    }

    /// The same body under a status that says more, such as 413.
    #[must_use]
    pub fn reply_with(&self, status: StatusCode) -> Response {
        let body = ErrorBody { error: self.error.as_str(), error_description: self.error_description };
        let mut response = json(status, &body);
        if self.error == ErrorCode::InvalidClient {
            response.headers_mut().insert(WWW_AUTHENTICATE, BASIC_CHALLENGE);
        }
        response
    }
}

impl Outage {
    /// The `error` of an outage's body, borrowed from RFC 6749 §4.1.2.1.
    pub const ERROR: &'static str = "temporarily_unavailable";

    /// 503 with `Retry-After`.
    #[must_use]
    pub fn reply(&self) -> Response {
        let body = ErrorBody { error: Self::ERROR, error_description: self.error_description };
        let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &body);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.retry_after.max(1)));
        response
    }
}

/// A JSON answer that no cache keeps.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Only strings and numbers are ever written here, which cannot fail.
    json_bytes(status, serde_json::to_vec(body).unwrap_or_default())
}

fn json_bytes(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Room for `x-request-id` too.
    headers.reserve(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
