//! Who calls the gateway or Workfront's documents, and in whose name: by a sealed access token (RFC 6750), or by an API
//! key and, where there are users, the name of one.
//!
//! [`presented`] (pure) reads the headers → the registry or the sealing key proves the client → the user is the grant's, or
//! the one of the name ([`DocusignApi::user`]). Nothing here says how a refusal is told: each route has its own way.

mod presented;

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Clock;
use crate::docusign::api::error::ApiError;
use crate::docusign::api::users::UserLookup;
use crate::docusign::api::{Actor, DocusignApi};
use crate::docusign::requested_scope::requested_scope;
use crate::oauth::client::{AccessTokenKind, Client, ClientRegistry, SubjectKind};
use crate::oauth::scope::Scope;
use crate::sealing::claims::SealedAccessToken;
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::store::revocations::Revocations;
use crate::types::{BaseUrl, Guid};
use presented::PresentedCredentials;

/// `grant_id` of the log line where an API key is the grant.
const API_KEY: &str = "api_key";

/// Must an API key come with the name of a user?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Username {
    /// Workfront always names its user.
    Required,
    /// A key of an `integration_user` client does without.
    Optional,
}

/// Who calls.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The registered client.
    pub client: &'a Client,
    /// In whose name DocuSign is called.
    pub actor: Actor,
    /// The grant, for log lines.
    pub grant_id: Cow<'static, str>,
}

/// Why nobody is let in.
#[derive(Debug)]
pub enum AuthenticationError {
    /// No credentials.
    MissingCredentials,
    /// Credentials that cannot be read as one way of authentication.
    Malformed(&'static str),
    /// Credentials that are not good, with a sentence that tells no more than the caller knows.
    Refused(&'static str),
    /// Nobody can tell at the moment.
    Unavailable(ApiError),
    /// The sealing key cannot be used, so nobody can tell.
    SealingUnavailable,
}

impl From<ApiError> for AuthenticationError {
    fn from(error: ApiError) -> Self {
        Self::Unavailable(error)
    }
}

/// What callers are recognised by.
pub struct Callers {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// Who is registered.
    pub clients: ClientRegistry,
    /// The user behind `integration_user`.
    pub integration_user: Guid,
    /// What DocuSign is asked for at most.
    pub docusign_scopes: Scope,
    /// What opens sealed access tokens.
    pub sealing: Arc<SealingKeys>,
    /// Which grants are revoked.
    pub revocations: Revocations,
    /// Who has which e-mail address.
    pub upstream: Arc<DocusignApi>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Callers {
    /// Who sent these headers?
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn identify(&self, headers: &HeaderMap, username: Username) -> Result<Caller<'_>, AuthenticationError> {
        match presented::read(headers)? {
            PresentedCredentials::Nothing => Err(AuthenticationError::MissingCredentials),
            PresentedCredentials::Bearer(access_token) => self.by_access_token(&access_token).await,
            PresentedCredentials::ApiKey(_, None) if username == Username::Required => {
                Err(AuthenticationError::Refused("the header username is missing"))
            }
            PresentedCredentials::ApiKey(api_key, username) => self.by_api_key(&api_key, username.as_deref()).await,
        }
    }

    async fn by_access_token(&self, access_token: &SecretString) -> Result<Caller<'_>, AuthenticationError> {
        const BAD: AuthenticationError =
            AuthenticationError::Refused("the access token is not valid here, has expired or was revoked");
        let (issuer, now) = (self.issuer.as_str(), self.clock.now());
        let opened = self.sealing.open::<SealedAccessToken>(issuer, access_token.expose_secret(), now).await;
        let (sealed, _) = opened.map_err(|error| match error {
            OpenError::Unavailable(_) => AuthenticationError::SealingUnavailable,
            OpenError::Expired | OpenError::NotOurs | OpenError::UnknownKey | OpenError::OtherIssuer => BAD,
        })?;
        let grant = sealed.content.grant;
        let client = self.clients.find(&grant.client_id).ok_or(BAD)?;
        if client.access_token != AccessTokenKind::Sealed || client.subject != grant.subject.kind() {
            return Err(BAD);
        }
        let scope = grant.scope.intersection(&client.scope).ok_or(BAD)?;
        let (grant_revoked, token_revoked) =
            tokio::join!(self.revocations.is_revoked(&grant), self.revocations.is_access_token_revoked(&sealed.jti));
        if grant_revoked || token_revoked {
            return Err(BAD);
        }
        let user = grant.subject.user(&self.integration_user).clone();
        Ok(Caller { client, actor: self.actor(user, &scope), grant_id: grant.grant_id.into() })
    }

    async fn by_api_key(
        &self,
        api_key: &SecretString,
        username: Option<&str>,
    ) -> Result<Caller<'_>, AuthenticationError> {
        let client = self.clients.by_api_key(api_key.expose_secret());
        let client = client.ok_or(AuthenticationError::Refused("the API key is not known here"))?;
        let named = match username {
            Some(username) => Some(self.named(client, username).await?),
            None => None,
        };
        let user = match (client.subject, named) {
            (SubjectKind::IntegrationUser, _) => self.integration_user.clone(),
            (SubjectKind::SignedInUser, Some(user)) => user,
            (SubjectKind::SignedInUser, None) => {
                return Err(AuthenticationError::Refused(
                    "this API key acts for users: name one in the header username",
                ));
            }
        };
        Ok(Caller { client, actor: self.actor(user, &client.scope), grant_id: API_KEY.into() })
    }

    /// The active DocuSign user called `username`, if the key may name it.
    async fn named(&self, client: &Client, username: &str) -> Result<Guid, AuthenticationError> {
        if !client.may_name(username) {
            return Err(AuthenticationError::Refused("this API key may not name this user: see api_key_usernames"));
        }
        match self.upstream.user(username).await? {
            UserLookup::One(user) => Ok(user),
            UserLookup::Unknown => {
                Err(AuthenticationError::Refused("no active DocuSign user of the account has this e-mail address"))
            }
            UserLookup::Several => {
                Err(AuthenticationError::Refused("several DocuSign users of the account have this e-mail address"))
            }
        }
    }

    /// `user`, within `scope` as DocuSign is asked for it.
    #[must_use]
    pub fn actor(&self, user: Guid, scope: &Scope) -> Actor {
        Actor { user, scope: requested_scope(&self.docusign_scopes, scope) }
    }
}
