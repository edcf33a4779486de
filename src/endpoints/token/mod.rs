//! `POST /oauth/token`, the token endpoint (RFC 6749 §3.2).
//!
//! [`request`] reads the form → the registry proves the client → the grant is checked ([`authorization_code`],
//! [`refresh_token`]) → [`AccessTokens`] answers from its cache or mints → [`issue`] writes RFC 6749 §5.1, [`error`]
//! §5.2. If DocuSign or Key Vault is down: cached tokens until they expire, then 503 with `Retry-After`, never
//! `invalid_grant`. If the store is down: codes wait (503), refreshes go on.

mod authorization_code;
mod error;
mod issue;
mod outage;
mod refresh_token;
pub mod request;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use crate::clock::{ANSWER_WITHIN, Clock, within};
use crate::docusign::requested_scope::UpstreamScopes;
use crate::docusign::tokens::AccessTokens;
use crate::oauth::client::{Client, ClientRegistry, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::sealing::claims::Grant;
use crate::sealing::keys::SealingKeys;
use crate::store::codes::UsedCodes;
use crate::store::revocations::Revocations;
use crate::store::rotation::Rotations;
use crate::telemetry::Answer;
use crate::types::{BaseUrl, Guid};
use error::TokenError;
use issue::Granted;
use request::RawTokenRequest;

/// The token endpoint and what it depends on.
pub struct TokenEndpoint {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// Who may ask.
    pub clients: ClientRegistry,
    /// The user behind `integration_user`.
    pub integration_user: Guid,
    /// What DocuSign is asked for at most.
    pub upstream_scopes: Arc<UpstreamScopes>,
    /// Where access tokens come from.
    pub access_tokens: AccessTokens,
    /// What opens codes and refresh tokens.
    pub sealing: Arc<SealingKeys>,
    /// Which codes are used up.
    pub used_codes: UsedCodes,
    /// Which grants are revoked.
    pub revocations: Revocations,
    /// How far public clients' refresh tokens were rotated.
    pub rotations: Rotations,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl TokenEndpoint {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let mut raw = match RawTokenRequest::read(request, &self.clients) {
            Ok(raw) => raw,
            Err(error) => return TokenError::OAuth(error).answer(None),
        };
        let client = match self.authenticate(&raw) {
            Ok(client) => client,
            Err(error) => return TokenError::OAuth(error).answer(None),
        };
        let grant_type = match allowed(client, raw.grant_type.as_deref()) {
            Ok(grant_type) => grant_type,
            Err(error) => return TokenError::OAuth(error).answer(Some(client)),
        };
        let granted = within(ANSWER_WITHIN, pin!(self.grant(client, grant_type, &mut raw))).await;
        match granted.unwrap_or(Err(TokenError::Deadline)) {
            Ok(granted) => self.issue(client, grant_type, granted),
            Err(refusal) => refusal.answer(Some(client)),
        }
    }

    /// Who asks? §2.3; always before anything is used up.
    fn authenticate(&self, raw: &RawTokenRequest<'_>) -> Result<&Client, OAuthError> {
        let refreshes = raw.grant_type.as_deref() == Some(GrantType::RefreshToken.as_str());
        match raw.credentials.secretless(&self.clients) {
            Some(client) if refreshes => Ok(client),
            _ => raw.credentials.authenticate(&self.clients),
        }
    }

    async fn grant(
        &self,
        client: &Client,
        grant_type: GrantType,
        raw: &mut RawTokenRequest<'_>,
    ) -> Result<Granted, TokenError> {
        match grant_type {
            GrantType::ClientCredentials => self.client_credentials(client, raw).await,
            // Once in a connection's life, and large.
            GrantType::AuthorizationCode => Box::pin(self.authorization_code(client, raw)).await,
            GrantType::RefreshToken => self.refresh_token(client, raw).await,
        }
    }

    /// The client credentials grant, §4.4: a token of the integration user, no refresh token. The registration is the
    /// grant.
    async fn client_credentials(&self, client: &Client, raw: &RawTokenRequest<'_>) -> Result<Granted, TokenError> {
        let scope = granted_scope(client, raw.scope.as_deref())?;
        let grant_id = GrantType::ClientCredentials.as_str();
        let grant = || Grant {
            grant_id: grant_id.to_owned(),
            client_id: client.client_id.to_string(),
            subject: Subject::IntegrationUser,
            scope: scope.clone(),
            granted_at: self.clock.now().0,
        };
        let access_token = self.access_token(client, &Subject::IntegrationUser, &scope, grant).await?;
        Ok(Granted { access_token, scope, grant_id: grant_id.into(), refresh_token: None })
    }
}

/// May the client ask with this grant type? §5.2.
fn allowed(client: &Client, grant_type: Option<&str>) -> Result<GrantType, OAuthError> {
    let grant_type = grant_type.ok_or(ErrorCode::InvalidRequest.say("grant_type is missing"))?;
    let unsupported = ErrorCode::UnsupportedGrantType.say("this grant_type is not supported here");
    let grant_type = GrantType::parse(grant_type).ok_or(unsupported)?;
    let unauthorized = ErrorCode::UnauthorizedClient.say("the client is not registered for this grant_type");
    client.may_use(grant_type).then_some(grant_type).ok_or(unauthorized)
}

/// §3.3: the scope asked for, if it is within the client's; the client's if none is.
fn granted_scope(client: &Client, wanted: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != client.scope.as_str()) else {
        return Ok(client.scope.clone());
    };
    let granted = Scope::parse(wanted).ok().and_then(|wanted| client.scope.narrow(&wanted));
    granted.ok_or(ErrorCode::InvalidScope.say("the scope is malformed or wider than the client's"))
}
