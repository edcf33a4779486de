//! After a consent: does the connection work now, and if not, what is missing?

use crate::config::DocusignSettings;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::tokens::missing_consent::scopes_without_consent;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::identify::Identification;
use crate::endpoints::consent::outcome::ConsentOutcome;

/// Tries the connection of the integration user.
pub(super) struct Proof<'a> {
    pub(super) docusign: &'a DocusignSettings,
    pub(super) access_tokens: &'a AccessTokens,
    pub(super) identification: &'a Identification,
}

impl Proof<'_> {
    /// Does the connection work now? Cached failures are ignored, so that a consent granted a second ago counts.
    pub(super) async fn prove(self, signed_in: Option<UserInfo>) -> ConsentOutcome {
        let user = &self.docusign.user_id;
        match self.access_tokens.force_mint(user, &self.docusign.scopes).await {
            Ok(access_token) => match self.identification.user_by_access_token(&access_token.secret).await {
                Ok(info) if user.is(&info.sub) => ConsentOutcome::Granted { user: info, signed_in },
                Ok(_) => ConsentOutcome::MintFailed(MintError::Exchange(ExchangeError::UserNotFound)),
                Err(error) => ConsentOutcome::MintFailed(MintError::Exchange(error)),
            },
            Err(MintError::Exchange(ExchangeError::ConsentRequired)) => match signed_in {
                None => ConsentOutcome::ConsentMissing,
                Some(signed_in) if !user.is(&signed_in.sub) => {
                    ConsentOutcome::WrongUser { signed_in, expected: self.identification.integration_user() }
                }
                Some(signed_in) => self.missing_scopes(signed_in).await,
            },
            Err(error) => ConsentOutcome::MintFailed(error),
        }
    }

    async fn missing_scopes(self, signed_in: UserInfo) -> ConsentOutcome {
        let Self { access_tokens, docusign, .. } = self;
        match scopes_without_consent(access_tokens, &docusign.user_id, &docusign.scopes).await {
            Ok(missing) if missing.is_empty() => ConsentOutcome::NotTogether { signed_in },
            Ok(missing) => ConsentOutcome::ScopesMissing { signed_in, missing },
            Err(error) => ConsentOutcome::MintFailed(error),
        }
    }
}
