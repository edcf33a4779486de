//! How a request authenticates its client, RFC 6749 §2.3: with a secret, or with an assertion (RFC 7523 §2.2). Pure.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use crate::oauth::client::credentials::Credentials;
use crate::oauth::error::{ErrorCode, OAuthError};

/// The value of `client_assertion_type`.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The parameters of a form that authenticate its client; empty ones are `None`.
#[derive(Default)]
pub struct AuthenticationParameters<'a> {
    /// `client_id`.
    pub client_id: Option<Cow<'a, str>>,
    /// `client_secret`.
    pub client_secret: Option<Cow<'a, str>>,
    /// `client_assertion`.
    pub client_assertion: Option<Cow<'a, str>>,
    /// `client_assertion_type`.
    pub client_assertion_type: Option<Cow<'a, str>>,
}

impl fmt::Debug for AuthenticationParameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationParameters").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The method of a request; not verified yet.
#[derive(Debug)]
pub enum ClientAuthentication<'a> {
    /// A secret, or none for a public client.
    Secret(Credentials<'a>),
    /// An assertion.
    Assertion(PresentedAssertion<'a>),
}

/// An assertion of a request; not verified yet.
#[derive(Debug)]
pub struct PresentedAssertion<'a> {
    /// The `client_id` of the request. Without it, `sub` names the client.
    pub client_id: Option<Cow<'a, str>>,
    /// The assertion.
    pub compact: SecretString,
}

const TWO_METHODS: OAuthError = ErrorCode::InvalidRequest
    .with_description("the request has both client_assertion and a client secret; send only one of them");
const NO_ASSERTION: OAuthError =
    ErrorCode::InvalidRequest.with_description("client_assertion_type was sent without client_assertion");
const NO_TYPE: OAuthError =
    ErrorCode::InvalidRequest.with_description("client_assertion was sent without client_assertion_type");
const OTHER_TYPE: OAuthError = ErrorCode::InvalidClient
    .with_description("the client_assertion_type is not urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

impl<'a> ClientAuthentication<'a> {
    /// Reads the method from the header or the body.
    ///
    /// # Errors
    /// `invalid_request` for two methods at once or half of one, `invalid_client` for none.
    pub fn read(headers: &HeaderMap, parameters: AuthenticationParameters<'a>) -> Result<Self, OAuthError> {
        let AuthenticationParameters { client_id, client_secret, client_assertion, client_assertion_type } = parameters;
        match (client_assertion, client_assertion_type.as_deref()) {
            (None, None) => {
                let client_secret = client_secret.map(|secret| SecretString::from(secret.into_owned()));
                Credentials::read(headers, client_id, client_secret).map(Self::Secret)
            }
            (Some(_), _) if client_secret.is_some() || headers.contains_key(AUTHORIZATION) => Err(TWO_METHODS),
            (Some(compact), Some(JWT_BEARER)) => {
                Ok(Self::Assertion(PresentedAssertion { client_id, compact: compact.into_owned().into() }))
            }
            (Some(_), Some(_)) => Err(OTHER_TYPE),
            (Some(_), None) => Err(NO_TYPE),
            (None, Some(_)) => Err(NO_ASSERTION),
        }
    }
}
