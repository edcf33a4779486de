//! Identifies the caller of the gateway, the triggers or Workfront's routes, and the DocuSign user they act as. The credential
//! is a sealed access token (RFC 6750), a token of an issuer that the client trusts, or an API key with an optional user name.
//! [`clients`] authenticates clients at the OAuth endpoints, [`assertions`] serves both, and [`failures`] limits attempts.
//!
//! [`credentials`] (pure) reads the headers → the sealing key or the registry authenticates the client → the user comes from
//! the grant or the user name ([`DocusignApi::users`]). [`answers`] has the error responses of all but Workfront's routes.

pub mod answers;
pub mod assertions;
pub mod clients;
mod credentials;
pub mod error;
pub mod failures;

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Clock;
use crate::docusign::api::users::UserLookup;
use crate::docusign::api::{Actor, DocusignApi};
use crate::docusign::requested_scope::requested_scope;
use crate::oauth::client::{AccessTokenKind, Client, ClientRegistry, credential_hint};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::registry::Registry;
use crate::sealing;
use crate::sealing::claims::SealedAccessToken;
use crate::sealing::keys::SealingKeys;
use crate::secret::sha256;
use crate::store::revocations::Revocations;
use crate::telemetry;
use crate::types::{BaseUrl, Guid};
use assertions::{Assertions, BearerError};
use credentials::CallerCredentials;
use error::{AuthenticationError, INVALID, RefusedCaller, unopened};
use failures::FailureLimit;

/// The purpose of the sealed name of a task that a caller waits for.
pub const WAITING_TASK: &str = "clm/tasks";

/// Enough of a digest that no two callers have the same.
const BINDING_BYTES: usize = 16;

/// `grant_id` of the log line if an API key is the grant.
const API_KEY: &str = "api_key";

/// `grant_id` of the log line if an issuer's token is the grant.
const TRUST: &str = "trust";

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
            SubjectKind::SignedInUser => self.actor.user.clone().into(),
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
    /// Verifies tokens of issuers that clients trust.
    pub assertions: Arc<Assertions>,
    /// Limits failures.
    pub failures: Arc<FailureLimit>,
    /// Revoked grants and access tokens.
    pub revocations: Revocations,
    /// Finds users by e-mail address.
    pub docusign_api: Arc<DocusignApi>,
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
        let refusal = match self.check(clients, credentials::read(headers)?, username).await {
            Ok(authenticated) => return Ok(authenticated),
            Err(refusal) => refusal,
        };
        refusal.client.into_iter().for_each(telemetry::record_client);
        if refusal.is_wrong {
            let client_id = refusal.client.map(|client| client.client_id.as_str());
            self.failures.count(headers, client_id).map_err(AuthenticationError::TooManyFailures)?;
        }
        Err(refusal.error)
    }

    async fn check<'c>(
        &self,
        clients: &'c ClientRegistry,
        credentials: CallerCredentials,
        username: Username,
    ) -> Result<Authenticated<'c>, RefusedCaller<'c>> {
        match credentials {
            CallerCredentials::Missing => Err(AuthenticationError::MissingCredentials.into()),
            CallerCredentials::Bearer(bearer) if username == Username::Optional && may_be_issued(clients, &bearer) => {
                self.by_issuers_token(clients, &bearer).await
            }
            CallerCredentials::Bearer(access_token) => self.by_access_token(clients, &access_token).await,
            CallerCredentials::ApiKey(_, None) if username == Username::Required => {
                Err(AuthenticationError::Refused("the header username is missing").into())
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

    async fn by_issuers_token<'c>(
        &self,
        clients: &'c ClientRegistry,
        bearer: &SecretString,
    ) -> Result<Authenticated<'c>, RefusedCaller<'c>> {
        const SEVERAL: &str = "several clients trust this token, so it does not say which one calls; ask the operator";
        const NO_USER: &str = "no user signs in with a token of an issuer, but the client acts for users who sign in";
        let client = match self.assertions.bearer(clients, bearer.expose_secret()).await {
            Ok(client) => client,
            Err(BearerError::Refused(error, client)) => {
                telemetry::record_hint(&error.to_string());
                return Err(RefusedCaller { error: INVALID, client, is_wrong: true });
            }
            Err(BearerError::Ambiguous([first, second])) => {
                telemetry::record_hint(&format!("{} and {} both trust the token", first.client_id, second.client_id));
                return Err(AuthenticationError::Forbidden(SEVERAL).into());
            }
            Err(BearerError::IssuerUnavailable(unavailable)) => {
                return Err(AuthenticationError::IssuerUnavailable(unavailable).into());
            }
        };
        telemetry::record_client(client);
        if client.subject == SubjectKind::SignedInUser {
            return Err(AuthenticationError::Forbidden(NO_USER).into());
        }
        let user = CallerUser::Known(self.actor(self.integration_user.clone(), &client.scope));
        Ok(Authenticated { client, grant_id: TRUST.into(), user })
    }

    async fn by_access_token<'c>(
        &self,
        clients: &'c ClientRegistry,
        access_token: &SecretString,
    ) -> Result<Authenticated<'c>, RefusedCaller<'c>> {
        let (issuer, now) = (self.issuer.as_str(), self.clock.now());
        let opened = self.sealing.open::<SealedAccessToken>(issuer, access_token.expose_secret(), now).await;
        let (sealed, _) = opened.map_err(|error| unopened(&error))?;
        let grant = sealed.content.grant;
        let client = clients.find(grant.client_id.as_str());
        let invalid = |hint| {
            telemetry::record_hint(hint);
            RefusedCaller { error: INVALID, client, is_wrong: true }
        };
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
    ) -> Result<Authenticated<'c>, RefusedCaller<'c>> {
        let client = clients.by_api_key(api_key.expose_secret());
        let client = client.ok_or_else(|| {
            if let Some(hint) = credential_hint::of_api_key(clients, api_key.expose_secret()) {
                telemetry::record_hint(hint);
            }
            let error = AuthenticationError::Refused("the API key is unknown");
            RefusedCaller { error, client: None, is_wrong: true }
        })?;
        telemetry::record_client(client);
        let user = match (username, client.subject) {
            (Some(username), _) if client.may_name(&username) => CallerUser::Named(username),
            (Some(_), _) => {
                let refused =
                    AuthenticationError::Refused("this API key may not name this user: see api_key_usernames");
                return Err(refused.into());
            }
            (None, SubjectKind::IntegrationUser) => {
                CallerUser::Known(self.actor(self.integration_user.clone(), &client.scope))
            }
            (None, SubjectKind::SignedInUser) => {
                let refused =
                    AuthenticationError::Refused("this API key acts for users: name one in the header username");
                return Err(refused.into());
            }
        };
        Ok(Authenticated { client, grant_id: API_KEY.into(), user })
    }

    /// The active DocuSign user with the e-mail address `username`.
    async fn user_named(&self, username: &str) -> Result<Guid, AuthenticationError> {
        match self.docusign_api.users.find(username).await? {
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

/// Whether a bearer token can be an issuer's: some client trusts one, and it is not sealed by us.
fn may_be_issued(clients: &ClientRegistry, bearer: &SecretString) -> bool {
    clients.trusts_an_issuer() && sealing::unverified_header(bearer.expose_secret()).is_none()
}
