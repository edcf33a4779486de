//! The authorization responses, RFC 6749 §4.1.2 and §4.1.2.1: redirects back to the client.

use std::borrow::Cow;

use crate::oauth::query;
use crate::web::response::{Response, redirect};

/// Error codes of the authorization endpoint, RFC 6749 §4.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationErrorCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// This client may not request a code.
    UnauthorizedClient,
    /// The user or a rule denied access.
    AccessDenied,
    /// Only `code` is supported.
    UnsupportedResponseType,
    /// The scope is unknown, malformed or wider than the client's.
    InvalidScope,
    /// The configuration is wrong.
    ServerError,
    /// A later try may succeed.
    TemporarilyUnavailable,
}

impl AuthorizationErrorCode {
    /// The code in the response.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// This code with a description.
    #[must_use]
    pub const fn with_description(self, error_description: &'static str) -> AuthorizationError {
        AuthorizationError { error: self, error_description: Cow::Borrowed(error_description) }
    }
}

/// An error for the client: the code and a description, in the characters that §4.1.2.1 allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationError {
    /// The code of RFC 6749 §4.1.2.1.
    pub error: AuthorizationErrorCode,
    /// What is wrong and how to fix it.
    pub error_description: Cow<'static, str>,
}

/// The redirect back to the client.
#[derive(Debug)]
pub struct ReturnAddress<'a> {
    /// One of the client's registered redirect URIs.
    pub redirect_uri: &'a str,
    /// The client's `state`, returned unchanged.
    pub state: Option<&'a str>,
    /// `iss` (RFC 9207), unless it is disabled for the client.
    pub iss: Option<&'a str>,
}

impl ReturnAddress<'_> {
    /// The redirect with a code, §4.1.2.
    #[must_use]
    pub fn with_code(&self, code: &str) -> Response {
        self.with(&[("code", code)])
    }

    /// The redirect with an error, §4.1.2.1.
    #[must_use]
    pub fn with_error(&self, error: &AuthorizationError) -> Response {
        self.with(&[("error", error.error.as_str()), ("error_description", &error.error_description)])
    }

    fn with(&self, parameters: &[(&str, &str)]) -> Response {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.map(|state| ("state", state)));
        parameters.extend(self.iss.map(|iss| ("iss", iss)));
        redirect(&query::append(self.redirect_uri, &parameters))
    }
}
