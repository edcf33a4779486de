//! `GET /consent/callback`, where DocuSign sends the browser after the one-time consent and after a sign-in.
//!
//! [`query`] reads what DocuSign sent → the sealed state is opened → its kind decides what follows: [`proof`] proves a
//! consent, and [`page`] shows the result and the next steps; [`sign_in`] sends the browser back to the client with a code
//! or an error; [`browsing`] gives the browser a session, for documents that are opened here. If DocuSign or Key Vault is
//! down, the answer is a 503 page, or a redirect to the client with `temporarily_unavailable`. DocuSign keeps the consent.

mod allow;
mod browsing;
mod error;
pub mod finished;
pub mod identify;
mod outcome;
mod page;
mod proof;
pub mod query;
mod sign_in;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use tokio::time::{Instant, timeout_at};

use crate::clock::{Clock, answer_deadline};
use crate::config::DocusignSettings;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::oauth::client::{ClientId, ClientRegistry};
use crate::registry::{NotLoadedError, Registry};
use crate::sealing::claims::{BrowsingState, ConsentState, SignInState};
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::sealing::opened::{Opened, open_any};
use crate::sealing::{Sealable as _, Sealed, unverified_header};
use crate::telemetry::{self, Answer, AnswerRecord};
use crate::types::BaseUrl;
use crate::web::cookies::SignInCookie;
use finished::FinishedSignIns;
use identify::Identification;
use outcome::ConsentOutcome;
use proof::Proof;
use query::{CallbackQuery, RepeatedParameterError};

/// The kinds of states that come back from DocuSign.
const STATES: [&str; 3] = [SignInState::TYP, BrowsingState::TYP, ConsentState::TYP];

/// The redirection endpoint of DocuSign's pages and what it depends on.
pub struct ConsentCallback {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// The integration user, the administrators and the scopes.
    pub docusign: DocusignSettings,
    /// The clients that may have begun a sign-in.
    pub registry: Registry,
    /// Opens states, and seals codes and sessions.
    pub sealing: Arc<SealingKeys>,
    /// Sign-ins that ended.
    pub finished: FinishedSignIns,
    /// Names the user who signed in.
    pub identification: Identification,
    /// The only process that may redeem the new codes, if processes share no store.
    pub process_id: Option<String>,
    /// Prove that a connection works.
    pub access_tokens: AccessTokens,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A state that was opened.
struct OpenedState<T> {
    content: T,
    /// The verifier of the PKCE challenge that went to DocuSign.
    code_verifier: String,
}

impl ConsentCallback {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>, request_id: &str) -> Answer {
        let answer = self.answer(request, answer_deadline()).await;
        answer.unwrap_or_else(|outcome| self.page(&outcome, request_id))
    }

    /// The answer, or the outcome to show as a page.
    async fn answer(&self, request: &Request<Bytes>, deadline: Instant) -> Result<Answer, ConsentOutcome> {
        let query = CallbackQuery::read(request.uri().query().unwrap_or_default());
        let query = query.map_err(|RepeatedParameterError| ConsentOutcome::RepeatedParameter)?;
        let state = query.state.clone().unwrap_or_default();
        let (opened, code_verifier) = self.open(&state, deadline).await?;
        match opened {
            Opened::SignInState(sealed) => {
                let clients = self.clients().await?;
                record_client(&clients, &sealed.content.client_id);
                let cookie = self.first_return(request.headers(), &sealed, &sealed.content.browser);
                let cookie = cookie.ok_or(ConsentOutcome::SignInOver)?;
                let opened = OpenedState { content: sealed.content, code_verifier };
                sign_in::finish_sign_in(self, &clients, query, opened, &cookie, deadline).await
            }
            Opened::BrowsingState(sealed) => {
                let clients = self.clients().await?;
                record_client(&clients, &sealed.content.client_id);
                let cookie = self.first_return(request.headers(), &sealed, &sealed.content.browser);
                let cookie = cookie.ok_or(ConsentOutcome::SignInOver)?;
                let opened = OpenedState { content: sealed.content, code_verifier };
                browsing::finish_browsing(self, &clients, query, opened, &cookie, deadline).await
            }
            Opened::ConsentState(_) => {
                let consent = timeout_at(deadline, self.finish_consent(query, &code_verifier)).await;
                Err(consent.unwrap_or(ConsentOutcome::MintFailed(MintError::Deadline)))
            }
            Opened::AuthorizationCode(_) | Opened::RefreshToken(_) | Opened::SealedAccessToken(_) => {
                Err(ConsentOutcome::ForeignState)
            }
        }
    }

    /// The registered clients. They are needed before a sign-in counts as returned, so that the page can be loaded again.
    async fn clients(&self) -> Result<ClientRegistry, ConsentOutcome> {
        self.registry.current().await.map_err(|NotLoadedError| ConsentOutcome::RegistryUnavailable)
    }

    /// The user of a consent link comes back.
    async fn finish_consent(&self, query: CallbackQuery, code_verifier: &str) -> ConsentOutcome {
        if let Some((error, message)) = query.denial {
            return ConsentOutcome::Denied(error, message);
        }
        let Some(code) = query.code else { return ConsentOutcome::NoCode };
        if self.docusign.secret_key.is_missing() {
            return ConsentOutcome::SecretKeyMissing;
        }
        let Self { docusign, access_tokens, identification, .. } = self;
        let signed_in = identification.user_by_code(&code, code_verifier).await;
        Proof { docusign, access_tokens, identification }.prove(signed_in.ok()).await
    }

    /// Opens a state and returns it with its code verifier.
    async fn open(&self, state: &str, deadline: Instant) -> Result<(Opened, String), ConsentOutcome> {
        let opened = open_any(&self.sealing, &STATES, self.issuer.as_str(), state, self.clock.now());
        match timeout_at(deadline, opened).await {
            Ok(Ok((opened, secret))) => {
                let code_verifier = secret.code_verifier(opened.jti());
                Ok((opened, code_verifier))
            }
            Ok(Err(OpenError::Expired)) if is_consent(state) => Err(ConsentOutcome::OldState),
            Ok(Err(OpenError::Expired)) => Err(ConsentOutcome::SignInOver),
            Ok(Err(OpenError::NotOurs | OpenError::UnknownKey | OpenError::OtherIssuer)) => {
                Err(ConsentOutcome::ForeignState)
            }
            Ok(Err(OpenError::Unavailable(_))) | Err(_) => Err(ConsentOutcome::StateUnchecked),
        }
    }

    /// The cookie of a sign-in, if this browser began it and comes back for the first time. `digest` is the cookie's digest
    /// in the state.
    fn first_return<T>(&self, headers: &HeaderMap, sealed: &Sealed<T>, digest: &str) -> Option<SignInCookie> {
        let cookie = SignInCookie::of(&sealed.jti, !self.issuer.is_insecure());
        let now = self.clock.now();
        let expires_at = sealed.exp.unwrap_or(now);
        let first = cookie.is_in(headers, digest) && self.finished.is_first(&sealed.jti, expires_at, now);
        first.then_some(cookie)
    }

    fn page(&self, outcome: &ConsentOutcome, request_id: &str) -> Answer {
        let page = page::of_outcome(outcome, &self.docusign.scopes);
        let record = AnswerRecord::of("consent_checked");
        let record = match outcome {
            ConsentOutcome::Granted { .. } => record,
            ConsentOutcome::Denied(error, _) => record.with_docusign_error(error).with_page(&page),
            _ => record.with_page(&page),
        };
        Answer { response: page.response(request_id), record }
    }
}

fn record_client(clients: &ClientRegistry, client_id: &ClientId) {
    if let Some(client) = clients.find(client_id.as_str()) {
        telemetry::record_client(client);
    }
}

fn is_consent(state: &str) -> bool {
    unverified_header(state).is_some_and(|header| header.typ == ConsentState::TYP)
}
