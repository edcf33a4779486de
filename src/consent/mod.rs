//! `GET /consent/callback`, where DocuSign sends the browser after the one-time consent (way A).
//!
//! [`query`] reads what DocuSign sent → the sealed state is opened → the code tells who signed in → a fresh mint and
//! `/oauth/userinfo` prove the consent → [`message`] says how it went and what to do next → [`page`] dresses it in HTML.
//! [`link`] makes the link that leads here. If DocuSign or Key Vault is down: a 503 page; the consent itself is kept by
//! DocuSign and not lost.

pub mod link;
mod message;
mod outcome;
mod page;
pub mod query;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::config::docusign::IMPERSONATION;
use crate::config::shapes::BaseUrl;
use crate::docusign::access_tokens::AccessTokens;
use crate::docusign::account_server::{AccountServer, CodeProof};
use crate::docusign::consent_link::CALLBACK_PATH;
use crate::docusign::errors::ExchangeError;
use crate::docusign::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::oauth::scope::Scope;
use crate::oauth::sealed::{self, SealedClaims, SealedKind, SealingSecret, UnsealError};
use crate::signing::sealing::SealingKeys;
use crate::telemetry::Answer;
use outcome::Outcome;
use query::CallbackQuery;

/// A visit that has not ended after this long is answered with a page that says so.
const DEADLINE: Duration = Duration::from_secs(14);

/// The redirection endpoint of the consent and what it depends on.
pub struct ConsentCallback {
    /// Our issuer.
    pub public_url: BaseUrl,
    /// What DocuSign knows us as.
    pub docusign: DocusignSettings,
    /// What opens the state.
    pub sealing: Arc<SealingKeys>,
    /// DocuSign.
    pub account_server: AccountServer,
    /// What proves the consent.
    pub access_tokens: AccessTokens,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ConsentCallback {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let query = CallbackQuery::read(request.uri().query().unwrap_or_default());
        let visit = tokio::time::timeout(DEADLINE, self.visit(query)).await;
        page::answer(&visit.unwrap_or(Outcome::Unproved(MintError::Deadline)), &self.docusign.scopes)
    }

    async fn visit(&self, query: CallbackQuery) -> Outcome {
        let (claims, secret) = match self.open_state(query.state.as_deref()).await {
            Ok(opened) => opened,
            Err(outcome) => return outcome,
        };
        if let Some((error, message)) = query.denial {
            return Outcome::Denied(error, message);
        }
        let Some(code) = query.code else { return Outcome::NoCode };
        let signed_in = self.who_signed_in(&code, &claims, secret).await;
        self.prove(signed_in).await
    }

    async fn open_state(&self, state: Option<&str>) -> Result<(SealedClaims, &SealingSecret), Outcome> {
        let state = state.ok_or(Outcome::ForeignState)?;
        let kid = sealed::kid_of(state).ok_or(Outcome::ForeignState)?;
        let secret = self.sealing.named(&kid).await.map_err(|_| Outcome::StateUnchecked)?;
        let secret = secret.ok_or(Outcome::ForeignState)?;
        let opened =
            sealed::unseal(secret, SealedKind::ConsentState, self.public_url.as_str(), state, self.clock.now());
        match opened {
            Ok(claims) => Ok((claims, secret)),
            Err(UnsealError::Expired) => Err(Outcome::OldState),
            Err(UnsealError::NotOurs) => Err(Outcome::ForeignState),
        }
    }

    /// Who signed in; `None` if the code does not tell, for instance because the page was loaded twice.
    async fn who_signed_in(
        &self,
        code: &SecretString,
        claims: &SealedClaims,
        secret: &SealingSecret,
    ) -> Option<UserInfo> {
        let proof = match &self.docusign.secret_key {
            Some(secret_key) => CodeProof::SecretKey(secret_key),
            None => CodeProof::CodeVerifier(secret.code_verifier(&claims.jti)),
        };
        let redirect_uri = self.public_url.join(CALLBACK_PATH);
        let exchanged = self.account_server.exchange_code(code.expose_secret(), &redirect_uri, proof).await;
        let userinfo = match exchanged {
            Ok(access_token) => self.account_server.userinfo(&access_token.secret).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &userinfo {
            tracing::warn!(
                event = "sign_in_unknown",
                cause = error.word(),
                "who signed in could not be learnt: {error}"
            );
        }
        userinfo.ok()
    }

    /// Does the connection work now? Remembered failures are ignored: a consent granted a second ago is seen at once.
    async fn prove(&self, signed_in: Option<UserInfo>) -> Outcome {
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
