//! Sealed tokens: compact JWTs (HS256) that carry our state through browsers and clients, so that nothing is stored.
//!
//! [`claims`] lists the kinds, each with a `typ`, audience and lifetime of its own; [`secret`] derives the key.
//! `kid` names the sealing key, so that tokens of an earlier one can still be opened. They are signed, not encrypted:
//! nothing secret may stand in them.

pub mod claims;
pub mod secret;

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, Header, TokenData, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
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
    pub iat: u64,
    /// From when on it is worth nothing; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
    /// What it carries.
    pub content: T,
}

impl<T: Sealable> Sealed<T> {
    /// `content` for `issuer`, good for `lifetime` seconds from `now`, or for ever; `jti` must be unique and
    /// unguessable.
    #[must_use]
    pub fn new(issuer: &str, jti: String, now: UnixSeconds, lifetime: Option<u64>, content: T) -> Self {
        let exp = lifetime.map(|lifetime| now.plus(lifetime).0);
        Self { iss: issuer.to_owned(), aud: audience::<T>(issuer), jti, iat: now.0, exp, content }
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

/// What a sealed token says of itself before it is opened: not to be believed, only to choose key and kind by.
#[derive(Debug, PartialEq, Eq)]
pub struct Label {
    /// The kind.
    pub typ: String,
    /// The key.
    pub kid: String,
}

/// Reads the label.
#[must_use]
pub fn label(sealed: &str) -> Option<Label> {
    let header = jsonwebtoken::decode_header(sealed).ok()?;
    Some(Label { typ: header.typ?, kid: header.kid? })
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
    let opened = jsonwebtoken::decode::<Sealed<T>>(sealed, secret.decoding_key(), &SIGNATURE_ONLY);
    let TokenData { header, claims } = opened.map_err(|_| UnsealError::NotOurs)?;
    if header.typ.as_deref() != Some(T::TYP) || header.kid.as_deref() != Some(secret.kid()) {
        return Err(UnsealError::NotOurs);
    }
    if claims.aud != audience::<T>(&claims.iss) {
        return Err(UnsealError::NotOurs);
    }
    if claims.iss != issuer {
        return Err(UnsealError::OtherIssuer);
    }
    if claims.exp.is_some_and(|exp| exp <= now.0) { Err(UnsealError::Expired) } else { Ok(claims) }
}

fn audience<T: Sealable>(issuer: &str) -> String {
    format!("{issuer}#{}", T::TYP)
}

/// HS256 and nothing else. Issuer, audience and expiry are compared by [`unseal`], which tells them apart and is given the
/// time; the library would ask the machine's clock.
static SIGNATURE_ONLY: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
});

#[cfg(test)]
mod tests;
