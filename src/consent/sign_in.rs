//! Way C: a person comes back from signing in at DocuSign, and goes on to the client with a code or an error.
//!
//! The browser must be the one that began ([`SignInCookie`]) → the code tells who signed in → may he? ([`allow`]) → a fresh mint
//! proves that the connection will work, now and not at 3 a.m. → a sealed code for the client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::SET_COOKIE;
use tokio::time::timeout;

use crate::browser::SignInCookie;
use crate::consent::outcome::Outcome;
use crate::consent::query::CallbackQuery;
use crate::consent::{ConsentCallback, DEADLINE, allow};
use crate::docusign::assertion::upstream_scope;
use crate::docusign::errors::ExchangeError;
use crate::docusign::failures::FailureKind;
use crate::docusign::minter::MintError;
use crate::oauth::authorization::{AuthorizationError, AuthorizationErrorCode, ReturnAddress};
use crate::oauth::client::Client;
use crate::oauth::sealed::Sealed;
use crate::oauth::sealed::claims::{AuthorizationCode, Grant, SignInState};
use crate::random::random;
use crate::telemetry::{Answer, Record};

/// Life of a code, in seconds; RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE_LIFETIME: u64 = 5 * 60;

/// A code for the client, and the name of the grant behind it.
struct NewCode {
    code: String,
    grant_id: String,
}

impl ConsentCallback {
    /// Ends a sign-in whose state was opened.
    pub(super) async fn finish_sign_in(
        &self,
        headers: &HeaderMap,
        query: CallbackQuery,
        (state, code_verifier): (Sealed<SignInState>, String),
    ) -> Answer {
        let cookie = SignInCookie::of(&state.jti, !self.public_url.is_insecure());
        if !cookie.is_in(headers, &state.content.browser) {
            return self.page(&Outcome::SignInOver);
        }
        let state = state.content;
        let client = self.clients.find(&state.client_id).filter(|client| client.redirects_to(&state.redirect_uri));
        let Some(client) = client else { return self.page(&Outcome::ClientGone) };
        let issuer = self.public_url.as_str();
        let back = ReturnAddress::new(client, &state.redirect_uri, state.state.as_deref(), issuer);
        let grant = timeout(DEADLINE, self.grant(client, &state, query, code_verifier)).await;
        let (mut response, record) = match grant.unwrap_or(Err(LATER)) {
            Ok(NewCode { code, grant_id }) => {
                let (scope, grant_id) = (Some(state.scope.to_string()), Some(grant_id));
                (back.with_code(&code), Record { scope, grant_id, ..Record::of("authorization_code_issued") })
            }
            Err(error) => {
                let record = Record { error: Some(error.error.as_str()), ..Record::of("authorization_refused") };
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
    ) -> Result<NewCode, AuthorizationError> {
        // 1. Did the person allow it?
        if let Some((error, _)) = &query.denial {
            return Err(denial(error));
        }
        let code = query.code.ok_or(say(AuthorizationErrorCode::ServerError, "DocuSign sent back no code"))?;
        // 2. Who was it, and may he?
        let signed_in = self.who_signed_in(&code, code_verifier).await.map_err(|error| unknown_user(&error))?;
        let subject = allow::subject_for(client.subject, &signed_in.sub, &self.docusign).ok_or(NOT_ALLOWED)?;
        // 3. Will it work? Remembered failures are ignored: a consent granted a second ago is seen at once.
        let user = subject.user(&self.docusign.user_id);
        let proof = self.access_tokens.mint_anew(user, &upstream_scope(&self.docusign.scopes, &state.scope)).await;
        proof.map_err(|error| unproved(&error))?;
        // 4. The code.
        let grant = Grant {
            grant_id: URL_SAFE_NO_PAD.encode(random::<16>()),
            client_id: state.client_id.clone(),
            subject,
            scope: state.scope.clone(),
            granted_at: self.clock.now().0,
        };
        self.seal_code(grant, state).await
    }

    async fn seal_code(&self, grant: Grant, state: &SignInState) -> Result<NewCode, AuthorizationError> {
        let secret = self.sealing.current().await.map_err(|_| LATER)?;
        let grant_id = grant.grant_id.clone();
        let content = AuthorizationCode {
            grant,
            redirect_uri: state.redirect_uri_given.then(|| state.redirect_uri.clone()),
            code_challenge: state.code_challenge.clone(),
            home: self.used_codes.home().map(ToOwned::to_owned),
        };
        let (issuer, jti) = (self.public_url.as_str(), URL_SAFE_NO_PAD.encode(random::<32>()));
        let code = Sealed::new(issuer, jti, self.clock.now(), Some(CODE_LIFETIME), content).seal(secret);
        Ok(NewCode { code: code.map_err(|_| LATER)?, grant_id })
    }
}

const LATER: AuthorizationError =
    say(AuthorizationErrorCode::TemporarilyUnavailable, "the connection could not be made in time; try again later");

const NOT_ALLOWED: AuthorizationError = say(
    AuthorizationErrorCode::AccessDenied,
    "this DocuSign user may not make this connection; sign in as the integration user, or be listed in DOCUSIGN_ADMINS",
);

const fn say(error: AuthorizationErrorCode, error_description: &'static str) -> AuthorizationError {
    error.say(error_description)
}

/// DocuSign's `error` in our words.
fn denial(error: &str) -> AuthorizationError {
    match error {
        "access_denied" | "consent_required" | "login_required" | "interaction_required" => {
            say(AuthorizationErrorCode::AccessDenied, "consent was not given at DocuSign")
        }
        "temporarily_unavailable" => say(
            AuthorizationErrorCode::TemporarilyUnavailable,
            "DocuSign is not available at the moment; try again later",
        ),
        _ => say(
            AuthorizationErrorCode::ServerError,
            "DocuSign refused to sign the person in; an operator has to check the DOCUSIGN_ settings",
        ),
    }
}

fn unknown_user(error: &ExchangeError) -> AuthorizationError {
    match error.kind() {
        FailureKind::Permanent => say(
            AuthorizationErrorCode::ServerError,
            "DocuSign does not tell who signed in; an operator has to check DOCUSIGN_SECRET_KEY and the log",
        ),
        FailureKind::Transient | FailureKind::Throttled(_) => say(
            AuthorizationErrorCode::TemporarilyUnavailable,
            "DocuSign does not answer at the moment; try again later",
        ),
    }
}

fn unproved(error: &MintError) -> AuthorizationError {
    match error {
        MintError::Exchange(ExchangeError::ConsentRequired) => say(
            AuthorizationErrorCode::AccessDenied,
            "the DocuSign user that this connection acts as has not consented; an administrator gets the consent link from evergrant consent-url",
        ),
        error if error.kind() == FailureKind::Permanent => say(
            AuthorizationErrorCode::ServerError,
            "no DocuSign access token can be had; an operator finds the cause in the log",
        ),
        _ => say(
            AuthorizationErrorCode::TemporarilyUnavailable,
            "no DocuSign access token can be had at the moment; try again later",
        ),
    }
}
