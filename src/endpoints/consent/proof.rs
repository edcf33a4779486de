//! After a consent: does the connection work now, and if not, what is missing?

use crate::docusign::error::ExchangeError;
use crate::docusign::missing_consent::scopes_without_consent;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::ConsentCallback;
use crate::endpoints::consent::outcome::ConsentOutcome;

impl ConsentCallback {
    /// Does the connection work now? Cached failures are ignored, so that a consent granted a second ago counts.
    pub(super) async fn prove(&self, signed_in: Option<UserInfo>) -> ConsentOutcome {
        let user = &self.docusign.user_id;
        match self.access_tokens.force_mint(user, &self.docusign.scopes).await {
            Ok(access_token) => match self.account_server.userinfo(&access_token.secret).await {
                Ok(info) if user.is(&info.sub) => {
                    self.integration_user.keep(&info, user);
                    ConsentOutcome::Granted { user: info, signed_in }
                }
                Ok(_) => ConsentOutcome::Unproved(MintError::Exchange(ExchangeError::UserNotFound)),
                Err(error) => ConsentOutcome::Unproved(MintError::Exchange(error)),
            },
            Err(MintError::Exchange(ExchangeError::ConsentRequired)) => match signed_in {
                None => ConsentOutcome::ConsentMissing,
                Some(signed_in) if !user.is(&signed_in.sub) => {
                    ConsentOutcome::WrongUser { signed_in, expected: self.integration_user.get() }
                }
                Some(signed_in) => self.missing_scopes(signed_in).await,
            },
            Err(error) => ConsentOutcome::Unproved(error),
        }
    }

    async fn missing_scopes(&self, signed_in: UserInfo) -> ConsentOutcome {
        let Self { access_tokens, docusign, .. } = self;
        match scopes_without_consent(access_tokens, &docusign.user_id, &docusign.scopes).await {
            Ok(missing) if missing.is_empty() => ConsentOutcome::NotTogether { signed_in },
            Ok(missing) => ConsentOutcome::ScopesMissing { signed_in, missing },
            Err(error) => ConsentOutcome::Unproved(error),
        }
    }
}
