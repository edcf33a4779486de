//! DocuSign's APIs behind the access token: eSignature and CLM, called as one user.
//!
//! [`account`] finds the account and its hosts, [`users`] the user of an e-mail address, and [`calls`] makes the calls:
//! a token from the cache, bodies piece by piece, and one repetition with a new token after a 401. [`addresses`] (pure) says
//! which hosts may be shown an access token.

pub mod account;
pub mod addresses;
pub mod calls;
pub mod error;
mod error_table;
pub mod users;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::tokens::AccessTokens;
use crate::memory::cached::{Lifetime, Lifetimes};
use crate::oauth::scope::Scope;
use crate::types::Guid;
use crate::web::http_client::HttpClient;
use account::AccountLookup;
use calls::Calls;
use error::ApiError;
use users::Users;

/// Seconds for which nothing is asked again after a failure.
const FAILED_FOR: u64 = 5;

/// In whose name a call is made, and within which scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The DocuSign user.
    pub user: Guid,
    /// The scope of the access token, as DocuSign is asked for it.
    pub scope: Scope,
}

/// DocuSign's APIs.
pub struct DocusignApi {
    /// Makes calls in a user's name.
    pub calls: Arc<Calls>,
    /// Finds the account and its hosts.
    pub accounts: Arc<AccountLookup>,
    /// Finds users by their e-mail addresses.
    pub users: Users,
    /// The integration user, within all of `DOCUSIGN_SCOPES`.
    pub integration_user: Actor,
}

impl DocusignApi {
    /// The APIs of the account that `settings` lead to. Asks nobody yet.
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
        Self { calls, accounts, users, integration_user }
    }
}

/// Answers are kept for as long as `answer` says, failures for a moment.
const fn lifetimes<V>(answer: fn(&V) -> Lifetime) -> Lifetimes<V, ApiError> {
    Lifetimes { answer, failure: |_, _| FAILED_FOR }
}

fn log_failure(error: &ApiError) {
    tracing::warn!(event = "api_unavailable", cause = error.code(), "{error}");
}
