//! Sealed tokens: compact JWTs (HS256) that hold Evergrant's state in browsers and clients, so that it need not be stored.
//!
//! [`claims`] lists the kinds, each with its own `typ`, audience and lifetime. [`keys`] opens them, [`opened`] opens a token of
//! several possible kinds, and [`secret`] derives the symmetric key. `kid` is the sealing key, so that tokens of earlier keys
//! can still be opened. Sealed tokens are signed, not encrypted, so they must not contain secrets.

pub mod claims;
pub mod keys;
pub mod opened;
mod presented;
pub mod secret;

use jsonwebtoken::{Algorithm, Header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
pub use presented::{SealedParts, UnverifiedHeader};
use secret::SealingSecret;

/// The content of a kind of sealed token.
pub trait Sealable: Serialize + DeserializeOwned {
    /// The `typ` of its header (RFC 8725 §3.11) and the last part of its audience.
    const TYP: &'static str;
}

/// The claims of a sealed token. Times are `NumericDate`s (RFC 7519 §2).
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Sealed<T> {
    /// The issuer URL.
    pub iss: String,
    /// The audience: the issuer and the kind.
    pub aud: String,
    /// The unique id: at least 128 random bits in base64url.
    pub jti: String,
    /// When it was sealed.
    pub iat: UnixSeconds,
    /// When it expires; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixSeconds>,
    /// The content.
    pub content: T,
}

impl<T: Sealable> Sealed<T> {
    /// `content` for `issuer`, valid for `lifetime` seconds from `now`, or forever. `jti` must be unique and unguessable.
    #[must_use]
    pub fn new(issuer: &str, jti: String, now: UnixSeconds, lifetime: Option<u64>, content: T) -> Self {
        let exp = lifetime.map(|lifetime| now.plus(lifetime));
        Self { iss: issuer.to_owned(), aud: audience::<T>(issuer), jti, iat: now, exp, content }
    }

    /// Seals it.
    ///
    /// # Errors
    /// If the claims cannot be serialized, which does not happen.
    pub fn seal(&self, secret: &SealingSecret) -> Result<String, SealError> {
        let (typ, kid) = (Some(T::TYP.to_owned()), Some(secret.kid().to_owned()));
        let header = Header { typ, kid, ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, self, secret.encoding_key()).map_err(|_| SealError)
    }
}

/// A token could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be sealed")]
pub struct SealError;

/// Why a sealed token was not opened. It has few variants, because callers only distinguish "old" and "not ours".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It was sealed here but has expired.
    #[error("the sealed token has expired")]
    Expired,
    /// It was not sealed here, was changed, or has another purpose.
    #[error("the sealed token is not ours")]
    NotOurs,
    /// It was sealed here for this purpose, but for another issuer.
    #[error("the sealed token is for another issuer")]
    OtherIssuer,
}

/// Reads the header, without a check of the signature.
#[must_use]
pub fn unverified_header(sealed: &str) -> Option<UnverifiedHeader> {
    SealedParts::read(sealed).map(|presented| presented.header)
}

/// Opens a sealed token. Checks signature, algorithm, kind, issuer, audience and expiry.
///
/// # Errors
/// [`UnsealError::Expired`] if it is too old, [`UnsealError::OtherIssuer`] if it is from before a change of the issuer,
/// [`UnsealError::NotOurs`] for all other failures.
pub fn unseal<T: Sealable>(
    secret: &SealingSecret,
    issuer: &str,
    sealed: &str,
    now: UnixSeconds,
) -> Result<Sealed<T>, UnsealError> {
    SealedParts::read(sealed).ok_or(UnsealError::NotOurs)?.open(secret, issuer, now)
}

fn audience<T: Sealable>(issuer: &str) -> String {
    format!("{issuer}#{}", T::TYP)
}

/// Whether `text` is the [`audience`] of `issuer`.
fn is_audience<T: Sealable>(text: &str, issuer: &str) -> bool {
    text.strip_prefix(issuer).and_then(|rest| rest.strip_prefix('#')) == Some(T::TYP)
}

#[cfg(test)]
mod tests;
