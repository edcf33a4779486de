//! `GET /oauth/authorize[/{client_id}]`, the authorization endpoint (RFC 6749 §3.1).
//!
//! [`target`] finds the client and its redirect URI, or [`page`] shows the user what to register → [`request`] reads the
//! parameters → the browser is sent to sign in at DocuSign, with the request in a sealed state and a cookie that ties the
//! state to the browser. DocuSign sends it back to the consent callback, which sends it on to the client. If the sealing
//! key cannot be used, or DocuSign's secret key is missing, the client gets `temporarily_unavailable`.

mod page;
mod request;
mod target;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use crate::clock::{ANSWER_WITHIN, Clock};
use crate::config::{DocusignSettings, RegistryPlace};
use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::sign_in::{SECRET_KEY_MISSING, SignIn, SignInError};
use crate::oauth::authorization::{AuthorizationError, AuthorizationErrorCode, ReturnAddress};
use crate::oauth::client::ClientRegistry;
use crate::registry::{self, Registry};
use crate::sealing::claims::SignInState;
use crate::sealing::keys::{SEALING_UNAVAILABLE, SealingKeys};
use crate::store::redirect_requests::RedirectRequests;
use crate::telemetry::{self, Answer, AnswerRecord};
use crate::types::BaseUrl;
use crate::web::response::Response;
use request::{AuthorizationRequest, read_state};
use target::{RedirectTarget, TargetError, named_client};

const TOO_LONG: AuthorizationError = AuthorizationErrorCode::InvalidRequest
    .with_description("state and redirect_uri are too long to pass through the sign-in");

const NO_SECRET_KEY: AuthorizationError =
    AuthorizationErrorCode::TemporarilyUnavailable.with_description(SECRET_KEY_MISSING.client);

const UNAVAILABLE: AuthorizationError =
    AuthorizationErrorCode::TemporarilyUnavailable.with_description(SEALING_UNAVAILABLE.client);

/// The authorization endpoint and what it depends on.
pub struct AuthorizeEndpoint {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// DocuSign's settings.
    pub docusign: DocusignSettings,
    /// The registered clients.
    pub registry: Registry,
    /// Seals the state.
    pub sealing: Arc<SealingKeys>,
    /// The redirect URIs that clients asked for, for the setup page.
    pub redirect_requests: RedirectRequests,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl AuthorizeEndpoint {
    /// Answers a request whose path ends with `path_client_id`, percent-encoded, if it has one.
    pub async fn handle(&self, request: &Request<Bytes>, path_client_id: Option<&str>, request_id: &str) -> Answer {
        let query = request.uri().query().unwrap_or_default();
        let Ok(clients) = self.registry.current().await else {
            let page = registry::unavailable_page();
            return Answer {
                response: page.response(request_id),
                record: AnswerRecord::of("authorization_refused").with_page(&page),
            };
        };
        // 1. The client and its redirect URI.
        let target = match RedirectTarget::find(&clients, path_client_id, query) {
            Ok(target) => target,
            Err(error) => {
                if let Some(client) = named_client(&clients, path_client_id, query) {
                    telemetry::record_client(client);
                }
                self.record(&error, &clients);
                return error_page(&error, self.registry.place(), request_id);
            }
        };
        telemetry::record_client(target.client);
        // 2. The request. From here on the client gets every error.
        let state = read_state(query);
        let valid_state = state.as_ref().ok().and_then(Option::as_deref);
        let back = ReturnAddress {
            redirect_uri: &target.redirect_uri,
            state: valid_state,
            iss: target.client.response_iss(self.issuer.as_str()),
        };
        let authorization = state.clone().and_then(|_| AuthorizationRequest::read(target.client, query));
        // 3. Sign in at DocuSign.
        let redirect = match authorization {
            Ok(authorization) => self.send_to_sign_in(&target, authorization, valid_state).await,
            Err(error) => Err(error),
        };
        match redirect {
            Ok(response) => Answer { response, record: AnswerRecord::of("sign_in_started").for_client(target.client) },
            Err(error) => {
                let response = back.with_error(&error);
                Answer { response, record: refusal_record(&error).for_client(target.client) }
            }
        }
    }

    /// Shows the operator a redirect URI that could be registered.
    fn record(&self, error: &TargetError, clients: &ClientRegistry) {
        if let Some((client, redirect_uri)) = error.registrable(clients) {
            self.redirect_requests.record(client.client_id.as_str(), redirect_uri);
        }
    }

    async fn send_to_sign_in(
        &self,
        target: &RedirectTarget<'_>,
        authorization: AuthorizationRequest,
        state: Option<&str>,
    ) -> Result<Response, AuthorizationError> {
        let secret = tokio::time::timeout(ANSWER_WITHIN, self.sealing.current()).await;
        let secret = secret.ok().and_then(Result::ok).ok_or(UNAVAILABLE)?;
        let scope = requested_scope(&self.docusign.scopes, &authorization.scope);
        let Self { issuer, docusign, .. } = self;
        let sign_in = SignIn { issuer, docusign, secret: &secret, scope: &scope, now: self.clock.now() };
        let redirect = sign_in.begin(|browser| sign_in_state(target, authorization, state, browser));
        redirect.map_err(|error| match error {
            SignInError::TooLong => TOO_LONG,
            SignInError::SecretKeyMissing => NO_SECRET_KEY,
            SignInError::Seal(_) => UNAVAILABLE,
        })
    }
}

/// The request as the state of a sign-in in the browser whose cookie has the digest `browser`.
fn sign_in_state(
    target: &RedirectTarget<'_>,
    authorization: AuthorizationRequest,
    state: Option<&str>,
    browser: String,
) -> SignInState {
    SignInState {
        client_id: target.client.client_id.clone(),
        redirect_uri: target.redirect_uri.clone(),
        redirect_uri_given: target.redirect_uri_given,
        scope: authorization.scope,
        state: state.map(ToOwned::to_owned),
        code_challenge: authorization.code_challenge,
        browser,
    }
}

fn error_page(error: &TargetError, place: &RegistryPlace, request_id: &str) -> Answer {
    let page = page::page(error, place);
    let record = AnswerRecord::of("authorization_refused").with_page(&page);
    Answer { response: page.response(request_id), record }
}

fn refusal_record(error: &AuthorizationError) -> AnswerRecord {
    let causes = [(UNAVAILABLE, SEALING_UNAVAILABLE.code), (NO_SECRET_KEY, SECRET_KEY_MISSING.code)];
    let cause = causes.into_iter().find(|(known, _)| known == error).map(|(_, code)| code);
    let record = AnswerRecord { cause, ..AnswerRecord::of("authorization_refused") };
    record.refused(error.error.as_str(), error.error_description.clone())
}
