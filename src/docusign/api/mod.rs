//! DocuSign's APIs: eSignature and CLM, called as one user.
//!
//! [`account`] finds the account and its hosts, [`users`] finds users by e-mail address, and [`calls`] makes the calls: with
//! a token from the cache, streamed bodies, and one retry with a new token after a 401. [`addresses`] (pure) decides which
//! hosts may receive an access token, [`rate_limit`] (pure) when calls may resume.

pub mod account;
pub mod addresses;
pub mod calls;
pub mod error;
mod error_table;
pub mod rate_limit;
pub mod users;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::tokens::AccessTokens;
use crate::memory::cached::{Lifetime, Lifetimes};
use crate::memory::failures::PERMANENT_FAILURE_SECONDS;
use crate::oauth::scope::Scope;
use crate::types::Guid;
use crate::web::http_client::HttpClient;
use crate::web::streams::{StreamPlace, Streams};
use account::AccountLookup;
use calls::Calls;
use error::ApiError;
use users::Users;

/// The user that a call is made as, and the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The DocuSign user.
    pub user: Guid,
    /// The scope of the access token, as requested from DocuSign.
    pub scope: Scope,
}

/// DocuSign's APIs.
pub struct DocusignApi {
    /// Makes calls as a user.
    pub calls: Arc<Calls>,
    /// Finds the account and its hosts.
    pub accounts: Arc<AccountLookup>,
    /// Finds users by their e-mail addresses.
    pub users: Users,
    /// The integration user, with all of `DOCUSIGN_SCOPES`.
    pub integration_user: Actor,
    streams: Streams,
}

impl DocusignApi {
    /// The APIs for `settings`. Makes no calls yet.
    #[must_use]
    pub fn new(
        settings: &DocusignSettings,
        account_server: AccountServer,
        access_tokens: AccessTokens,
        http: Arc<HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let integration_user = Actor { user: settings.user_id.clone(), scope: settings.scopes.clone() };
        let calls = Arc::new(Calls::new(access_tokens, http));
        let accounts = AccountLookup::new(
            settings,
            account_server,
            Arc::clone(&calls),
            integration_user.clone(),
            Arc::clone(&clock),
        );
        let accounts = Arc::new(accounts);
        let users = Users::new(Arc::clone(&accounts), Arc::clone(&calls), integration_user.clone(), clock);
        Self { calls, accounts, users, integration_user, streams: Streams::default() }
    }

    /// A place for one streamed body.
    ///
    /// # Errors
    /// [`ApiError::TooManyStreams`].
    pub async fn stream_place(&self) -> Result<StreamPlace, ApiError> {
        self.streams.enter().await.ok_or(ApiError::TooManyStreams)
    }
}

/// Cache lifetimes: results as `answer` says, failures as their kind says. A long rate limit is looked at again meanwhile, so
/// that callers hear how much of it is left.
const fn lifetimes<V>(answer: fn(&V) -> Lifetime) -> Lifetimes<V, ApiError> {
    Lifetimes { answer, failure: |error, streak| error.kind().cached_for(streak).min(PERMANENT_FAILURE_SECONDS) }
}

fn log_failure(error: &ApiError) {
    tracing::warn!(event = "api_unavailable", cause = error.code(), "{error}");
}
