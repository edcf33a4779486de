//! What a client may prove itself by in place of a secret (`trust`): tokens of an issuer, or its own keys. Pure.

use serde_json::{Map, Value};

use crate::oauth::jwk::key_set::KeySet;

/// One entry of a client's `trust`.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Tokens that an issuer issues about the caller.
    Issuer(TrustedIssuer),
    /// Assertions that the client signs itself (`private_key_jwt`), with one of these keys.
    OwnKeys(OwnKeys),
}

/// The tokens of an issuer that prove the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// The issuer, which `iss` has to equal.
    pub issuer: String,
    /// What `aud` has to be or contain.
    pub audience: String,
    /// The claims that a token has to have, `sub` among them.
    pub claims: Vec<RequiredClaim>,
}

/// A claim that a token has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredClaim {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ClaimValue,
}

/// The value that a claim has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimValue {
    /// Exactly this text.
    Text(String),
    /// A text that begins with this: `refs/heads/*`.
    Prefix(String),
    /// True or false.
    Boolean(bool),
}

/// The public keys of a client.
#[derive(Clone, Debug)]
pub enum OwnKeys {
    /// Registered with the client.
    Registered(KeySet),
    /// In the key set at this URL.
    At(String),
}

impl RequiredClaim {
    /// Whether `claims` have it.
    #[must_use]
    pub fn is_in(&self, claims: &Map<String, Value>) -> bool {
        match (&self.value, claims.get(&self.name)) {
            (ClaimValue::Text(expected), Some(Value::String(text))) => expected == text,
            (ClaimValue::Prefix(prefix), Some(Value::String(text))) => text.starts_with(prefix),
            (ClaimValue::Boolean(expected), Some(Value::Bool(found))) => expected == found,
            _ => false,
        }
    }

    /// Whether its value has a wildcard.
    #[must_use]
    pub const fn has_wildcard(&self) -> bool {
        matches!(self.value, ClaimValue::Prefix(_))
    }
}
