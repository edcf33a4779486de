//! The link for a user to sign in and consent at DocuSign: `GET /oauth/auth`, with a sealed state and PKCE.

use thiserror::Error;

use crate::clock::UnixSeconds;
use crate::config::DocusignSettings;
use crate::oauth::pkce::{CodeChallenge, S256};
use crate::oauth::query;
use crate::oauth::scope::Scope;
use crate::sealing::claims::ConsentState;
use crate::sealing::keys::SealingKeys;
use crate::sealing::{SealError, Sealed};
use crate::secret::random;
use crate::signing::SignError;
use crate::types::{BaseUrl, own_paths};

/// The parameters of a consent link.
#[derive(Debug)]
pub struct ConsentLink<'a> {
    /// The redirect URI.
    pub redirect_uri: &'a str,
    /// The sealed state.
    pub state: &'a str,
    /// The scope to request consent for.
    pub scope: &'a Scope,
    /// The PKCE code verifier.
    pub code_verifier: &'a str,
}

impl ConsentLink<'_> {
    /// The link. `prompt=login` makes DocuSign show its sign-in page. Otherwise, an administrator who is already signed in
    /// would silently give consent as the wrong user.
    #[must_use]
    pub fn url(&self, settings: &DocusignSettings) -> String {
        let scope = self.scope.to_string();
        let challenge = CodeChallenge::of(self.code_verifier);
        let parameters = [
            ("response_type", "code"),
            ("scope", &scope),
            ("client_id", settings.integration_key.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
            ("prompt", "login"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", S256),
        ];
        // Encode spaces as %20: if a plus is encoded twice, DocuSign reads it as part of a scope.
        query::append(&settings.oauth_url.join("/oauth/auth"), &parameters)
    }
}

/// Lifetime of a consent link in seconds: a week, because it is often sent by e-mail. The link alone grants nothing.
pub const LINK_LIFETIME: u64 = 7 * 24 * 3600;

/// Why a link could not be created.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The sealing key cannot be used.
    #[error("the sealing key (EVERGRANT_SEALING_KEY_ID) cannot be used")]
    Sealing(#[source] SignError),
    /// Serialization failed. This does not happen.
    #[error(transparent)]
    State(#[from] SealError),
}

/// Creates a consent link.
///
/// # Errors
/// [`LinkError`] if the sealing key cannot be used.
pub async fn consent_url(
    public_url: &BaseUrl,
    docusign: &DocusignSettings,
    sealing: &SealingKeys,
    now: UnixSeconds,
) -> Result<String, LinkError> {
    let secret = sealing.current().await.map_err(LinkError::Sealing)?;
    let jti = random::id::<32>();
    let code_verifier = secret.code_verifier(&jti);
    let state = Sealed::new(public_url.as_str(), jti, now, Some(LINK_LIFETIME), ConsentState {}).seal(&secret);
    let link = ConsentLink {
        redirect_uri: &public_url.join(own_paths::CALLBACK),
        state: &state?,
        scope: &docusign.scopes,
        code_verifier: &code_verifier,
    };
    Ok(link.url(docusign))
}
