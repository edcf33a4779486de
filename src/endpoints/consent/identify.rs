//! Who signed in?

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use crate::docusign::consent_link::CALLBACK_PATH;
use crate::docusign::error::ExchangeError;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::ConsentCallback;
use crate::types::Guid;

/// The integration user's name, once DocuSign has named it to this process: pages show it to a user who signed in as
/// someone else.
#[derive(Default)]
pub struct CachedIntegrationUser(Mutex<Option<UserInfo>>);

impl CachedIntegrationUser {
    /// Keeps `user` if it is the integration user, whose id is `id`.
    pub fn keep(&self, user: &UserInfo, id: &Guid) {
        if id.is(&user.sub) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(user.clone());
        }
    }

    /// The integration user, if it is known.
    pub fn get(&self) -> Option<UserInfo> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ConsentCallback {
    /// The user who signed in, by the code. If a page is loaded twice, its code was used up the first time.
    pub(super) async fn identify_user(
        &self,
        code: &SecretString,
        code_verifier: &str,
    ) -> Result<UserInfo, ExchangeError> {
        let redirect_uri = self.issuer.join(CALLBACK_PATH);
        let exchanged = self.account_server.exchange_code(code.expose_secret(), &redirect_uri, code_verifier).await;
        let userinfo = match exchanged {
            Ok(access_token) => self.account_server.userinfo(&access_token.secret).await,
            Err(error) => Err(error),
        };
        userinfo.inspect(|user| self.integration_user.keep(user, &self.docusign.user_id)).inspect_err(|error| {
            tracing::warn!(
                event = "sign_in_unknown",
                cause = error.code(),
                "could not find out who signed in: {error}"
            );
        })
    }
}
