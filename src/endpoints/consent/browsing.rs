//! A user comes back from signing in at DocuSign to open a document here: the browser gets a session and goes back to the
//! document.

use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::docusign::requested_scope::requested_scope;
use crate::docusign::tokens::minter::MintError;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::endpoints::consent::{ConsentCallback, OpenedState};
use crate::oauth::client::{Client, ClientId, ClientRegistry};
use crate::sealing::Sealed;
use crate::sealing::claims::{BrowserSession, BrowsingState};
use crate::secret::random;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Guid;
use crate::web::cookies::{SessionCookie, SignInCookie};
use crate::web::response::redirect;

/// Lifetime of a session, in seconds.
const SESSION_LIFETIME: u64 = 3600;

/// Ends a sign-in, by `deadline`. Its state was opened in the browser that has `cookie`.
pub(super) async fn finish_browsing(
    callback: &ConsentCallback,
    clients: &ClientRegistry,
    query: CallbackQuery,
    opened: OpenedState<BrowsingState>,
    cookie: &SignInCookie,
    deadline: Instant,
) -> Result<Answer, ConsentOutcome> {
    let BrowsingState { client_id, back, .. } = &opened.content;
    let client = clients.find(client_id.as_str()).ok_or(ConsentOutcome::ClientGone)?;
    let session = timeout_at(deadline, new_session(callback, client, query, &opened.code_verifier)).await;
    let session = session.unwrap_or(Err(ConsentOutcome::MintFailed(MintError::Deadline)))?;
    // `back` was sealed here: it is one of our own paths.
    let mut response = redirect(&callback.issuer.join(back));
    let session = SessionCookie::new(!callback.issuer.is_insecure()).set(&session, SESSION_LIFETIME);
    for cookie in [session, cookie.forget()].into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(Answer { response, record: AnswerRecord::of("browser_session_begun") })
}

async fn new_session(
    callback: &ConsentCallback,
    client: &Client,
    query: CallbackQuery,
    code_verifier: &str,
) -> Result<String, ConsentOutcome> {
    if let Some((error, message)) = query.denial {
        return Err(ConsentOutcome::Denied(error, message));
    }
    let code = query.code.ok_or(ConsentOutcome::NoCode)?;
    if callback.docusign.secret_key.is_missing() {
        return Err(ConsentOutcome::SecretKeyMissing);
    }
    let signed_in = callback.identification.user_by_code(&code, code_verifier).await;
    let signed_in = signed_in.map_err(|error| ConsentOutcome::MintFailed(MintError::Exchange(error)))?;
    let user = Guid::parse(&signed_in.sub).ok_or(ConsentOutcome::NoCode)?;
    // Cached failures are ignored, so that a consent granted a second ago counts.
    let scope = requested_scope(&callback.docusign.scopes, &client.scope);
    callback.access_tokens.force_mint(&user, &scope).await.map_err(ConsentOutcome::MintFailed)?;
    seal_session(callback, &client.client_id, user).await
}

async fn seal_session(callback: &ConsentCallback, client_id: &ClientId, user: Guid) -> Result<String, ConsentOutcome> {
    let secret = callback.sealing.current().await.map_err(|_| ConsentOutcome::StateUnchecked)?;
    let content = BrowserSession { client_id: client_id.clone(), user };
    let (issuer, jti, now) = (callback.issuer.as_str(), random::id::<16>(), callback.clock.now());
    let session = Sealed::new(issuer, jti, now, Some(SESSION_LIFETIME), content);
    session.seal(&secret).map_err(|_| ConsentOutcome::StateUnchecked)
}
