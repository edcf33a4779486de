//! Client assertions, RFC 7523 §3: tokens of issuers that a client trusts, and assertions that it signs itself. Pure.
//!
//! [`compact`] reads an assertion → [`candidates`] finds the clients that it can mean → [`claim_checks`] compares its claims
//! with their `trust` → [`verify`] checks the signature with a key of a [`KeySet`]. [`error`] says what is wrong, for operators.

pub mod candidates;
pub mod claim_checks;
pub mod compact;
pub mod error;

use compact::Assertion;
use error::AssertionError;

use crate::oauth::jwk::key_set::KeySet;

/// Whether a key of `keys` signed `assertion`.
///
/// # Errors
/// [`AssertionError`].
pub fn verify(assertion: &Assertion<'_>, keys: &KeySet) -> Result<(), AssertionError> {
    let Assertion { algorithm, signing_input, signature, .. } = *assertion;
    let kid = assertion.kid.as_deref();
    let candidates = keys.candidates(kid, algorithm);
    if candidates.iter().any(|key| key.verifies(algorithm, signing_input, signature)) {
        return Ok(());
    }
    Err(match kid {
        _ if !candidates.is_empty() => AssertionError::Signature,
        None => AssertionError::NoKeyId,
        Some(kid) if keys.has(kid) => AssertionError::OtherAlgorithm,
        Some(kid) => AssertionError::UnknownKey(kid.to_owned()),
    })
}

/// Whether newer keys could verify an assertion that was refused with `error` by `keys`.
#[must_use]
pub fn may_have_new_key(assertion: &Assertion<'_>, keys: &KeySet, error: &AssertionError) -> bool {
    match error {
        AssertionError::UnknownKey(_) | AssertionError::NoKeyId => true,
        // Without a kid on both sides, a new key looks like a wrong signature.
        AssertionError::Signature => assertion.kid.as_deref().is_none_or(|kid| !keys.has(kid)),
        _ => false,
    }
}
