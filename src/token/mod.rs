//! `POST /oauth/token`, the token endpoint (RFC 6749 §3.2).
//!
//! [`request`] reads the form → the registry proves the client → [`AccessTokens`] answers from its cache or mints →
//! [`crate::oauth::reply`] writes RFC 6749 §5.1 or §5.2. If DocuSign or Key Vault is down: cached tokens until they
//! expire, then 503 with `Retry-After`, never `invalid_grant`.

mod outage;
pub mod request;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use secrecy::ExposeSecret;

use crate::clock::Clock;
use crate::config::shapes::Guid;
use crate::docusign::access_tokens::AccessTokens;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::assertion::upstream_scope;
use crate::docusign::freshness;
use crate::docusign::slot::CacheResult;
use crate::oauth::client::{AccessTokenKind, Client, ClientRegistry, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::reply::AccessTokenResponse;
use crate::oauth::scope::Scope;
use crate::secret::{hex, sha256};
use crate::telemetry::{Answer, Record, TOKEN_ISSUED};
use request::{Credentials, RawTokenRequest};

/// The token endpoint and what it depends on.
pub struct TokenEndpoint {
    /// Who may ask.
    pub clients: ClientRegistry,
    /// The user behind `integration_user`.
    pub integration_user: Guid,
    /// What DocuSign is asked for at most.
    pub docusign_scopes: Scope,
    /// Where access tokens come from.
    pub access_tokens: AccessTokens,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl TokenEndpoint {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let raw = match RawTokenRequest::read(request) {
            Ok(raw) => raw,
            Err(error) => return refuse(error, None),
        };
        let client = match self.authenticate(&raw.credentials) {
            Ok(client) => client,
            Err(error) => return refuse(error, None),
        };
        match allowed(client, &raw) {
            Ok(scope) => self.client_credentials(client, &scope).await,
            Err(error) => refuse(error, Some(client)),
        }
    }

    /// Who asks? §2.3. A public client only names itself; any other proves it with its secret.
    fn authenticate(&self, credentials: &Credentials) -> Result<&Client, OAuthError> {
        let failed = ErrorCode::InvalidClient.say("client authentication failed: unknown client or wrong secret");
        let client = self.clients.find(&credentials.client_id).ok_or(failed)?;
        match &credentials.client_secret {
            Some(secret) if client.has_secret(secret.expose_secret()) => Ok(client),
            None if client.is_public() => Ok(client),
            _ => Err(failed),
        }
    }

    /// The client credentials grant, §4.4: a token of the integration user, no refresh token.
    async fn client_credentials(&self, client: &Client, scope: &Scope) -> Answer {
        let upstream = upstream_scope(&self.docusign_scopes, scope);
        match self.access_tokens.get(&self.integration_user, &upstream).await {
            Ok((access_token, cache_result)) => self.issue(client, scope, &access_token, cache_result),
            Err(unavailable) => outage::answer(client, &unavailable),
        }
    }

    /// §5.1, and the audit event.
    fn issue(
        &self,
        client: &Client,
        scope: &Scope,
        access_token: &DocusignAccessToken,
        cache_result: CacheResult,
    ) -> Answer {
        let expires_in = freshness::expires_in(access_token.expires_at, self.clock.now());
        // The issued token is DocuSign's own.
        let issued_token = &access_token.secret;
        let response = AccessTokenResponse { access_token: issued_token, expires_in, scope };
        let record = Record {
            grant_type: Some(GrantType::ClientCredentials),
            scope: Some(scope.to_string()),
            grant_id: Some(GrantType::ClientCredentials.as_str().to_owned()),
            token_sha256: Some(hex(&sha256(issued_token.expose_secret().as_bytes()))),
            expires_in: Some(expires_in),
            cache_result: Some(cache_result.as_str()),
            ..Record::of(TOKEN_ISSUED).by(client)
        };
        Answer { response: response.reply(), record }
    }
}

/// May the client have what it asks for? §5.2. Gives the granted scope (§3.3).
fn allowed(client: &Client, raw: &RawTokenRequest) -> Result<Scope, OAuthError> {
    let grant_type = raw.grant_type.as_deref();
    let grant_type = grant_type.ok_or(ErrorCode::InvalidRequest.say("grant_type is missing"))?;
    let unsupported = ErrorCode::UnsupportedGrantType.say("this grant_type is not supported here");
    let grant_type = GrantType::parse(grant_type).ok_or(unsupported)?;
    if !client.may_use(grant_type) {
        return Err(ErrorCode::UnauthorizedClient.say("the client is not registered for this grant_type"));
    }
    if grant_type != GrantType::ClientCredentials {
        return Err(unsupported);
    }
    if client.access_token == AccessTokenKind::Sealed {
        return Err(ErrorCode::UnauthorizedClient
            .say("the client takes sealed access tokens, which this version does not issue"));
    }
    let Some(wanted) = raw.scope.as_deref() else { return Ok(client.scope.clone()) };
    let wanted = Scope::parse(wanted).ok();
    let granted = wanted.and_then(|wanted| client.scope.narrowed_to(&wanted));
    granted.ok_or(ErrorCode::InvalidScope.say("the scope is malformed or wider than the client's"))
}

fn refuse(error: OAuthError, client: Option<&Client>) -> Answer {
    let record = Record { error: Some(error.error.as_str()), ..Record::of("token_refused") };
    let record = match client {
        Some(client) => record.by(client),
        None => record,
    };
    Answer { response: error.reply(), record }
}
