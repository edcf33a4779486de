//! Way A: does the connection work now, and if not, what is missing?

use futures_util::future::join_all;

use crate::config::docusign::IMPERSONATION;
use crate::consent::ConsentCallback;
use crate::consent::outcome::Outcome;
use crate::docusign::errors::ExchangeError;
use crate::docusign::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::oauth::scope::Scope;

impl ConsentCallback {
    /// Does the connection work now? Remembered failures are ignored: a consent granted a second ago is seen at once.
    pub(super) async fn prove(&self, signed_in: Option<UserInfo>) -> Outcome {
        let user = &self.docusign.user_id;
        match self.access_tokens.mint_anew(user, &self.docusign.scopes).await {
            Ok(access_token) => match self.account_server.userinfo(&access_token.secret).await {
                Ok(info) if user.is(&info.sub) => Outcome::Granted { user: info, signed_in },
                Ok(_) => Outcome::Unproved(MintError::Exchange(ExchangeError::UserNotFound)),
                Err(error) => Outcome::Unproved(MintError::Exchange(error)),
            },
            Err(MintError::Exchange(ExchangeError::ConsentRequired)) => match signed_in {
                None => Outcome::ConsentMissing,
                Some(signed_in) if !user.is(&signed_in.sub) => Outcome::WrongUser { signed_in },
                Some(_) => self.missing_scopes().await,
            },
            Err(error) => Outcome::Unproved(error),
        }
    }

    /// DocuSign does not say which scope lacks consent, so each is tried by itself, all at once.
    async fn missing_scopes(&self) -> Outcome {
        let user = &self.docusign.user_id;
        let trials = self.docusign.scopes.iter().map(|scope_token| async move {
            let alone = Scope::parse(scope_token).ok()?.with(IMPERSONATION);
            Some((scope_token, self.access_tokens.mint_anew(user, &alone).await.err()?))
        });
        let mut missing = Vec::new();
        for (scope_token, error) in join_all(trials).await.into_iter().flatten() {
            match error {
                MintError::Exchange(ExchangeError::ConsentRequired) => missing.push(scope_token.to_owned()),
                error => return Outcome::Unproved(error),
            }
        }
        if missing.is_empty() { Outcome::NotTogether } else { Outcome::ScopesMissing(missing) }
    }
}
