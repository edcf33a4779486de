//! A person comes back from signing in at DocuSign in order to look at something here: the browser gets a session, and
//! goes back to where it wanted to go.

use http::HeaderMap;
use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::docusign::requested_scope::requested_scope;
use crate::docusign::tokens::minter::MintError;
use crate::endpoints::consent::ConsentCallback;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{BrowserSession, BrowsingState};
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Guid;
use crate::web::cookies::SessionCookie;
use crate::web::response::redirect;

/// Life of a session, in seconds.
const SESSION_LIFETIME: u64 = 3600;

impl ConsentCallback {
    /// Ends a sign-in whose state was opened, by `deadline`.
    pub(super) async fn begin_session(
        &self,
        headers: &HeaderMap,
        query: CallbackQuery,
        (sealed, code_verifier): (Sealed<BrowsingState>, String),
        deadline: Instant,
    ) -> Answer {
        let Some(cookie) = self.first_return(headers, &sealed, &sealed.content.browser) else {
            return self.page(&ConsentOutcome::SignInOver);
        };
        let session = timeout_at(deadline, self.session(&sealed.content.client_id, query, code_verifier)).await;
        match session.unwrap_or(Err(ConsentOutcome::Unproved(MintError::Deadline))) {
            Ok(session) => {
                // Where to was sealed here: it is one of our own paths.
                let mut response = redirect(&self.issuer.join(&sealed.content.back));
                let session = SessionCookie::new(!self.issuer.is_insecure()).set(&session, SESSION_LIFETIME);
                for cookie in [session, cookie.forget()].into_iter().flatten() {
                    response.headers_mut().append(SET_COOKIE, cookie);
                }
                Answer { response, record: AnswerRecord::of("browser_session_begun") }
            }
            Err(outcome) => self.page(&outcome),
        }
    }

    async fn session(
        &self,
        client_id: &str,
        query: CallbackQuery,
        code_verifier: String,
    ) -> Result<String, ConsentOutcome> {
        if let Some((error, message)) = query.denial {
            return Err(ConsentOutcome::Denied(error, message));
        }
        let code = query.code.ok_or(ConsentOutcome::NoCode)?;
        let signed_in = self.who_signed_in(&code, code_verifier).await;
        let signed_in = signed_in.map_err(|error| ConsentOutcome::Unproved(MintError::Exchange(error)))?;
        let client = self.clients.find(client_id).ok_or(ConsentOutcome::ClientGone)?;
        let user = Guid::parse(&signed_in.sub).ok_or(ConsentOutcome::NoCode)?.lower_case();
        // Will it work? Remembered failures are ignored: a consent granted a second ago is seen at once.
        let scope = requested_scope(&self.docusign.scopes, &client.scope);
        self.access_tokens.mint_anew(&user, &scope).await.map_err(ConsentOutcome::Unproved)?;
        let secret = self.sealing.current().await.map_err(|_| ConsentOutcome::StateUnchecked)?;
        let content = BrowserSession { client_id: client_id.to_owned(), user: user.as_str().to_owned() };
        let (issuer, jti, now) = (self.issuer.as_str(), random::id::<16>(), self.clock.now());
        let session = Sealed::new(issuer, jti, now, Some(SESSION_LIFETIME), content);
        session.seal(&secret).map_err(|_| ConsentOutcome::StateUnchecked)
    }
}
