//! Authenticates clients at the OAuth endpoints, RFC 6749 §2.3, and limits failures.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::endpoints::caller::assertions::{Assertions, ClientAssertionError};
use crate::endpoints::caller::failures::{FailureLimit, TooManyFailuresError};
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::AssertionError;
use crate::oauth::client::authentication::PresentedAssertion;
use crate::oauth::client::claimed::ClaimedCredentials;
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Form;
use crate::registry::issuers::IssuerKeysError;
use crate::telemetry;

/// What the caller learns about an assertion that was refused.
const REFUSED: OAuthError =
    ErrorCode::InvalidClient.with_description("client authentication failed: the client_assertion was refused");

/// Why a client is not authenticated.
#[derive(Debug)]
pub enum ClientError {
    /// The request or the credentials are wrong.
    OAuth(OAuthError),
    /// Like the last, but too many have failed.
    TooManyFailures(TooManyFailuresError),
    /// The keys of the assertion's issuer are not available.
    IssuerUnavailable(IssuerKeysError),
    /// The store of used assertions is unavailable.
    StoreUnavailable,
}

/// Authenticates clients.
pub struct ClientAuthenticator {
    /// Verifies assertions.
    pub assertions: Arc<Assertions>,
    /// Limits failures.
    pub failures: Arc<FailureLimit>,
}

impl ClientAuthenticator {
    /// The client that the assertion authenticates.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn by_assertion<'c>(
        &self,
        clients: &'c ClientRegistry,
        form: &Form,
        presented: &PresentedAssertion<'_>,
    ) -> Result<&'c Client, ClientError> {
        let (client_id, compact) = (presented.client_id.as_deref(), presented.compact.expose_secret());
        let failure = match self.assertions.client(clients, client_id, compact).await {
            Ok(client) => return Ok(client),
            Err(failure) => failure,
        };
        Err(match failure {
            ClientAssertionError::Refused(error) => self.refused(form, client_id, compact, &error),
            ClientAssertionError::IssuerUnavailable(unavailable) => ClientError::IssuerUnavailable(unavailable),
            ClientAssertionError::StoreUnavailable => ClientError::StoreUnavailable,
        })
    }

    fn refused(&self, form: &Form, client_id: Option<&str>, compact: &str, error: &AssertionError) -> ClientError {
        telemetry::record_hint(&error.to_string());
        let assertion = Assertion::parse(compact).ok();
        let client_id = client_id.or(assertion.as_ref().and_then(|assertion| assertion.text("sub")));
        self.count(form, client_id, REFUSED)
    }

    /// The error for a request without an assertion that was refused with `error`. The log gets the client that it names.
    pub fn refuse(&self, form: &Form, clients: &ClientRegistry, error: OAuthError) -> ClientError {
        let claimed = ClaimedCredentials::read(form);
        telemetry::record_claimed(&claimed, clients, error.error);
        match (error.error, claimed.client_id()) {
            (ErrorCode::InvalidClient, Some(client_id)) => self.count(form, Some(client_id), error),
            _ => ClientError::OAuth(error),
        }
    }

    fn count(&self, form: &Form, client_id: Option<&str>, error: OAuthError) -> ClientError {
        let counted = self.failures.count(&form.headers, client_id);
        counted.map_or_else(ClientError::TooManyFailures, |()| ClientError::OAuth(error))
    }
}
