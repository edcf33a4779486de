//! Identifies the caller of the gateway or of Workfront's routes, and the DocuSign user they act as. The credential is a sealed
//! access token (RFC 6750), or an API key with an optional user name.
//!
//! [`credentials`] (pure) reads the headers → the sealing key or the registry authenticates the client → the user comes from
//! the grant or the user name ([`DocusignApi::users`]). Each route has its own error responses.

mod credentials;

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Clock;
use crate::docusign::api::error::ApiError;
use crate::docusign::api::users::UserLookup;
use crate::docusign::api::{Actor, DocusignApi};
use crate::docusign::requested_scope::requested_scope;
use crate::oauth::client::{AccessTokenKind, Client, ClientRegistry, SubjectKind, credential_hint};
use crate::oauth::scope::Scope;
use crate::registry::Registry;
use crate::sealing::claims::SealedAccessToken;
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::secret::sha256;
use crate::store::revocations::Revocations;
use crate::telemetry;
use crate::types::{BaseUrl, Guid};
use credentials::CallerCredentials;

/// The purpose of the sealed name of a task that a caller waits for.
pub const WAITING_TASK: &str = "clm/tasks";

/// Enough of a digest that no two callers have the same.
const BINDING_BYTES: usize = 16;

/// `grant_id` of the log line if an API key is the grant.
const API_KEY: &str = "api_key";

/// Whether an API key requires a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Username {
    /// For Workfront, which always sends the user.
    Required,
    /// A key of an `integration_user` client needs no user name.
    Optional,
}

/// An authenticated caller.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The registered client.
    pub client: &'a Client,
    /// The DocuSign user and scope to call DocuSign with.
    pub actor: Actor,
    /// The grant, for log lines.
    pub grant_id: Cow<'static, str>,
}

impl Caller<'_> {
    /// A digest that binds a sealed token for `purpose` to this client and user. A changed integration user changes nothing.
    #[must_use]
    pub fn binding(&self, purpose: &str) -> String {
        let user = match self.client.subject {
            SubjectKind::IntegrationUser => SubjectKind::IntegrationUser.as_str().to_owned(),
            SubjectKind::SignedInUser => self.actor.user.lower_case().into(),
        };
        let digest = sha256(format!("{purpose}\n{}\n{user}", self.client.client_id).as_bytes());
        URL_SAFE_NO_PAD.encode(&digest[..BINDING_BYTES])
    }
}

/// A caller with a valid credential. DocuSign was not asked anything yet.
#[derive(Debug)]
pub struct Authenticated<'a> {
    /// The registered client.
    pub client: &'a Client,
    /// The grant, for log lines.
    pub grant_id: Cow<'static, str>,
    user: CallerUser,
}

/// The user that a caller acts as.
#[derive(Debug)]
enum CallerUser {
    Known(Actor),
    /// The user with this e-mail address.
    Named(String),
}

/// Why a caller is not authenticated.
#[derive(Debug)]
pub enum AuthenticationError {
    /// No credentials.
    MissingCredentials,
    /// Credentials of two kinds, or unreadable ones.
    Malformed(&'static str),
    /// Wrong credentials, with a sentence that reveals nothing new to the caller.
    Refused(&'static str),
    /// The user lookup at DocuSign is unavailable.
    Unavailable(ApiError),
    /// The sealing key is unavailable.
    SealingUnavailable,
}

impl From<ApiError> for AuthenticationError {
    fn from(error: ApiError) -> Self {
        Self::Unavailable(error)
    }
}

/// Authenticates callers.
pub struct Callers {
    /// The issuer.
    pub issuer: BaseUrl,
    /// The registered clients.
    pub registry: Registry,
    /// The user of `integration_user` clients.
    pub integration_user: Guid,
    /// The scopes to request from DocuSign.
    pub docusign_scopes: Scope,
    /// Opens sealed access tokens.
    pub sealing: Arc<SealingKeys>,
    /// Revoked grants and access tokens.
    pub revocations: Revocations,
    /// Finds users by e-mail address.
    pub upstream: Arc<DocusignApi>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Callers {
    /// The caller who sent the headers.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn identify<'c>(
        &self,
        clients: &'c ClientRegistry,
        headers: &HeaderMap,
        username: Username,
    ) -> Result<Caller<'c>, AuthenticationError> {
        self.find_user(self.authenticate(clients, headers, username).await?).await
    }

    /// Checks the credential in the headers, without asking DocuSign.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate<'c>(
        &self,
        clients: &'c ClientRegistry,
        headers: &HeaderMap,
        username: Username,
    ) -> Result<Authenticated<'c>, AuthenticationError> {
        match credentials::read(headers)? {
            CallerCredentials::Missing => Err(AuthenticationError::MissingCredentials),
            CallerCredentials::Bearer(access_token) => self.by_access_token(clients, &access_token).await,
            CallerCredentials::ApiKey(_, None) if username == Username::Required => {
                Err(AuthenticationError::Refused("the header username is missing"))
            }
            CallerCredentials::ApiKey(api_key, username) => self.by_api_key(clients, &api_key, username),
        }
    }

    /// The caller, after looking up the user that an API key names.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn find_user<'a>(&self, authenticated: Authenticated<'a>) -> Result<Caller<'a>, AuthenticationError> {
        let Authenticated { client, grant_id, user } = authenticated;
        let actor = match user {
            CallerUser::Known(actor) => actor,
            CallerUser::Named(username) => {
                let named = self.user_named(&username).await?;
                let user = if client.subject == SubjectKind::IntegrationUser { &self.integration_user } else { &named };
                self.actor(user.clone(), &client.scope)
            }
        };
        Ok(Caller { client, actor, grant_id })
    }

    async fn by_access_token<'c>(
        &self,
        clients: &'c ClientRegistry,
        access_token: &SecretString,
    ) -> Result<Authenticated<'c>, AuthenticationError> {
        const INVALID: AuthenticationError =
            AuthenticationError::Refused("the access token is invalid, expired or revoked");
        let (issuer, now) = (self.issuer.as_str(), self.clock.now());
        let opened = self.sealing.open::<SealedAccessToken>(issuer, access_token.expose_secret(), now).await;
        let invalid = |hint| {
            telemetry::record_hint(hint);
            INVALID
        };
        let (sealed, _) =
            opened.map_err(|error| unopened(&error).map_or(AuthenticationError::SealingUnavailable, invalid))?;
        let grant = sealed.content.grant;
        let client = clients.find(grant.client_id.as_str());
        let client = client.ok_or_else(|| invalid("the client of the access token is no longer registered"))?;
        telemetry::record_client(client);
        if client.access_token != AccessTokenKind::Sealed || client.subject != grant.subject.kind() {
            return Err(invalid("the client was registered differently when the access token was issued"));
        }
        let scope = grant.scope.intersection(&client.scope);
        let scope = scope.ok_or_else(|| invalid("the client is no longer allowed any scope of the access token"))?;
        let (grant_revoked, token_revoked) =
            tokio::join!(self.revocations.is_revoked(&grant), self.revocations.is_access_token_revoked(&sealed.jti));
        if grant_revoked || token_revoked {
            return Err(invalid("the access token or its grant was revoked"));
        }
        let user = grant.subject.user(&self.integration_user).clone();
        let user = CallerUser::Known(self.actor(user, &scope));
        Ok(Authenticated { client, grant_id: grant.grant_id.into(), user })
    }

    fn by_api_key<'c>(
        &self,
        clients: &'c ClientRegistry,
        api_key: &SecretString,
        username: Option<String>,
    ) -> Result<Authenticated<'c>, AuthenticationError> {
        let client = clients.by_api_key(api_key.expose_secret());
        let client = client.ok_or_else(|| {
            if let Some(hint) = credential_hint::of_api_key(clients, api_key.expose_secret()) {
                telemetry::record_hint(hint);
            }
            AuthenticationError::Refused("the API key is unknown")
        })?;
        telemetry::record_client(client);
        let user = match (username, client.subject) {
            (Some(username), _) if client.may_name(&username) => CallerUser::Named(username),
            (Some(_), _) => {
                return Err(AuthenticationError::Refused("this API key may not name this user: see api_key_usernames"));
            }
            (None, SubjectKind::IntegrationUser) => {
                CallerUser::Known(self.actor(self.integration_user.clone(), &client.scope))
            }
            (None, SubjectKind::SignedInUser) => {
                return Err(AuthenticationError::Refused(
                    "this API key acts for users: name one in the header username",
                ));
            }
        };
        Ok(Authenticated { client, grant_id: API_KEY.into(), user })
    }

    /// The active DocuSign user with the e-mail address `username`.
    async fn user_named(&self, username: &str) -> Result<Guid, AuthenticationError> {
        match self.upstream.users.find(username).await? {
            UserLookup::One(user) => Ok(user),
            UserLookup::Unknown => {
                Err(AuthenticationError::Refused("no active DocuSign user of the account has this e-mail address"))
            }
            UserLookup::Several => {
                Err(AuthenticationError::Refused("several DocuSign users of the account have this e-mail address"))
            }
        }
    }

    /// `user` with the scopes to request from DocuSign for `scope`.
    #[must_use]
    pub fn actor(&self, user: Guid, scope: &Scope) -> Actor {
        Actor { user, scope: requested_scope(&self.docusign_scopes, scope) }
    }
}

/// Why an access token does not open, for the log; `None` if the sealing key is unavailable.
fn unopened(error: &OpenError) -> Option<&'static str> {
    match error {
        OpenError::Unavailable(_) => None,
        OpenError::Expired => Some("the access token has expired"),
        OpenError::NotOurs => {
            Some("the access token was not issued here for this route; DocuSign's own are not accepted")
        }
        OpenError::UnknownKey => Some("the access token names a sealing key that is not in use here"),
        OpenError::OtherIssuer => Some("the access token was issued under another EVERGRANT_PUBLIC_URL"),
    }
}
