//! Responses of the token endpoint, RFC 6749 §5.1 and §5.2.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::scope::Scope;
use crate::web::json::{push_key, push_number, push_string};
use crate::web::response::{Response, json, json_text};
use crate::web::retry_after;

/// The challenge of a 401: the only scheme that the token endpoint supports (RFC 7617).
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"evergrant\", charset=\"UTF-8\"");

/// Room for everything in a successful response that is not a token, in bytes; longer scopes only cost time.
const OTHER_MEMBERS: usize = 256;

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
struct OAuthErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl AccessTokenResponse<'_> {
    /// 200 with the JSON of §5.1 and `Cache-Control: no-store`.
    #[must_use]
    pub fn reply(&self) -> Response {
        json_text(StatusCode::OK, self.body())
    }

    fn body(&self) -> Vec<u8> {
        let access_token = self.access_token.expose_secret();
        let refresh_token = self.refresh_token.map(ExposeSecret::expose_secret);
        let mut body = Vec::with_capacity(access_token.len() + refresh_token.map_or(0, str::len) + OTHER_MEMBERS);
        push_key(&mut body, "access_token");
        push_string(&mut body, access_token);
        push_key(&mut body, "token_type");
        push_string(&mut body, "Bearer");
        push_key(&mut body, "expires_in");
        push_number(&mut body, self.expires_in);
        if let Some(refresh_token) = refresh_token {
            push_key(&mut body, "refresh_token");
            push_string(&mut body, refresh_token);
        }
        push_key(&mut body, "scope");
        push_string(&mut body, self.scope.as_str());
        body.push(b'}');
        // Every member begins with a comma, and the first one is the opening brace instead.
        body[0] = b'{';
        body
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
        retry_after::set(response.headers_mut(), self.retry_after.max(1));
        response
    }
}
