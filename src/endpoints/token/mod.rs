//! `POST /oauth/token`, the token endpoint (RFC 6749 §3.2).
//!
//! [`request`] reads the form → the registry authenticates the client, by a secret or an assertion → [`authorization_code`] or
//! [`refresh_token`] checks the grant → [`issue`] gets an access token from the cache or mints one, and writes the response
//! (RFC 6749 §5.1). [`error`] writes §5.2. If DocuSign or Key Vault is down, cached tokens are used until they expire, then
//! clients get 503 with `Retry-After`, never `invalid_grant`. If the store is down, codes get 503 and refreshes still work.

mod authorization_code;
mod error;
mod issue;
mod refresh_token;
pub mod request;

use std::pin::pin;

use tokio::time::timeout;

use crate::clock::{ANSWER_WITHIN, within};
use crate::endpoints::caller::clients::ClientAuthenticator;
use crate::oauth::client::authentication::{ClientAuthentication, PresentedAssertion};
use crate::oauth::client::credentials::Credentials;
use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Form;
use crate::oauth::narrowed_scope::narrowed;
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::registry::Registry;
use crate::sealing::claims::Grant;
use crate::store::codes::UsedCodes;
use crate::store::revocations::Revocations;
use crate::store::rotation::Rotations;
use crate::telemetry::{self, Answer};
use error::TokenError;
use issue::Granted;
pub use issue::TokenIssuer;
use request::TokenRequest;

/// The token endpoint and what it depends on.
pub struct TokenEndpoint {
    /// The registered clients.
    pub registry: Registry,
    /// Authenticates them.
    pub authenticator: ClientAuthenticator,
    /// Issues access tokens and refresh tokens.
    pub issuer: TokenIssuer,
    /// Which codes are used.
    pub used_codes: UsedCodes,
    /// Which grants are revoked.
    pub revocations: Revocations,
    /// The rotations of public clients' refresh tokens.
    pub rotations: Rotations,
}

impl TokenEndpoint {
    /// Responds to a request.
    pub async fn handle(&self, form: &Form) -> Answer {
        let Ok(clients) = self.registry.current().await else { return TokenError::RegistryUnavailable.answer(None) };
        // 1. Authenticate the client (§2.3) before a code can be used up.
        let request = match TokenRequest::read(form, &clients) {
            Ok(request) => request,
            Err(error) => return self.refuse(form, &clients, error),
        };
        match &request.authentication {
            ClientAuthentication::Secret(credentials) => match authenticate(credentials, &request.grant_type, &clients)
            {
                Ok(client) => self.grant_to(client, &request).await,
                Err(error) => self.refuse(form, &clients, error),
            },
            // Boxed, so that the state of other requests does not grow.
            ClientAuthentication::Assertion(presented) => {
                Box::pin(self.by_assertion(form, &clients, presented, &request)).await
            }
        }
    }

    async fn by_assertion(
        &self,
        form: &Form,
        clients: &ClientRegistry,
        presented: &PresentedAssertion<'_>,
        request: &TokenRequest<'_>,
    ) -> Answer {
        let answering = async {
            match self.authenticator.by_assertion(clients, form, presented).await {
                Ok(client) => self.grant_to(client, request).await,
                Err(error) => TokenError::from(error).answer(None),
            }
        };
        timeout(ANSWER_WITHIN, answering).await.unwrap_or_else(|_| TokenError::Deadline.answer(None))
    }

    fn refuse(&self, form: &Form, clients: &ClientRegistry, error: OAuthError) -> Answer {
        TokenError::from(self.authenticator.refuse(form, clients, error)).answer(None)
    }

    async fn grant_to(&self, client: &Client, request: &TokenRequest<'_>) -> Answer {
        telemetry::record_client(client);
        // 2. Check that the client may use this grant type, §5.2.
        let grant_type = match allowed(client, &request.grant_type) {
            Ok(grant_type) => grant_type,
            Err(error) => return TokenError::OAuth(error).answer(Some(client)),
        };
        // 3. Get the tokens.
        let granted = within(ANSWER_WITHIN, pin!(self.grant(client, grant_type, request))).await;
        match granted.unwrap_or(Err(TokenError::Deadline)) {
            Ok(granted) => self.issuer.issue(client, grant_type, granted),
            Err(error) => error.answer(Some(client)),
        }
    }

    async fn grant<'r>(
        &self,
        client: &Client,
        grant_type: GrantType,
        request: &'r TokenRequest<'_>,
    ) -> Result<Granted<'r>, TokenError> {
        let scope = request.scope.as_deref();
        match grant_type {
            GrantType::ClientCredentials => self.client_credentials(client, scope).await,
            // Boxed, so that the state of other requests does not grow.
            GrantType::AuthorizationCode => Box::pin(authorization_code::redeem(self, client, &request.code)).await,
            GrantType::RefreshToken => {
                Box::pin(refresh_token::refresh(self, client, request.refresh_token.as_ref(), scope)).await
            }
        }
    }

    /// The client credentials grant, §4.4: an access token for the integration user, no refresh token. The registration is the
    /// grant.
    async fn client_credentials(&self, client: &Client, scope: Option<&str>) -> Result<Granted<'static>, TokenError> {
        let grant = Grant {
            grant_id: GrantType::ClientCredentials.as_str().to_owned(),
            client_id: client.client_id.clone(),
            subject: Subject::IntegrationUser,
            scope: granted_scope(client, scope)?,
            granted_at: self.issuer.clock.now(),
        };
        let access_token = self.issuer.access_token(client, &grant).await?;
        Ok(Granted { access_token, grant, refresh_token: None })
    }
}

fn authenticate<'c>(
    credentials: &Credentials<'_>,
    grant_type: &Result<GrantType, OAuthError>,
    clients: &'c ClientRegistry,
) -> Result<&'c Client, OAuthError> {
    let refreshes = *grant_type == Ok(GrantType::RefreshToken);
    let secretless = credentials.secretless(clients).filter(|_| refreshes);
    secretless.map_or_else(|| credentials.authenticate(clients), Ok)
}

fn allowed(client: &Client, grant_type: &Result<GrantType, OAuthError>) -> Result<GrantType, OAuthError> {
    let unauthorized =
        ErrorCode::UnauthorizedClient.with_description("the client is not registered for this grant_type");
    let grant_type = grant_type.clone()?;
    client.may_use(grant_type).then_some(grant_type).ok_or(unauthorized)
}

/// §3.3: the requested scope if the client has all of it; the client's scope if none is requested.
fn granted_scope(client: &Client, requested: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(requested) = requested.filter(|requested| *requested != client.scope.as_str()) else {
        return Ok(client.scope.clone());
    };
    narrowed(&client.scope, requested, "the scope is wider than the client's")
        .map_err(|error_description| OAuthError { error: ErrorCode::InvalidScope, error_description })
}
