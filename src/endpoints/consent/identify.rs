//! Who signed in?

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use crate::docusign::account_server::AccountServer;
use crate::docusign::error::ExchangeError;
use crate::docusign::userinfo::UserInfo;
use crate::types::{BaseUrl, Guid, own_paths};

/// Asks DocuSign for users, and keeps the integration user's name: pages show it to a user who signed in as someone else.
pub struct Identification {
    account_server: AccountServer,
    redirect_uri: String,
    integration_user_id: Guid,
    integration_user: Mutex<Option<UserInfo>>,
}

impl Identification {
    /// Asks `account_server`; codes were issued for the callback of `issuer`.
    #[must_use]
    pub fn new(account_server: AccountServer, issuer: &BaseUrl, integration_user_id: Guid) -> Self {
        let redirect_uri = issuer.join(own_paths::CALLBACK);
        Self { account_server, redirect_uri, integration_user_id, integration_user: Mutex::default() }
    }

    /// The user who signed in, by the code. If a page is loaded twice, its code was used up the first time.
    pub(super) async fn user_by_code(
        &self,
        code: &SecretString,
        code_verifier: &str,
    ) -> Result<UserInfo, ExchangeError> {
        let exchanged =
            self.account_server.exchange_code(code.expose_secret(), &self.redirect_uri, code_verifier).await;
        let user = match exchanged {
            Ok(access_token) => self.user_by_access_token(&access_token.secret).await,
            Err(error) => Err(error),
        };
        user.inspect_err(|error| {
            tracing::warn!(
                event = "sign_in_unknown",
                cause = error.code(),
                "could not find out who signed in: {error}"
            );
        })
    }

    /// The user of an access token.
    pub(super) async fn user_by_access_token(&self, access_token: &SecretString) -> Result<UserInfo, ExchangeError> {
        let user = self.account_server.userinfo(access_token).await?;
        if self.integration_user_id.is(&user.sub) {
            *self.integration_user.lock().unwrap_or_else(PoisonError::into_inner) = Some(user.clone());
        }
        Ok(user)
    }

    /// The integration user, once DocuSign has named it to this process.
    pub(super) fn integration_user(&self) -> Option<UserInfo> {
        self.integration_user.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
