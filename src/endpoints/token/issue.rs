//! What a client gets in the end: an access token of its kind, perhaps a refresh token, and an audit line.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::UnixSeconds;
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::tokens::freshness;
use crate::docusign::tokens::slot::CacheResult;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::token::error::TokenError;
use crate::memory::failures::FailureKind;
use crate::oauth::client::{AccessTokenKind, Client, GrantType};
use crate::oauth::reply::AccessTokenResponse;
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{Grant, SealedAccessToken};
use crate::secret::{hex, sha256};
use crate::telemetry::{Answer, AnswerRecord, TOKEN_ISSUED};
use crate::types::Guid;

/// Life of a sealed access token, in seconds: that of DocuSign's own.
const SEALED_ACCESS_TOKEN_LIFETIME: u64 = 3600;

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
    /// The access token's scope.
    pub scope: Scope,
    /// The grant's name.
    pub grant_id: Cow<'static, str>,
    /// A refresh token, if it comes with one.
    pub refresh_token: Option<SecretString>,
}

impl TokenEndpoint {
    /// An access token of the client's kind for `subject`, within `scope`; a sealed one carries `grant`, whose scope is
    /// the token's own.
    pub(super) async fn access_token(
        &self,
        client: &Client,
        subject: &Subject,
        scope: &Scope,
        grant: impl FnOnce() -> Grant,
    ) -> Result<IssuedToken, TokenError> {
        match client.access_token {
            AccessTokenKind::Docusign => {
                let (user, upstream) = self.upstream(subject, scope);
                let (access_token, cache_result) = self.access_tokens.get(user, &upstream).await?;
                Ok(IssuedToken::Docusign(access_token, cache_result))
            }
            AccessTokenKind::Sealed => {
                let content = SealedAccessToken { grant: grant() };
                let lifetime = Some(SEALED_ACCESS_TOKEN_LIFETIME);
                let (jti, now) = (random::id::<16>(), self.clock.now());
                let sealed = Sealed::new(self.issuer.as_str(), jti, now, lifetime, content);
                let secret = self.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
                let sealed = sealed.seal(secret).map_err(|_| TokenError::SealingUnavailable)?;
                Ok(IssuedToken::Sealed(sealed.into(), now.plus(SEALED_ACCESS_TOKEN_LIFETIME)))
            }
        }
    }

    /// The same for a grant that was proved by a mint moments ago, with all of its scope: a failure that this process
    /// remembers from before then does not count.
    pub(super) async fn access_token_anew(&self, client: &Client, grant: &Grant) -> Result<IssuedToken, TokenError> {
        let Grant { subject, scope, .. } = grant;
        match self.access_token(client, subject, scope, || grant.clone()).await {
            Err(TokenError::Unavailable(unavailable)) if unavailable.error.kind() == FailureKind::Permanent => {
                let (user, upstream) = self.upstream(subject, scope);
                match self.access_tokens.mint_anew(user, &upstream).await {
                    Ok(_) => self.access_token(client, subject, scope, || grant.clone()).await,
                    Err(_) => Err(unavailable.into()),
                }
            }
            settled => settled,
        }
    }

    /// What DocuSign is asked for: whose access token, and within which scope.
    fn upstream<'a>(&'a self, subject: &'a Subject, scope: &Scope) -> (&'a Guid, Scope) {
        (subject.user(&self.integration_user), self.upstream_scopes.of(scope))
    }

    /// §5.1, and the audit event.
    pub(super) fn issue(&self, client: &Client, grant_type: GrantType, granted: Granted) -> Answer {
        let Granted { access_token, scope, grant_id, refresh_token } = granted;
        let expires_in = freshness::expires_in(access_token.expires_at(), self.clock.now());
        let secret = access_token.secret();
        let refresh_token = refresh_token.as_ref();
        let response = AccessTokenResponse { access_token: secret, expires_in, scope: &scope, refresh_token }.reply();
        let record = AnswerRecord {
            grant_type: Some(grant_type),
            scope: Some(scope),
            grant_id: Some(grant_id),
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
