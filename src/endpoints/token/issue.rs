//! Issues tokens: an access token, a refresh token if the grant has one, and the audit line.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use crate::clock::{Clock, UnixSeconds};
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::requested_scope::RequestedScopes;
use crate::docusign::tokens::slot::CacheResult;
use crate::docusign::tokens::{AccessTokens, freshness};
use crate::endpoints::token::error::TokenError;
use crate::memory::failures::FailureKind;
use crate::oauth::client::{AccessTokenKind, Client, GrantType};
use crate::oauth::reply::AccessTokenResponse;
use crate::oauth::scope::Scope;
use crate::sealing::claims::{Grant, RefreshToken, SealedAccessToken};
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::sealing::secret::SealingSecret;
use crate::sealing::{Sealable, Sealed};
use crate::secret::random;
use crate::secret::{hex, sha256};
use crate::telemetry::{Answer, AnswerRecord, TOKEN_ISSUED};
use crate::types::{BaseUrl, Guid};

/// Lifetime of a sealed access token in seconds, the same as DocuSign's.
const SEALED_ACCESS_TOKEN_LIFETIME: u64 = 3600;

/// How long a refresh with a previous sealing key waits for the current key.
const RESEALING_TIMEOUT: Duration = Duration::from_secs(1);

/// Issues access tokens and refresh tokens.
pub struct TokenIssuer {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// The user behind `integration_user`.
    pub integration_user: Guid,
    /// The scopes to request from DocuSign.
    pub requested_scopes: RequestedScopes,
    /// Where DocuSign's access tokens come from.
    pub access_tokens: AccessTokens,
    /// Opens codes and seals tokens.
    pub sealing: Arc<SealingKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The access token that a client gets.
pub enum IssuedToken {
    /// DocuSign's access token.
    Docusign(Arc<DocusignAccessToken>, CacheResult),
    /// A token that only Evergrant's routes accept, and its expiry.
    Sealed(SecretString, UnixSeconds),
}

/// The result of a successful token request.
pub struct Granted<'r> {
    /// The access token.
    pub access_token: IssuedToken,
    /// The grant behind it, within the access token's scope.
    pub grant: Grant,
    /// The refresh token, if there is one: a new one, or the one of the request.
    pub refresh_token: Option<Cow<'r, SecretString>>,
}

impl TokenIssuer {
    /// Opens a sealed token. Also returns the secret that sealed it.
    pub(super) async fn open<T: Sealable>(&self, sealed: &str) -> Result<(Sealed<T>, Arc<SealingSecret>), OpenError> {
        self.sealing.open(self.issuer.as_str(), sealed, self.clock.now()).await
    }

    /// An access token of the client's kind for `grant`, with the grant's scope.
    pub(super) async fn access_token(&self, client: &Client, grant: &Grant) -> Result<IssuedToken, TokenError> {
        match client.access_token {
            AccessTokenKind::Docusign => {
                let (user, scope) = self.requested(grant);
                let (access_token, cache_result) = self.access_tokens.get(user, &scope).await?;
                Ok(IssuedToken::Docusign(access_token, cache_result))
            }
            AccessTokenKind::Sealed => {
                let now = self.clock.now();
                let content = SealedAccessToken { grant: grant.clone() };
                let lifetime = Some(SEALED_ACCESS_TOKEN_LIFETIME);
                let sealed = Sealed::new(self.issuer.as_str(), random::id::<16>(), now, lifetime, content);
                // Boxed, so that the state of other requests does not grow.
                let sealed = Box::pin(self.seal(sealed)).await?;
                Ok(IssuedToken::Sealed(sealed, now.plus(SEALED_ACCESS_TOKEN_LIFETIME)))
            }
        }
    }

    /// Like [`Self::access_token`], right after a sign-in. The sign-in minted a token, so a permanent failure cached here is
    /// outdated: mint again.
    pub(super) async fn access_token_after_sign_in(
        &self,
        client: &Client,
        grant: &Grant,
    ) -> Result<IssuedToken, TokenError> {
        match self.access_token(client, grant).await {
            Err(TokenError::Unavailable(unavailable)) if unavailable.error.kind() == FailureKind::Permanent => {
                let (user, scope) = self.requested(grant);
                match self.access_tokens.force_mint(user, &scope).await {
                    Ok(_) => self.access_token(client, grant).await,
                    Err(_) => Err(unavailable.into()),
                }
            }
            settled => settled,
        }
    }

    /// The user and scope to request an access token for.
    fn requested<'a>(&'a self, grant: &'a Grant) -> (&'a Guid, Scope) {
        (grant.subject.user(&self.integration_user), self.requested_scopes.of(&grant.scope))
    }

    /// The first refresh token of a grant.
    pub(super) async fn first_refresh_token(&self, grant: &Grant) -> Result<SecretString, TokenError> {
        let content = RefreshToken { grant: grant.clone(), generation: 0 };
        self.seal(Sealed::new(self.issuer.as_str(), random::id::<32>(), self.clock.now(), None, content)).await
    }

    /// Returns `presented`, or the same claims sealed with the current key if an older key sealed it. So the older key can be
    /// removed once every client has refreshed.
    pub(super) async fn resealed<'r>(
        &self,
        sealed: &Sealed<RefreshToken>,
        presented: &'r SecretString,
        sealed_by: &SealingSecret,
    ) -> Result<Cow<'r, SecretString>, TokenError> {
        let current = timeout(RESEALING_TIMEOUT, self.sealing.current()).await;
        let Some(current) = current.ok().and_then(Result::ok).filter(|current| current.kid() != sealed_by.kid()) else {
            return Ok(Cow::Borrowed(presented));
        };
        let resealed = sealed.seal(&current).map(SecretString::from).map(Cow::Owned);
        resealed.map_err(|_| TokenError::SealingUnavailable)
    }

    async fn seal<T: Sealable>(&self, sealed: Sealed<T>) -> Result<SecretString, TokenError> {
        let secret = self.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
        sealed.seal(&secret).map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }

    /// The response (§5.1) and the audit event.
    pub(super) fn issue(&self, client: &Client, grant_type: GrantType, granted: Granted<'_>) -> Answer {
        let Granted { access_token, grant, refresh_token } = granted;
        let expires_in = freshness::expires_in(access_token.expires_at(), self.clock.now());
        let response = AccessTokenResponse {
            access_token: access_token.secret(),
            expires_in,
            scope: &grant.scope,
            refresh_token: refresh_token.as_deref(),
        };
        let response = response.reply();
        let record = AnswerRecord {
            grant_type: Some(grant_type),
            scope: Some(grant.scope),
            grant_id: Some(grant.grant_id.into()),
            token_sha256: Some(access_token.sha256()),
            expires_in: Some(expires_in),
            cache_result: access_token.cache_result(),
            ..AnswerRecord::of(TOKEN_ISSUED).for_client(client)
        };
        Answer { response, record }
    }
}

impl IssuedToken {
    fn secret(&self) -> &SecretString {
        match self {
            Self::Docusign(access_token, _) => &access_token.secret,
            Self::Sealed(access_token, _) => access_token,
        }
    }

    fn expires_at(&self) -> UnixSeconds {
        match self {
            Self::Docusign(access_token, _) => access_token.expires_at,
            Self::Sealed(_, expires_at) => *expires_at,
        }
    }

    /// Hexadecimal SHA-256, for the audit line.
    fn sha256(&self) -> Arc<str> {
        match self {
            Self::Docusign(access_token, _) => Arc::clone(&access_token.sha256),
            Self::Sealed(access_token, _) => hex(&sha256(access_token.expose_secret().as_bytes())).into(),
        }
    }

    fn cache_result(&self) -> Option<&'static str> {
        match self {
            Self::Docusign(_, cache_result) => Some(cache_result.as_str()),
            Self::Sealed(..) => None,
        }
    }
}
