//! Errors of the token endpoint: the codes of RFC 6749 §5.2, and outages.

use std::borrow::Cow;

/// Error codes of the token endpoint, RFC 6749 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// A parameter is missing, repeated or malformed, or two client authentication methods were used.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The grant is invalid. Clients delete their refresh token when they get this.
    InvalidGrant,
    /// This client may not use this grant type.
    UnauthorizedClient,
    /// The grant type is not supported.
    UnsupportedGrantType,
    /// The scope is unknown, malformed or wider than the client's.
    InvalidScope,
}

impl ErrorCode {
    /// The code in the response.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    /// The HTTP status: 401 for `invalid_client`, otherwise 400.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            _ => 400,
        }
    }

    /// This code with a description.
    #[must_use]
    pub const fn with_description(self, error_description: &'static str) -> OAuthError {
        OAuthError { error: self, error_description: Cow::Borrowed(error_description) }
    }
}

/// An error response: the code and a description, never text from upstream.
///
/// `error_description` has only the characters that RFC 6749 §5.2 allows: printable ASCII without `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// The code of RFC 6749 §5.2.
    pub error: ErrorCode,
    /// What is wrong and how to fix it.
    pub error_description: Cow<'static, str>,
}

/// No access token is available at the moment, but the grant is valid.
///
/// The response is 503 with `Retry-After`, an extension as in RFC 6749 §8.5: a client that gets 503 keeps its refresh
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// `Retry-After` in seconds; at least 1.
    pub retry_after: u64,
    /// What is wrong and who can fix it; never text from upstream.
    pub error_description: &'static str,
}
