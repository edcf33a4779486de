//! `POST /oauth/token`, the token endpoint (RFC 6749 §3.2).
//!
//! [`request`] reads the form → the registry authenticates the client → [`authorization_code`] or [`refresh_token`] checks the
//! grant → [`issue`] gets an access token from the cache or mints one, and writes the response (RFC 6749 §5.1). [`error`] writes
//! §5.2. If DocuSign or Key Vault is down, cached tokens are used until they expire, then clients get 503 with `Retry-After`,
//! never `invalid_grant`. If the store is down, codes get 503 and refreshes still work.

mod authorization_code;
mod error;
mod issue;
mod outage;
mod refresh_token;
pub mod request;

use crate::clock::{ANSWER_WITHIN, within};
use crate::oauth::client::claimed::ClaimedCredentials;
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
        let (request, client) = match authenticate(form, &clients) {
            Ok(authenticated) => authenticated,
            Err(error) => {
                telemetry::record_claimed(&ClaimedCredentials::read(form), &clients, error.error);
                return TokenError::OAuth(error).answer(None);
            }
        };
        telemetry::record_client(client);
        // 2. Check that the client may use this grant type, §5.2.
        let grant_type = match allowed(client, request.grant_type.clone()) {
            Ok(grant_type) => grant_type,
            Err(error) => return TokenError::OAuth(error).answer(Some(client)),
        };
        // 3. Get the tokens.
        let granted = within(ANSWER_WITHIN, self.grant(client, grant_type, request)).await;
        match granted.unwrap_or(Err(TokenError::Deadline)) {
            Ok(granted) => self.issuer.issue(client, grant_type, granted),
            Err(error) => error.answer(Some(client)),
        }
    }

    async fn grant(
        &self,
        client: &Client,
        grant_type: GrantType,
        request: TokenRequest<'_>,
    ) -> Result<Granted, TokenError> {
        match grant_type {
            GrantType::ClientCredentials => self.client_credentials(client, request.scope.as_deref()).await,
            GrantType::AuthorizationCode => authorization_code::redeem(self, client, request.code).await,
            GrantType::RefreshToken => {
                refresh_token::refresh(self, client, request.refresh_token, request.scope.as_deref()).await
            }
        }
    }

    /// The client credentials grant, §4.4: an access token for the integration user, no refresh token. The registration is the
    /// grant.
    async fn client_credentials(&self, client: &Client, scope: Option<&str>) -> Result<Granted, TokenError> {
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

fn authenticate<'r, 'c>(
    form: &'r Form,
    clients: &'c ClientRegistry,
) -> Result<(TokenRequest<'r>, &'c Client), OAuthError> {
    let request = TokenRequest::read(form, clients)?;
    let refreshes = request.grant_type == Ok(GrantType::RefreshToken);
    let secretless = request.credentials.secretless(clients).filter(|_| refreshes);
    let client = secretless.map_or_else(|| request.credentials.authenticate(clients), Ok)?;
    Ok((request, client))
}

fn allowed(client: &Client, grant_type: Result<GrantType, OAuthError>) -> Result<GrantType, OAuthError> {
    let unauthorized = ErrorCode::UnauthorizedClient.say("the client is not registered for this grant_type");
    grant_type.and_then(|grant_type| client.may_use(grant_type).then_some(grant_type).ok_or(unauthorized))
}

/// §3.3: the requested scope if the client has all of it; the client's scope if none is requested.
fn granted_scope(client: &Client, requested: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(requested) = requested.filter(|requested| *requested != client.scope.as_str()) else {
        return Ok(client.scope.clone());
    };
    narrowed(&client.scope, requested, "the scope is wider than the client's")
        .map_err(|error_description| OAuthError { error: ErrorCode::InvalidScope, error_description })
}
