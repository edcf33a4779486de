//! The authorization endpoint's answers, RFC 6749 §4.1.2 and §4.1.2.1: the browser goes back to the client.

use crate::oauth::client::Client;
use crate::oauth::query;
use crate::web::response::{Response, redirect};

/// Error codes of the authorization endpoint, RFC 6749 §4.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationErrorCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// This client may not ask for a code.
    UnauthorizedClient,
    /// The person, or a rule, said no.
    AccessDenied,
    /// Only `code` is answered here.
    UnsupportedResponseType,
    /// The scope is unknown, malformed or wider than the client's.
    InvalidScope,
    /// Something is set up wrongly.
    ServerError,
    /// It may go better later.
    TemporarilyUnavailable,
}

impl AuthorizationErrorCode {
    /// The code as the client reads it.
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

    /// This code with a sentence of ours.
    #[must_use]
    pub const fn say(self, error_description: &'static str) -> AuthorizationError {
        AuthorizationError { error: self, error_description }
    }
}

/// An error for the client: the code and one of our fixed sentences, in the characters of §4.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationError {
    /// The code of RFC 6749 §4.1.2.1.
    pub error: AuthorizationErrorCode,
    /// What is wrong and what mends it.
    pub error_description: &'static str,
}

/// The way back to the client.
#[derive(Debug)]
pub struct ReturnAddress<'a> {
    /// One of the client's registered redirect URIs.
    pub redirect_uri: &'a str,
    /// The client's `state`, returned unchanged.
    pub state: Option<&'a str>,
    /// `iss` (RFC 9207), unless the client is switched to do without.
    pub iss: Option<&'a str>,
}

impl<'a> ReturnAddress<'a> {
    /// The way back to `client`, where `issuer` is ours.
    #[must_use]
    pub fn new(client: &Client, redirect_uri: &'a str, state: Option<&'a str>, issuer: &'a str) -> Self {
        Self { redirect_uri, state, iss: client.authorization_response_iss.then_some(issuer) }
    }

    /// Back with a code, §4.1.2.
    #[must_use]
    pub fn with_code(&self, code: &str) -> Response {
        self.with(&[("code", code)])
    }

    /// Back with an error, §4.1.2.1.
    #[must_use]
    pub fn with_error(&self, error: &AuthorizationError) -> Response {
        self.with(&[("error", error.error.as_str()), ("error_description", error.error_description)])
    }

    fn with(&self, parameters: &[(&str, &str)]) -> Response {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.map(|state| ("state", state)));
        parameters.extend(self.iss.map(|iss| ("iss", iss)));
        redirect(&query::append(self.redirect_uri, &parameters))
    }
}
