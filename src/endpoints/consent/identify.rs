//! Who signed in?

use secrecy::{ExposeSecret as _, SecretString};

use crate::docusign::account_server::AccountServer;
use crate::docusign::consent_link::CALLBACK_PATH;
use crate::docusign::error::ExchangeError;
use crate::docusign::userinfo::UserInfo;
use crate::types::BaseUrl;

/// Who signed in, by the code. A page loaded twice has a code that was used up.
pub async fn identify_user(
    account_server: &AccountServer,
    issuer: &BaseUrl,
    code: &SecretString,
    code_verifier: &str,
) -> Result<UserInfo, ExchangeError> {
    let redirect_uri = issuer.join(CALLBACK_PATH);
    let exchanged = account_server.exchange_code(code.expose_secret(), &redirect_uri, code_verifier).await;
    let userinfo = match exchanged {
        Ok(access_token) => account_server.userinfo(&access_token.secret).await,
        Err(error) => Err(error),
    };
    userinfo.inspect_err(|error| {
        tracing::warn!(event = "sign_in_unknown", cause = error.code(), "could not find out who signed in: {error}");
    })
}
