//! Reads the authorization request of a registered client, RFC 6749 §4.1.1 and RFC 7636 §4.3. Pure.

use crate::oauth::authorization::{AuthorizationError, AuthorizationErrorCode};
use crate::oauth::client::{Client, GrantType, Profile};
use crate::oauth::narrowed_scope::narrowed;
use crate::oauth::pkce::{CodeChallenge, S256};
use crate::oauth::query::Parameter;
use crate::oauth::scope::Scope;

/// A valid authorization request.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The scope to grant.
    pub scope: Scope,
    /// PKCE.
    pub code_challenge: Option<CodeChallenge>,
}

/// The `state` of a request, which is returned with a code and with an error.
///
/// # Errors
/// `invalid_request` for one that is sent twice.
pub fn read_state(query: &str) -> Result<Option<String>, AuthorizationError> {
    Parameter::find(query, "state").value_or(invalid("state is sent more than once or is not UTF-8"))
}

impl AuthorizationRequest {
    /// Reads the request of `client` in `query`.
    ///
    /// # Errors
    /// The error to return to the client.
    pub fn read(client: &Client, query: &str) -> Result<Self, AuthorizationError> {
        check_response_type(client, query)?;
        if !client.may_use(GrantType::AuthorizationCode) {
            return Err(AuthorizationErrorCode::UnauthorizedClient
                .with_description("the client is not registered for authorization_code"));
        }
        Ok(Self { code_challenge: read_code_challenge(client, query)?, scope: read_scope(client, query)? })
    }
}

fn check_response_type(client: &Client, query: &str) -> Result<(), AuthorizationError> {
    match Parameter::find(query, "response_type").value_or(invalid("response_type is sent more than once"))? {
        Some(response_type) if response_type == "code" => Ok(()),
        Some(_) => Err(AuthorizationErrorCode::UnsupportedResponseType
            .with_description("the only response_type supported here is code")),
        // Workfront is documented to add nothing but `state`.
        None if client.profile == Profile::Workfront => Ok(()),
        None => Err(invalid("response_type is missing; expected code")),
    }
}

/// `S256` only: a missing method means `plain` (RFC 7636 §4.3), which is refused too.
fn read_code_challenge(client: &Client, query: &str) -> Result<Option<CodeChallenge>, AuthorizationError> {
    let challenge = Parameter::find(query, "code_challenge").value_or(invalid("code_challenge is sent more than once"));
    let method = Parameter::find(query, "code_challenge_method")
        .value_or(invalid("code_challenge_method is sent more than once"));
    match (challenge?, method?.as_deref()) {
        (Some(challenge), Some(S256)) => {
            let challenge = CodeChallenge::parse(&challenge);
            challenge.map(Some).ok_or(invalid("code_challenge is not 43 to 128 unreserved characters"))
        }
        (_, Some(_)) => Err(invalid("PKCE requires a code_challenge with code_challenge_method S256")),
        (Some(_), None) => Err(invalid("code_challenge_method is missing; only S256 is supported")),
        (None, None) if client.require_pkce || client.is_public() => {
            Err(invalid("this client must use PKCE: code_challenge is missing"))
        }
        (None, None) => Ok(None),
    }
}

fn read_scope(client: &Client, query: &str) -> Result<Scope, AuthorizationError> {
    let requested = Parameter::find(query, "scope").value_or(invalid("scope is sent more than once"))?;
    let Some(requested) = requested else { return Ok(client.scope.clone()) };
    narrowed(&client.scope, &requested, "the scope is wider than the client's").map_err(|error_description| {
        AuthorizationError { error: AuthorizationErrorCode::InvalidScope, error_description }
    })
}

const fn invalid(error_description: &'static str) -> AuthorizationError {
    AuthorizationErrorCode::InvalidRequest.with_description(error_description)
}
