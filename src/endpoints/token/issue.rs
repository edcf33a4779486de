//! What a client gets in the end: an access token of its kind, perhaps a refresh token, and an audit line.

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
use crate::random;
use crate::sealing::claims::{Grant, RefreshToken, SealedAccessToken};
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::sealing::secret::SealingSecret;
use crate::sealing::{Sealable, Sealed};
use crate::secret::{hex, sha256};
use crate::telemetry::{Answer, AnswerRecord, TOKEN_ISSUED};
use crate::types::{BaseUrl, Guid};

/// Life of a sealed access token, in seconds: that of DocuSign's own.
const SEALED_ACCESS_TOKEN_LIFETIME: u64 = 3600;

/// How long a refresh token that a previous sealing key opened waits for the current one.
const RESEALING_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes what clients get.
pub struct TokenIssuer {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// The user behind `integration_user`.
    pub integration_user: Guid,
    /// What DocuSign is asked for.
    pub requested_scopes: RequestedScopes,
    /// Where DocuSign's access tokens come from.
    pub access_tokens: AccessTokens,
    /// What opens codes and seals tokens.
    pub sealing: Arc<SealingKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The access token that a client gets.
pub enum IssuedToken {
    /// DocuSign's own.
    Docusign(Arc<DocusignAccessToken>, CacheResult),
    /// One that only our own routes accept, and when it expires.
    Sealed(SecretString, UnixSeconds),
}

/// What a client is granted.
pub struct Granted {
    /// Its access token.
    pub access_token: IssuedToken,
    /// The grant behind it, within the access token's scope.
    pub grant: Grant,
    /// A refresh token, if it comes with one.
    pub refresh_token: Option<SecretString>,
}

impl TokenIssuer {
    /// Opens a sealed token, with the secret that sealed it.
    pub(super) async fn open<T: Sealable>(&self, sealed: &str) -> Result<(Sealed<T>, Arc<SealingSecret>), OpenError> {
        self.sealing.open(self.issuer.as_str(), sealed, self.clock.now()).await
    }

    /// An access token of the client's kind for `grant`, whose scope is the token's own.
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
                let sealed = self.seal(Sealed::new(self.issuer.as_str(), random::id::<16>(), now, lifetime, content));
                Ok(IssuedToken::Sealed(sealed.await?, now.plus(SEALED_ACCESS_TOKEN_LIFETIME)))
            }
        }
    }

    /// The same for a grant that a mint proved moments ago: a failure that this process remembers from before that does
    /// not count.
    pub(super) async fn access_token_after_sign_in(
        &self,
        client: &Client,
        grant: &Grant,
    ) -> Result<IssuedToken, TokenError> {
        match self.access_token(client, grant).await {
            Err(TokenError::Unavailable(unavailable)) if unavailable.error.kind() == FailureKind::Permanent => {
                let (user, scope) = self.requested(grant);
                match self.access_tokens.mint_anew(user, &scope).await {
                    Ok(_) => self.access_token(client, grant).await,
                    Err(_) => Err(unavailable.into()),
                }
            }
            settled => settled,
        }
    }

    /// What DocuSign is asked for: whose access token, and within which scope.
    fn requested<'a>(&'a self, grant: &'a Grant) -> (&'a Guid, Scope) {
        (grant.subject.user(&self.integration_user), self.requested_scopes.of(&grant.scope))
    }

    /// The refresh token that comes with a code's access token.
    pub(super) async fn first_refresh_token(&self, grant: &Grant) -> Result<SecretString, TokenError> {
        let content = RefreshToken { grant: grant.clone(), generation: 0 };
        self.seal(Sealed::new(self.issuer.as_str(), random::id::<32>(), self.clock.now(), None, content)).await
    }

    /// `presented` itself. Only where an earlier sealing key made it, the same claims sealed again, so that the key can be
    /// retired once every client has refreshed.
    pub(super) async fn resealed(
        &self,
        sealed: &Sealed<RefreshToken>,
        presented: SecretString,
        sealed_by: &SealingSecret,
    ) -> Result<SecretString, TokenError> {
        let current = timeout(RESEALING_TIMEOUT, self.sealing.current()).await;
        let Some(current) = current.ok().and_then(Result::ok).filter(|current| current.kid() != sealed_by.kid()) else {
            return Ok(presented);
        };
        sealed.seal(&current).map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }

    async fn seal<T: Sealable>(&self, sealed: Sealed<T>) -> Result<SecretString, TokenError> {
        let secret = self.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
        sealed.seal(&secret).map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }

    /// §5.1, and the audit event.
    pub(super) fn issue(&self, client: &Client, grant_type: GrantType, granted: Granted) -> Answer {
        let Granted { access_token, grant, refresh_token } = granted;
        let expires_in = freshness::expires_in(access_token.expires_at(), self.clock.now());
        let response = AccessTokenResponse {
            access_token: access_token.secret(),
            expires_in,
            scope: &grant.scope,
            refresh_token: refresh_token.as_ref(),
        };
        let response = response.reply();
        let record = AnswerRecord {
            grant_type: Some(grant_type),
            scope: Some(grant.scope),
            grant_id: Some(grant.grant_id.into()),
            token_sha256: Some(access_token.sha256()),
            expires_in: Some(expires_in),
            cache_result: access_token.cache_result(),
            ..AnswerRecord::of(TOKEN_ISSUED).by(client)
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

    /// In hexadecimal, for the audit line.
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
