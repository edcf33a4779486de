//! A user comes back from signing in at DocuSign and goes on to the client with a code or an error.
//!
//! DocuSign's code shows who signed in → [`allow`] decides whether that user may make the connection → a fresh mint proves
//! that the connection will work → the client gets a sealed code.

use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::consent::error::ConnectError;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::endpoints::consent::{ConsentCallback, OpenedState, allow};
use crate::oauth::authorization::ReturnAddress;
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::scope::Scope;
use crate::sealing::Sealed;
use crate::sealing::claims::{AuthorizationCode, Grant, SignInState};
use crate::secret::random;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::cookies::SignInCookie;
use crate::web::response::Response;

/// Lifetime of a code, in seconds; RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE_LIFETIME: u64 = 5 * 60;

/// A code for the client, and the ID of its grant.
struct NewCode {
    code: String,
    grant_id: String,
}

/// Ends a sign-in, by `deadline`. Its state was opened in the browser that has `cookie`.
pub(super) async fn finish_sign_in(
    callback: &ConsentCallback,
    clients: &ClientRegistry,
    query: CallbackQuery,
    opened: OpenedState<SignInState>,
    cookie: &SignInCookie,
    deadline: Instant,
) -> Result<Answer, ConsentOutcome> {
    let state = opened.content;
    let client = clients.find(state.client_id.as_str()).filter(|client| client.redirects_to(&state.redirect_uri));
    let client = client.ok_or(ConsentOutcome::ClientGone)?;
    let back = ReturnAddress {
        redirect_uri: &state.redirect_uri,
        state: state.state.as_deref(),
        iss: client.response_iss(callback.issuer.as_str()),
    };
    let granted = timeout_at(deadline, new_code(callback, client, &state, query, &opened.code_verifier)).await;
    let (mut response, record) = match granted.unwrap_or(Err(ConnectError::Deadline)) {
        Ok(new_code) => with_code(&back, new_code, state.scope),
        Err(error) => with_error(&back, &error),
    };
    response.headers_mut().extend(cookie.forget().map(|forget| (SET_COOKIE, forget)));
    Ok(Answer { response, record: record.for_client(client) })
}

async fn new_code(
    callback: &ConsentCallback,
    client: &Client,
    state: &SignInState,
    query: CallbackQuery,
    code_verifier: &str,
) -> Result<NewCode, ConnectError> {
    // 1. Did the user allow it?
    if let Some((error, _)) = query.denial {
        return Err(ConnectError::Denied(error));
    }
    let code = query.code.ok_or(ConnectError::NoCode)?;
    if callback.docusign.secret_key.is_missing() {
        return Err(ConnectError::SecretKeyMissing);
    }
    // 2. Who signed in, and may that user make the connection?
    let signed_in = callback.identification.user_by_code(&code, code_verifier).await;
    let signed_in = signed_in.map_err(ConnectError::UnknownUser)?;
    let subject =
        allow::subject_for(client.subject, &signed_in.sub, &callback.docusign).ok_or(ConnectError::NotAllowed)?;
    // 3. Will it work? Cached failures are ignored, so that a consent granted a second ago counts.
    let user = subject.user(&callback.docusign.user_id);
    let scope = requested_scope(&callback.docusign.scopes, &state.scope);
    let minted = callback.access_tokens.force_mint(user, &scope).await;
    minted.map_err(|error| ConnectError::MintFailed(error, client.subject))?;
    // 4. The code.
    let grant = Grant {
        grant_id: random::id::<16>(),
        client_id: state.client_id.clone(),
        subject,
        scope: state.scope.clone(),
        granted_at: callback.clock.now(),
    };
    seal_code(callback, grant, state).await
}

async fn seal_code(callback: &ConsentCallback, grant: Grant, state: &SignInState) -> Result<NewCode, ConnectError> {
    let secret = callback.sealing.current().await.map_err(|_| ConnectError::SealingUnavailable)?;
    let grant_id = grant.grant_id.clone();
    let content = AuthorizationCode {
        grant,
        redirect_uri: state.redirect_uri_given.then(|| state.redirect_uri.clone()),
        code_challenge: state.code_challenge.clone(),
        process_id: callback.process_id.clone(),
    };
    let (issuer, jti) = (callback.issuer.as_str(), random::id::<32>());
    let code = Sealed::new(issuer, jti, callback.clock.now(), Some(CODE_LIFETIME), content).seal(&secret);
    Ok(NewCode { code: code.map_err(|_| ConnectError::SealingUnavailable)?, grant_id })
}

fn with_code(back: &ReturnAddress<'_>, new_code: NewCode, scope: Scope) -> (Response, AnswerRecord) {
    let NewCode { code, grant_id } = new_code;
    let (scope, grant_id) = (Some(scope), Some(grant_id.into()));
    (back.with_code(&code), AnswerRecord { scope, grant_id, ..AnswerRecord::of("authorization_code_issued") })
}

fn with_error(back: &ReturnAddress<'_>, error: &ConnectError) -> (Response, AnswerRecord) {
    let record = AnswerRecord { cause: Some(error.code()), ..AnswerRecord::of("authorization_refused") };
    let record = match error {
        ConnectError::Denied(docusign_error) => record.with_docusign_error(docusign_error),
        _ => record,
    };
    let error = error.error();
    (back.with_error(&error), record.refused(error.error.as_str(), error.error_description))
}
