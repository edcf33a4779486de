//! Way C: a person comes back from signing in at DocuSign, and goes on to the client with a code or an error.
//!
//! The code shows who signed in → may that user? ([`allow`]) → a fresh mint proves that the connection will work, now and
//! not at 3 a.m. → a sealed code for the client.

use std::sync::Arc;

use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::requested_scope::requested_scope;
use crate::docusign::tokens::AccessTokens;
use crate::endpoints::consent::error::ConnectError;
use crate::endpoints::consent::identify::identify_user;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::endpoints::consent::{OpenedState, allow};
use crate::oauth::authorization::ReturnAddress;
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::scope::Scope;
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{AuthorizationCode, Grant, SignInState};
use crate::sealing::keys::SealingKeys;
use crate::telemetry::{self, Answer, AnswerRecord};
use crate::types::BaseUrl;
use crate::web::cookies::SignInCookie;
use crate::web::response::Response;

/// Life of a code, in seconds; RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE_LIFETIME: u64 = 5 * 60;

/// A code for the client, and the name of the grant behind it.
struct NewCode {
    code: String,
    grant_id: String,
}

/// Sends a person who signed in on to the client.
pub struct SignInReturn<'a> {
    /// Our issuer.
    pub issuer: &'a BaseUrl,
    /// The integration user, the administrators and the scopes.
    pub docusign: &'a DocusignSettings,
    /// Who may have begun the sign-in.
    pub clients: &'a ClientRegistry,
    /// What seals the code.
    pub sealing: &'a SealingKeys,
    /// The only process that may redeem the code, where processes share no store.
    pub process_id: Option<&'a str>,
    /// Names the user who signed in.
    pub account_server: &'a AccountServer,
    /// What proves that the connection will work.
    pub access_tokens: &'a AccessTokens,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
}

impl SignInReturn<'_> {
    /// Ends a sign-in whose state was opened in the browser of `cookie`, by `deadline`.
    pub async fn finish(
        self,
        query: CallbackQuery,
        opened: OpenedState<SignInState>,
        cookie: &SignInCookie,
        deadline: Instant,
    ) -> Result<Answer, ConsentOutcome> {
        let state = opened.content;
        let client =
            self.clients.find(state.client_id.as_str()).filter(|client| client.redirects_to(&state.redirect_uri));
        let client = client.ok_or(ConsentOutcome::ClientGone)?;
        telemetry::record_client(client);
        let back = ReturnAddress::new(client, &state.redirect_uri, state.state.as_deref(), self.issuer.as_str());
        let granted = timeout_at(deadline, self.grant(client, &state, query, &opened.code_verifier)).await;
        let (mut response, record) = match granted.unwrap_or(Err(ConnectError::Deadline)) {
            Ok(new_code) => with_code(&back, new_code, state.scope),
            Err(error) => with_error(&back, &error),
        };
        response.headers_mut().extend(cookie.forget().map(|forget| (SET_COOKIE, forget)));
        Ok(Answer { response, record: record.by(client) })
    }

    async fn grant(
        &self,
        client: &Client,
        state: &SignInState,
        query: CallbackQuery,
        code_verifier: &str,
    ) -> Result<NewCode, ConnectError> {
        // 1. Did the person allow it?
        if let Some((error, _)) = query.denial {
            return Err(ConnectError::Denied(error));
        }
        let code = query.code.ok_or(ConnectError::NoCode)?;
        // 2. Who was it, and may that user?
        let signed_in = identify_user(self.account_server, self.issuer, &code, code_verifier).await;
        let signed_in = signed_in.map_err(ConnectError::UnknownUser)?;
        let subject =
            allow::subject_for(client.subject, &signed_in.sub, self.docusign).ok_or(ConnectError::NotAllowed)?;
        // 3. Will it work? Cached failures are ignored, so that a consent granted a second ago counts.
        let user = subject.user(&self.docusign.user_id);
        let scope = requested_scope(&self.docusign.scopes, &state.scope);
        let minted = self.access_tokens.force_mint(user, &scope).await;
        minted.map_err(|error| ConnectError::Unproved(error, client.subject))?;
        // 4. The code.
        let grant = Grant {
            grant_id: random::id::<16>(),
            client_id: state.client_id.clone(),
            subject,
            scope: state.scope.clone(),
            granted_at: self.clock.now(),
        };
        self.seal_code(grant, state).await
    }

    async fn seal_code(&self, grant: Grant, state: &SignInState) -> Result<NewCode, ConnectError> {
        let secret = self.sealing.current().await.map_err(|_| ConnectError::SealingUnavailable)?;
        let grant_id = grant.grant_id.clone();
        let content = AuthorizationCode {
            grant,
            redirect_uri: state.redirect_uri_given.then(|| state.redirect_uri.clone()),
            code_challenge: state.code_challenge.clone(),
            process_id: self.process_id.map(ToOwned::to_owned),
        };
        let (issuer, jti) = (self.issuer.as_str(), random::id::<32>());
        let code = Sealed::new(issuer, jti, self.clock.now(), Some(CODE_LIFETIME), content).seal(&secret);
        Ok(NewCode { code: code.map_err(|_| ConnectError::SealingUnavailable)?, grant_id })
    }
}

fn with_code(back: &ReturnAddress<'_>, new_code: NewCode, scope: Scope) -> (Response, AnswerRecord) {
    let NewCode { code, grant_id } = new_code;
    let (scope, grant_id) = (Some(scope), Some(grant_id.into()));
    (back.with_code(&code), AnswerRecord { scope, grant_id, ..AnswerRecord::of("authorization_code_issued") })
}

fn with_error(back: &ReturnAddress<'_>, error: &ConnectError) -> (Response, AnswerRecord) {
    let (cause, error) = (Some(error.code()), error.error());
    let record = AnswerRecord { error: Some(error.error.as_str()), cause, ..AnswerRecord::of("authorization_refused") };
    (back.with_error(&error), record)
}
