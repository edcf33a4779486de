//! Sends a browser to sign in at DocuSign: with what waits for it in a sealed state, and a cookie that ties the state to
//! the browser (RFC 9700 §4.7). It comes back to the consent callback. Pure but for the randomness.

use http::header::SET_COOKIE;
use thiserror::Error;

use crate::clock::UnixSeconds;
use crate::config::DocusignSettings;
use crate::docusign::consent_link::{CALLBACK_PATH, ConsentLink};
use crate::oauth::scope::Scope;
use crate::random;
use crate::sealing::secret::SealingSecret;
use crate::sealing::{SealError, Sealable, Sealed};
use crate::types::BaseUrl;
use crate::web::cookies::SignInCookie;
use crate::web::response::{Response, redirect};

/// How long a person may take to sign in, in seconds.
const LIFETIME: u64 = 15 * 60;

/// The longest state sent through DocuSign, in bytes: on its way back it shares a request line, of which some servers
/// take 8192 bytes, with DocuSign's code. A client's own `state` may then have some 3000 characters.
const MAX_STATE_BYTES: usize = 5600;

/// Why nobody is sent to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignInError {
    /// The state would not fit into an address.
    #[error("the state is too long to be carried through the sign-in")]
    TooLong,
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A sign-in to be begun.
pub struct SignIn<'a> {
    /// Our issuer.
    pub issuer: &'a BaseUrl,
    /// What DocuSign knows us as.
    pub docusign: &'a DocusignSettings,
    /// What seals the state.
    pub secret: &'a SealingSecret,
    /// What consent is asked for.
    pub scope: &'a Scope,
    /// The time.
    pub now: UnixSeconds,
}

impl SignIn<'_> {
    /// The redirect to DocuSign. `waiting` is given the digest of the browser's cookie.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn begin<T: Sealable>(&self, waiting: impl FnOnce(String) -> T) -> Result<Response, SignInError> {
        let Self { issuer, docusign, secret, scope, now } = self;
        let (jti, browser) = (random::id::<32>(), random::id::<32>());
        let waiting = waiting(SignInCookie::digest(&browser));
        let state = Sealed::new(issuer.as_str(), jti.clone(), *now, Some(LIFETIME), waiting).seal(secret)?;
        if state.len() > MAX_STATE_BYTES {
            return Err(SignInError::TooLong);
        }
        let (redirect_uri, code_verifier) = (issuer.join(CALLBACK_PATH), secret.code_verifier(&jti));
        let link = ConsentLink { redirect_uri: &redirect_uri, state: &state, scope, code_verifier: &code_verifier };
        let mut response = redirect(&link.url(docusign));
        let cookie = SignInCookie::of(&jti, !issuer.is_insecure()).set(&browser, LIFETIME);
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }
}
