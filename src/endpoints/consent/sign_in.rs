//! Way C: a person comes back from signing in at DocuSign, and goes on to the client with a code or an error.
//!
//! The browser must be the one that began ([`crate::web::cookies`]) → the code tells who signed in → may that user?
//! ([`allow`]) → a fresh mint proves that the connection will work, now and not at 3 a.m. → a sealed code for the
//! client.

use http::HeaderMap;
use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::consent::error::ConnectError;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::endpoints::consent::{ConsentCallback, allow};
use crate::oauth::authorization::ReturnAddress;
use crate::oauth::client::Client;
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{AuthorizationCode, Grant, SignInState};
use crate::telemetry::{Answer, AnswerRecord};

/// Life of a code, in seconds; RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE_LIFETIME: u64 = 5 * 60;

/// A code for the client, and the name of the grant behind it.
struct NewCode {
    code: String,
    grant_id: String,
}

impl ConsentCallback {
    /// Ends a sign-in whose state was opened, by `deadline`.
    pub(super) async fn finish_sign_in(
        &self,
        headers: &HeaderMap,
        query: CallbackQuery,
        (sealed, code_verifier): (Sealed<SignInState>, String),
        deadline: Instant,
    ) -> Answer {
        // 1. The browser that began it, and the first time it comes back.
        let Some(cookie) = self.first_return(headers, &sealed, &sealed.content.browser) else {
            return self.page(&ConsentOutcome::SignInOver);
        };
        // 2. A client that is still registered, with the way back to it.
        let state = sealed.content;
        let client = self.clients.find(&state.client_id).filter(|client| client.redirects_to(&state.redirect_uri));
        let Some(client) = client else { return self.page(&ConsentOutcome::ClientGone) };
        let back = ReturnAddress::new(client, &state.redirect_uri, state.state.as_deref(), self.issuer.as_str());
        // 3. A code for it, or the reason why not.
        let granted = timeout_at(deadline, self.grant(client, &state, query, code_verifier)).await;
        let (mut response, record) = match granted.unwrap_or(Err(ConnectError::Deadline)) {
            Ok(NewCode { code, grant_id }) => {
                let (scope, grant_id) = (Some(state.scope), Some(grant_id.into()));
                (
                    back.with_code(&code),
                    AnswerRecord { scope, grant_id, ..AnswerRecord::of("authorization_code_issued") },
                )
            }
            Err(refusal) => {
                let (error, cause) = (refusal.error(), Some(refusal.code()));
                let record = AnswerRecord {
                    error: Some(error.error.as_str()),
                    cause,
                    ..AnswerRecord::of("authorization_refused")
                };
                (back.with_error(&error), record)
            }
        };
        response.headers_mut().extend(cookie.forget().map(|forget| (SET_COOKIE, forget)));
        Answer { response, record: record.by(client) }
    }

    async fn grant(
        &self,
        client: &Client,
        state: &SignInState,
        query: CallbackQuery,
        code_verifier: String,
    ) -> Result<NewCode, ConnectError> {
        // 1. Did the person allow it?
        if let Some((error, _)) = query.denial {
            return Err(ConnectError::Denied(error));
        }
        let code = query.code.ok_or(ConnectError::NoCode)?;
        // 2. Who was it, and may that user?
        let signed_in = self.who_signed_in(&code, code_verifier).await.map_err(ConnectError::UnknownUser)?;
        let subject =
            allow::subject_for(client.subject, &signed_in.sub, &self.docusign).ok_or(ConnectError::NotAllowed)?;
        // 3. Will it work? Remembered failures are ignored: a consent granted a second ago is seen at once.
        let user = subject.user(&self.docusign.user_id);
        let scope = requested_scope(&self.docusign.scopes, &state.scope);
        self.access_tokens
            .mint_anew(user, &scope)
            .await
            .map_err(|error| ConnectError::Unproved(error, client.subject))?;
        // 4. The code.
        let grant = Grant {
            grant_id: random::id::<16>(),
            client_id: state.client_id.clone(),
            subject,
            scope: state.scope.clone(),
            granted_at: self.clock.now().0,
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
            process_id: self.process_id.clone(),
        };
        let (issuer, jti) = (self.issuer.as_str(), random::id::<32>());
        let code = Sealed::new(issuer, jti, self.clock.now(), Some(CODE_LIFETIME), content).seal(&secret);
        Ok(NewCode { code: code.map_err(|_| ConnectError::SealingUnavailable)?, grant_id })
    }
}
