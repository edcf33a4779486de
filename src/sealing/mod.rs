//! Sealed tokens: compact JWTs (HS256) that carry our state through browsers and clients, so that nothing is stored.
//!
//! [`claims`] lists the kinds, each with a `typ`, audience and lifetime of its own; [`keys`] opens them, [`opened`] also if
//! their kind is not known beforehand, and [`secret`] derives the
//! symmetric key.
//! `kid` names the sealing key, so that tokens of an earlier one can still be opened. They are signed, not encrypted:
//! nothing secret may stand in them.

pub mod claims;
pub mod keys;
pub mod opened;
mod presented;
pub mod secret;

use jsonwebtoken::{Algorithm, Header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
pub use presented::{Label, SealedParts};
use secret::SealingSecret;

/// What a kind of sealed token carries.
pub trait Sealable: Serialize + DeserializeOwned {
    /// The `typ` of its header (RFC 8725 §3.11) and the last part of its audience.
    const TYP: &'static str;
}

/// The claims of a sealed token. Times are `NumericDate`s (RFC 7519 §2).
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Sealed<T> {
    /// Our issuer URL.
    pub iss: String,
    /// Who may open it: the issuer and the kind.
    pub aud: String,
    /// Makes every token unique: 128 random bits or more in base64url.
    pub jti: String,
    /// When it was sealed.
    pub iat: UnixSeconds,
    /// From when on it is worth nothing; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixSeconds>,
    /// What it carries.
    pub content: T,
}

impl<T: Sealable> Sealed<T> {
    /// `content` for `issuer`, good for `lifetime` seconds from `now`, or for ever; `jti` must be unique and
    /// unguessable.
    #[must_use]
    pub fn new(issuer: &str, jti: String, now: UnixSeconds, lifetime: Option<u64>, content: T) -> Self {
        let exp = lifetime.map(|lifetime| now.plus(lifetime));
        Self { iss: issuer.to_owned(), aud: audience::<T>(issuer), jti, iat: now, exp, content }
    }

    /// Seals it.
    ///
    /// # Errors
    /// When the claims cannot be serialised, which does not happen.
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

/// Why a sealed token was not opened. Deliberately coarse: callers only need to tell "old" from "not ours".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It was ours, once.
    #[error("the sealed token has expired")]
    Expired,
    /// Not sealed by us, altered, or sealed for another purpose.
    #[error("the sealed token is not ours")]
    NotOurs,
    /// Sealed with our key and for this purpose, but for another issuer.
    #[error("the sealed token is for another issuer")]
    OtherIssuer,
}

/// Reads the label.
#[must_use]
pub fn label(sealed: &str) -> Option<Label> {
    SealedParts::read(sealed).map(|presented| presented.label)
}

/// Opens a sealed token: signature, algorithm, kind, issuer, audience and expiry all have to fit.
///
/// # Errors
/// [`UnsealError::Expired`] for one of ours that is too old, [`UnsealError::OtherIssuer`] for one from before the
/// issuer was changed, [`UnsealError::NotOurs`] for all else.
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

/// Is `text` the [`audience`] of `issuer`?
fn is_audience<T: Sealable>(text: &str, issuer: &str) -> bool {
    text.strip_prefix(issuer).and_then(|rest| rest.strip_prefix('#')) == Some(T::TYP)
}

#[cfg(test)]
mod tests;
