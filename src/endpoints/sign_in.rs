//! Sends a browser to sign in at DocuSign. A sealed state carries what follows the sign-in, and a cookie ties the state to the
//! browser (RFC 9700 §4.7). DocuSign sends the browser back to the consent callback. Pure, except for randomness.

use http::header::SET_COOKIE;
use thiserror::Error;

use crate::clock::UnixSeconds;
use crate::config::DocusignSettings;
use crate::docusign::consent_link::ConsentLink;
use crate::oauth::scope::Scope;
use crate::sealing::secret::SealingSecret;
use crate::sealing::{SealError, Sealable, Sealed};
use crate::secret::random;
use crate::types::{BaseUrl, Explanation, own_paths};
use crate::web::cookies::SignInCookie;
use crate::web::response::{Response, redirect};

/// How long a sign-in may take, in seconds.
const LIFETIME: u64 = 15 * 60;

/// The longest state sent through DocuSign, in bytes. It comes back in a request line together with DocuSign's code, and some
/// servers limit that line to 8192 bytes. This leaves about 3000 characters for a client's own `state`.
const MAX_STATE_BYTES: usize = 5600;

/// The message while `DOCUSIGN_SECRET_KEY` is a reference that the platform did not resolve. Without the secret, DocuSign does
/// not say who signed in.
pub const SECRET_KEY_MISSING: Explanation = Explanation {
    code: "secret_missing",
    problem: "DocuSign's secret key did not arrive",
    client: "no one can sign in at the moment; try again later",
    person: "Wait some minutes, then start again from the app or the link that you came from.",
    operator: "`DOCUSIGN_SECRET_KEY` is a reference that the platform did not resolve. The setup page shows how to fix it.",
    command: None,
};

/// Why the browser is not sent to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignInError {
    /// The state does not fit into a URL.
    #[error("the state is too long to pass through the sign-in")]
    TooLong,
    /// DocuSign's secret key did not arrive, so the sign-in could not be finished.
    #[error("the secret key is missing")]
    SecretKeyMissing,
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A sign-in that is about to start.
pub struct SignIn<'a> {
    /// Our issuer.
    pub issuer: &'a BaseUrl,
    /// DocuSign's settings.
    pub docusign: &'a DocusignSettings,
    /// Seals the state.
    pub secret: &'a SealingSecret,
    /// The scope to get consent for.
    pub scope: &'a Scope,
    /// The time.
    pub now: UnixSeconds,
}

impl SignIn<'_> {
    /// The redirect to DocuSign. `state` builds the state's content from the digest of the browser's cookie.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn begin<T: Sealable>(&self, state: impl FnOnce(String) -> T) -> Result<Response, SignInError> {
        let Self { issuer, docusign, secret, scope, now } = self;
        if docusign.secret_key.is_missing() {
            return Err(SignInError::SecretKeyMissing);
        }
        let (jti, browser) = (random::id::<32>(), random::id::<32>());
        let state = state(SignInCookie::digest(&browser));
        let state = Sealed::new(issuer.as_str(), jti.clone(), *now, Some(LIFETIME), state).seal(secret)?;
        if state.len() > MAX_STATE_BYTES {
            return Err(SignInError::TooLong);
        }
        let (redirect_uri, code_verifier) = (issuer.join(own_paths::CALLBACK), secret.code_verifier(&jti));
        let link = ConsentLink { redirect_uri: &redirect_uri, state: &state, scope, code_verifier: &code_verifier };
        let mut response = redirect(&link.url(docusign));
        let cookie = SignInCookie::of(&jti, !issuer.is_insecure()).set(&browser, LIFETIME);
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }
}
