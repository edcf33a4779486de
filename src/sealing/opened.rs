//! Opens a sealed token of several possible kinds. Its header has the kind.

use std::sync::Arc;

use crate::clock::UnixSeconds;
use crate::sealing::claims::{
    AuthorizationCode, BrowsingState, ConsentState, RefreshToken, SealedAccessToken, SignInState,
};
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::sealing::secret::SealingSecret;
use crate::sealing::{Sealable, Sealed, unverified_header};

/// An opened token and its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// `state` of the one-time consent.
    ConsentState(Sealed<ConsentState>),
    /// `state` of a sign-in for a client.
    SignInState(Sealed<SignInState>),
    /// `state` of a sign-in for a page here.
    BrowsingState(Sealed<BrowsingState>),
    /// An authorization code.
    AuthorizationCode(Sealed<AuthorizationCode>),
    /// A refresh token.
    RefreshToken(Sealed<RefreshToken>),
    /// An access token for Evergrant's routes.
    SealedAccessToken(Sealed<SealedAccessToken>),
}

impl Opened {
    /// The token's id.
    #[must_use]
    pub fn jti(&self) -> &str {
        match self {
            Self::ConsentState(sealed) => &sealed.jti,
            Self::SignInState(sealed) => &sealed.jti,
            Self::BrowsingState(sealed) => &sealed.jti,
            Self::AuthorizationCode(sealed) => &sealed.jti,
            Self::RefreshToken(sealed) => &sealed.jti,
            Self::SealedAccessToken(sealed) => &sealed.jti,
        }
    }
}

/// Opens `sealed` with `keys` if its `typ` is one of `kinds`. Also returns the secret that sealed it.
///
/// # Errors
/// The errors of [`SealingKeys::open`].
pub async fn open_any(
    keys: &SealingKeys,
    kinds: &[&str],
    issuer: &str,
    sealed: &str,
    now: UnixSeconds,
) -> Result<(Opened, Arc<SealingSecret>), OpenError> {
    let typ = unverified_header(sealed).map(|header| header.typ).filter(|typ| kinds.contains(&typ.as_str()));
    let unopened = Unopened { keys, issuer, sealed, now };
    match typ.as_deref() {
        Some(ConsentState::TYP) => unopened.open(Opened::ConsentState).await,
        Some(SignInState::TYP) => unopened.open(Opened::SignInState).await,
        Some(BrowsingState::TYP) => unopened.open(Opened::BrowsingState).await,
        Some(AuthorizationCode::TYP) => unopened.open(Opened::AuthorizationCode).await,
        Some(RefreshToken::TYP) => unopened.open(Opened::RefreshToken).await,
        Some(SealedAccessToken::TYP) => unopened.open(Opened::SealedAccessToken).await,
        _ => Err(OpenError::NotOurs),
    }
}

struct Unopened<'a> {
    keys: &'a SealingKeys,
    issuer: &'a str,
    sealed: &'a str,
    now: UnixSeconds,
}

impl Unopened<'_> {
    async fn open<T: Sealable>(self, kind: fn(Sealed<T>) -> Opened) -> Result<(Opened, Arc<SealingSecret>), OpenError> {
        let (sealed, secret) = self.keys.open::<T>(self.issuer, self.sealed, self.now).await?;
        Ok((kind(sealed), secret))
    }
}
