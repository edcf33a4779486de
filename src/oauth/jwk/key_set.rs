//! Sets of public keys, RFC 7517 §5. Pure.

use jsonwebtoken::Algorithm;
use serde_json::Value;

use crate::oauth::jwk::key::{JwkError, VerificationKey};

/// The keys of a set that can verify assertions.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<VerificationKey>);

/// Why a registered set of keys is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// It is no set.
    NoSet,
    /// It has no key.
    Empty,
    /// One of its keys, counted from 1, is wrong.
    Key(usize, JwkError),
    /// Two of its keys have the same `kid`, or one of several has none.
    KeyIds,
}

impl KeySet {
    /// Reads the set of an issuer, without the keys that cannot verify assertions (§5). `None` if it is no set.
    #[must_use]
    pub fn of_issuer(jwks: &Value) -> Option<Self> {
        let keys = jwks.get("keys")?.as_array()?;
        Some(Self(keys.iter().filter_map(|jwk| VerificationKey::parse(jwk).ok()).collect()))
    }

    /// Reads a registered set, in which every key has to be right.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn registered(jwks: &Value) -> Result<Self, KeySetError> {
        let keys = jwks.get("keys").and_then(Value::as_array).ok_or(KeySetError::NoSet)?;
        let numbered = keys.iter().enumerate();
        let parse = |(at, jwk)| VerificationKey::parse(jwk).map_err(|error| KeySetError::Key(at + 1, error));
        let keys: Vec<VerificationKey> = numbered.map(parse).collect::<Result<_, _>>()?;
        let is_repeated = |(at, key): (usize, &VerificationKey)| keys[..at].iter().any(|other| other.kid == key.kid);
        if keys.iter().enumerate().any(is_repeated) || (keys.len() > 1 && keys.iter().any(|key| key.kid.is_none())) {
            return Err(KeySetError::KeyIds);
        }
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self(keys)) }
    }

    /// Whether no key can verify assertions.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of keys.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The keys that a header with this `kid` and `algorithm` can mean: those with the `kid`. If the header or the key has
    /// none, it has to be the only key for the algorithm.
    #[must_use]
    pub fn candidates<'s>(&'s self, kid: Option<&str>, algorithm: Algorithm) -> Vec<&'s VerificationKey> {
        let fitting: Vec<_> = self.0.iter().filter(|key| key.is_for(algorithm)).collect();
        match (kid, fitting.as_slice()) {
            (None, [_]) => fitting,
            (None, _) => Vec::new(),
            (Some(_), [only]) if only.kid.is_none() => fitting,
            (Some(kid), _) => fitting.into_iter().filter(|key| key.kid.as_deref() == Some(kid)).collect(),
        }
    }

    /// Whether a key has this `kid`, for any algorithm.
    #[must_use]
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }
}
