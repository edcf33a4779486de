//! Makes the consent link (way A): sealed state, and the code verifier that belongs to it.

use thiserror::Error;

use crate::clock::UnixSeconds;
use crate::config::DocusignSettings;
use crate::config::shapes::BaseUrl;
use crate::docusign::consent_link::{CALLBACK_PATH, ConsentLink};
use crate::oauth::sealed::claims::ConsentState;
use crate::oauth::sealed::{SealError, Sealed};
use crate::random;
use crate::signing::SignError;
use crate::signing::sealing::SealingKeys;

/// How long a consent link may lie in somebody's inbox, in seconds: a week. It grants nothing by itself.
pub const LIFETIME: u64 = 7 * 24 * 3600;

/// Why no link could be made.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The sealing key cannot be used.
    #[error("the sealing key (EVERGRANT_SEALING_KEY_ID) cannot be used")]
    Sealing(#[source] SignError),
    /// Serialisation failed, which does not happen.
    #[error(transparent)]
    State(#[from] SealError),
}

/// A fresh consent link.
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
    let state = Sealed::new(public_url.as_str(), jti, now, Some(LIFETIME), ConsentState {}).seal(secret);
    let link = ConsentLink {
        redirect_uri: &public_url.join(CALLBACK_PATH),
        state: &state?,
        scope: &docusign.scopes,
        code_verifier: &code_verifier,
    };
    Ok(link.url(docusign))
}
