//! DocuSign's APIs behind the access token: eSignature and CLM, called as one user.
//!
//! [`account`] finds the account and its hosts, [`users`] the user of an e-mail address, and [`calls`] makes the calls:
//! a token from the cache, bodies piece by piece, and one repetition with a new token after a 401. [`addresses`] (pure) says
//! which hosts may be shown an access token.

pub mod account;
pub mod addresses;
pub mod calls;
pub mod error;
mod remembered;
pub mod users;

use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::tokens::AccessTokens;
use crate::memory::tidy_map::TidyMap;
use crate::oauth::scope::Scope;
use crate::types::Guid;
use crate::web::http_client::HttpClient;
use account::{Account, ClmHosts};
use remembered::Remembered;
use users::UserLookup;

/// Names of users that are kept before those that may be forgotten are.
const USERS_AT_LEAST: usize = 1024;

/// In whose name a call is made, and within which scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The DocuSign user.
    pub user: Guid,
    /// The scope of the access token, as DocuSign is asked for it.
    pub scope: Scope,
}

/// DocuSign's APIs and what is remembered of them.
pub struct DocusignApi {
    docusign: DocusignSettings,
    account_server: AccountServer,
    access_tokens: AccessTokens,
    http: Arc<HttpClient>,
    clock: Arc<dyn Clock>,
    account: Remembered<Arc<Account>>,
    clm: Remembered<Arc<ClmHosts>>,
    users: Mutex<TidyMap<String, Arc<Remembered<UserLookup>>>>,
}

impl DocusignApi {
    /// The APIs of the account that `docusign` leads to. Asks nobody yet.
    #[must_use]
    pub fn new(
        docusign: DocusignSettings,
        account_server: AccountServer,
        access_tokens: AccessTokens,
        http: Arc<HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let users = Mutex::new(TidyMap::new(USERS_AT_LEAST));
        let (account, clm) = (Remembered::default(), Remembered::default());
        Self { docusign, account_server, access_tokens, http, clock, account, clm, users }
    }

    /// The integration user, within all of `DOCUSIGN_SCOPES`.
    #[must_use]
    pub fn integration_user(&self) -> Actor {
        Actor { user: self.docusign.user_id.clone(), scope: self.docusign.scopes.clone() }
    }
}
