//! `GET /oauth/authorize[/{client_id}]`, the authorization endpoint (RFC 6749 §3.1).
//!
//! [`target`] finds the client and its redirect URI, or [`page`] tells a person what to register → [`request`] reads
//! what is asked → the browser is sent to sign in at DocuSign, with the request in a sealed state and a cookie that
//! ties the state to the browser. It comes back to the consent callback, which ends the walk at the client. If the
//! sealing key cannot be used: back to the client with `temporarily_unavailable`.

mod page;
mod request;
mod target;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Uri};

use crate::clock::{ANSWER_WITHIN, Clock};
use crate::config::DocusignSettings;
use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::sign_in::{SignIn, SignInError};
use crate::oauth::authorization::{AuthorizationError, AuthorizationErrorCode, ReturnAddress};
use crate::oauth::client::ClientRegistry;
use crate::sealing::claims::SignInState;
use crate::sealing::keys::SealingKeys;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::BaseUrl;
use crate::web::response::Response;
use request::{AuthorizationRequest, read_state};
use target::{NoTarget, Target};

/// The path, to which `/{client_id}` may be added.
const PATH: &str = "/oauth/authorize";

const TOO_LONG: AuthorizationError =
    AuthorizationErrorCode::InvalidRequest.say("state and redirect_uri are too long to be carried through the sign-in");

const UNAVAILABLE: AuthorizationError =
    AuthorizationErrorCode::TemporarilyUnavailable.say("the sealing key cannot be used at the moment; try again later");

/// The authorization endpoint and what it depends on.
pub struct AuthorizeEndpoint {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// What DocuSign knows us as.
    pub docusign: DocusignSettings,
    /// Who may ask.
    pub clients: ClientRegistry,
    /// What seals the state.
    pub sealing: Arc<SealingKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl AuthorizeEndpoint {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let query = request.uri().query().unwrap_or_default();
        // 1. Who asks, and where to go back to?
        let target = match Target::find(&self.clients, path_client_id(request.uri()), query) {
            Ok(target) => target,
            Err(no_target) => return explain(&no_target),
        };
        // 2. For what? From here on the client hears of every error.
        let state = read_state(query);
        let known_state = state.as_ref().ok().and_then(Option::as_deref);
        let back = ReturnAddress::new(target.client, &target.redirect_uri, known_state, self.issuer.as_str());
        let asked = state.clone().and_then(|_| AuthorizationRequest::read(target.client, query));
        // 3. Sign in at DocuSign.
        let sent = match asked {
            Ok(asked) => self.send_to_sign_in(&target, asked, known_state).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(response) => Answer { response, record: AnswerRecord::of("sign_in_started").by(target.client) },
            Err(error) => {
                let cause = (error == UNAVAILABLE).then_some("sealing_key_unavailable");
                let record = AnswerRecord {
                    error: Some(error.error.as_str()),
                    cause,
                    ..AnswerRecord::of("authorization_refused")
                };
                Answer { response: back.with_error(&error), record: record.by(target.client) }
            }
        }
    }

    async fn send_to_sign_in(
        &self,
        target: &Target<'_>,
        asked: AuthorizationRequest,
        state: Option<&str>,
    ) -> Result<Response, AuthorizationError> {
        let secret = tokio::time::timeout(ANSWER_WITHIN, self.sealing.current()).await;
        let secret = secret.ok().and_then(Result::ok).ok_or(UNAVAILABLE)?;
        let scope = requested_scope(&self.docusign.scopes, &asked.scope);
        let Self { issuer, docusign, .. } = self;
        let sign_in = SignIn { issuer, docusign, secret, scope: &scope, now: self.clock.now() };
        sign_in.begin(|browser| waiting(target, asked, state, browser)).map_err(|error| match error {
            SignInError::TooLong => TOO_LONG,
            SignInError::Seal(_) => UNAVAILABLE,
        })
    }
}

/// The request that waits for the sign-in of the browser whose cookie has the digest `browser`.
fn waiting(target: &Target<'_>, asked: AuthorizationRequest, state: Option<&str>, browser: String) -> SignInState {
    SignInState {
        client_id: target.client.client_id.to_string(),
        redirect_uri: target.redirect_uri.clone(),
        redirect_uri_given: target.redirect_uri_given,
        scope: asked.scope,
        state: state.map(ToOwned::to_owned),
        code_challenge: asked.code_challenge,
        browser,
    }
}

fn path_client_id(uri: &Uri) -> Option<&str> {
    uri.path().strip_prefix(PATH)?.strip_prefix('/').filter(|client_id| !client_id.is_empty())
}

fn explain(no_target: &NoTarget) -> Answer {
    let page = page::page(no_target);
    let record = AnswerRecord { cause: Some(page.code), ..AnswerRecord::of("authorization_refused") };
    Answer { response: page.response(), record }
}
