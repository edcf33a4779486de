//! Parses `POST /oauth/token`, RFC 6749 §3.2. Pure.

use std::borrow::Cow;

use secrecy::SecretString;

use crate::oauth::client::authentication::{AuthenticationParameters, ClientAuthentication};
use crate::oauth::client::{ClientRegistry, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::{Form, parse};
use crate::oauth::query::Parameter;

/// The parameters that RFC 6749, 7636 and 7521 define for the supported grants.
const PARAMETERS: [&str; 10] = [
    "grant_type",
    "client_id",
    "client_secret",
    "scope",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "client_assertion",
    "client_assertion_type",
];

/// A parsed request, not authenticated yet. A parameter without a value counts as absent (§3.2).
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// How the client authenticates, not verified yet.
    pub authentication: ClientAuthentication<'a>,
    /// `grant_type`, or what is wrong with it.
    pub grant_type: Result<GrantType, OAuthError>,
    /// `scope`.
    pub scope: Option<Cow<'a, str>>,
    /// The parameters of the authorization code grant.
    pub code: CodeParameters<'a>,
    /// `refresh_token`, §6.
    pub refresh_token: Option<SecretString>,
}

/// The parameters of the authorization code grant, §4.1.3.
#[derive(Debug)]
pub struct CodeParameters<'a> {
    /// `code`.
    pub code: Option<SecretString>,
    /// `redirect_uri`.
    pub redirect_uri: Option<Cow<'a, str>>,
    /// `code_verifier`, RFC 7636 §4.5.
    pub code_verifier: Option<SecretString>,
}

impl<'a> TokenRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request` if it is malformed, `invalid_client` if it has no credentials.
    pub fn read(form: &'a Form, clients: &ClientRegistry) -> Result<Self, OAuthError> {
        let found = match form_in_query(form, clients) {
            Some(query) => parse(query.as_bytes(), PARAMETERS)?,
            None => form.parameters(PARAMETERS)?,
        };
        let [
            grant_type,
            client_id,
            client_secret,
            scope,
            code,
            redirect_uri,
            code_verifier,
            refresh_token,
            client_assertion,
            client_assertion_type,
        ] = found;
        let authentication =
            AuthenticationParameters { client_id, client_secret, client_assertion, client_assertion_type };
        Ok(Self {
            authentication: ClientAuthentication::read(&form.headers, authentication)?,
            grant_type: read_grant_type(grant_type.as_deref()),
            scope,
            code: CodeParameters { code: code.map(secret), redirect_uri, code_verifier: code_verifier.map(secret) },
            refresh_token: refresh_token.map(secret),
        })
    }
}

fn read_grant_type(grant_type: Option<&str>) -> Result<GrantType, OAuthError> {
    let grant_type = grant_type.ok_or(ErrorCode::InvalidRequest.with_description("grant_type is missing"))?;
    let unsupported = ErrorCode::UnsupportedGrantType.with_description("this grant_type is not supported here");
    GrantType::parse(grant_type).ok_or(unsupported)
}

fn secret(value: Cow<'_, str>) -> SecretString {
    SecretString::from(value.into_owned())
}

/// The query, if there is no body and the client in it is registered to send its parameters there.
fn form_in_query<'a>(form: &'a Form, clients: &ClientRegistry) -> Option<&'a str> {
    let query = form.query.as_deref().filter(|_| form.body.is_empty())?;
    let Parameter::Once(client_id) = Parameter::find(query, "client_id") else { return None };
    clients.find(&client_id)?.token_request_in_query.then_some(query)
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, CONTENT_TYPE};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arbitrary_requests_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300), header in "[ -~]{0,80}") {
            let headers = [
                (CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap()),
                (AUTHORIZATION, header.parse().unwrap()),
            ];
            let (headers, query) = (headers.into_iter().collect(), Some("client_id=x".to_owned()));
            let _ = TokenRequest::read(&Form { headers, query, body: body.into() }, &ClientRegistry::default());
        }
    }
}
