//! A person comes back from signing in at DocuSign in order to look at something here: the browser gets a session, and
//! goes back to where it came from.

use std::sync::Arc;

use http::header::SET_COOKIE;
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::requested_scope::requested_scope;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::endpoints::consent::OpenedState;
use crate::endpoints::consent::identify::identify_user;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::consent::query::CallbackQuery;
use crate::oauth::client::{ClientId, ClientRegistry};
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{BrowserSession, BrowsingState};
use crate::sealing::keys::SealingKeys;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::{BaseUrl, Guid};
use crate::web::cookies::{SessionCookie, SignInCookie};
use crate::web::response::redirect;

/// Life of a session, in seconds.
const SESSION_LIFETIME: u64 = 3600;

/// Begins the session of a browser that comes back.
pub struct BrowsingReturn<'a> {
    /// Our issuer.
    pub issuer: &'a BaseUrl,
    /// The scopes that users consent to.
    pub docusign: &'a DocusignSettings,
    /// Who may have begun the sign-in.
    pub clients: &'a ClientRegistry,
    /// What seals the session.
    pub sealing: &'a SealingKeys,
    /// Names the user who signed in.
    pub account_server: &'a AccountServer,
    /// What proves the user's consent.
    pub access_tokens: &'a AccessTokens,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
}

impl BrowsingReturn<'_> {
    /// Ends a sign-in whose state was opened in the browser of `cookie`, by `deadline`.
    pub async fn finish(
        self,
        query: CallbackQuery,
        opened: OpenedState<BrowsingState>,
        cookie: &SignInCookie,
        deadline: Instant,
    ) -> Result<Answer, ConsentOutcome> {
        let BrowsingState { client_id, back, .. } = &opened.content;
        let session = timeout_at(deadline, self.session(client_id, query, &opened.code_verifier)).await;
        let session = session.unwrap_or(Err(ConsentOutcome::Unproved(MintError::Deadline)))?;
        // `back` was sealed here: it is one of our own paths.
        let mut response = redirect(&self.issuer.join(back));
        let session = SessionCookie::new(!self.issuer.is_insecure()).set(&session, SESSION_LIFETIME);
        for cookie in [session, cookie.forget()].into_iter().flatten() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(Answer { response, record: AnswerRecord::of("browser_session_begun") })
    }

    async fn session(
        &self,
        client_id: &ClientId,
        query: CallbackQuery,
        code_verifier: &str,
    ) -> Result<String, ConsentOutcome> {
        if let Some((error, message)) = query.denial {
            return Err(ConsentOutcome::Denied(error, message));
        }
        let code = query.code.ok_or(ConsentOutcome::NoCode)?;
        let signed_in = identify_user(self.account_server, self.issuer, &code, code_verifier).await;
        let signed_in = signed_in.map_err(|error| ConsentOutcome::Unproved(MintError::Exchange(error)))?;
        let client = self.clients.find(client_id.as_str()).ok_or(ConsentOutcome::ClientGone)?;
        let user = Guid::parse(&signed_in.sub).ok_or(ConsentOutcome::NoCode)?.lower_case();
        // Cached failures are ignored, so that a consent granted a second ago counts.
        let scope = requested_scope(&self.docusign.scopes, &client.scope);
        self.access_tokens.force_mint(&user, &scope).await.map_err(ConsentOutcome::Unproved)?;
        self.seal_session(client_id, user).await
    }

    async fn seal_session(&self, client_id: &ClientId, user: Guid) -> Result<String, ConsentOutcome> {
        let secret = self.sealing.current().await.map_err(|_| ConsentOutcome::StateUnchecked)?;
        let content = BrowserSession { client_id: client_id.clone(), user };
        let (issuer, jti, now) = (self.issuer.as_str(), random::id::<16>(), self.clock.now());
        let session = Sealed::new(issuer, jti, now, Some(SESSION_LIFETIME), content);
        session.seal(&secret).map_err(|_| ConsentOutcome::StateUnchecked)
    }
}
