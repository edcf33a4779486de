//! What can go wrong at the token endpoint, in the words of RFC 6749 §5.2, and what is nobody's grant's fault.

/// Error codes of the token endpoint, RFC 6749 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// A parameter is missing, repeated or malformed, or two client authentication methods were used.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The grant itself is bad. Clients throw their refresh token away when they hear it.
    InvalidGrant,
    /// This client may not use this grant type.
    UnauthorizedClient,
    /// No such grant type here.
    UnsupportedGrantType,
    /// The scope is unknown, malformed or wider than the client's.
    InvalidScope,
}

impl ErrorCode {
    /// The code as the client reads it.
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

    /// The HTTP status of the answer: 401 for `invalid_client`, else 400.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            _ => 400,
        }
    }

    /// This code with a sentence of ours.
    #[must_use]
    pub const fn say(self, error_description: &'static str) -> OAuthError {
        OAuthError { error: self, error_description }
    }
}

/// An error answer: the code and one of our fixed sentences, never a text from upstream.
///
/// `error_description` keeps to the characters of RFC 6749 §5.2: printable ASCII without `"` and `\`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// The code of RFC 6749 §5.2.
    pub error: ErrorCode,
    /// What is wrong and what mends it.
    pub error_description: &'static str,
}

/// No access token can be had at the moment, through no fault of the client's grant.
///
/// Answered with 503 and `Retry-After`, an extension in the sense of RFC 6749 §8.5:
/// a client that hears 503 keeps its refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Seconds after which it is worth asking again; at least 1.
    pub retry_after: u64,
    /// What is wrong and who can mend it, in our words.
    pub error_description: &'static str,
}
