//! The signing keys of an issuer, which rotate.

use std::sync::{Mutex, MutexGuard};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use crate::keys::RsaKey;
use crate::wire::random;

/// One key, with the identifier that it is published under.
#[derive(Clone, Debug)]
struct Key {
    kid: String,
    rsa: RsaKey,
}

impl Key {
    fn generate() -> Self {
        Self { kid: random(), rsa: RsaKey::generate() }
    }
}

/// The published keys; the last one signs.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Mutex<Vec<Key>>,
}

impl KeyRing {
    /// A JWT signed with RS256 by the current key. `header` has everything but `alg` and `kid`.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let key = self.keys().last().expect("a key").clone();
        let mut header = header.clone();
        header["alg"] = "RS256".into();
        header["kid"] = key.kid.clone().into();
        let encode = |value: &Value| BASE64URL.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let hash = digest::digest(&digest::SHA256, input.as_bytes());
        let signature = key.rsa.sign_digest(hash.as_ref()).expect("a signature");
        format!("{input}.{}", BASE64URL.encode(signature))
    }

    /// The key set, each key with more members.
    #[must_use]
    pub fn jwks(&self, more: &Value) -> Value {
        let keys = self.keys();
        let with_more = |key: &Key| {
            let mut jwk = key.rsa.jwk(&key.kid);
            more.as_object().into_iter().flatten().for_each(|(name, value)| jwk[name] = value.clone());
            jwk
        };
        json!({"keys": keys.iter().map(with_more).collect::<Vec<_>>()})
    }

    /// Signs with a new key from now on. The older ones stay published.
    pub fn rotate(&self) {
        self.keys().push(Key::generate());
    }

    /// Withdraws all keys but the current one.
    pub fn withdraw_older(&self) {
        let mut keys = self.keys();
        let older = keys.len().saturating_sub(1);
        keys.drain(..older);
    }

    /// The keys; the first one is generated when it is needed.
    fn keys(&self) -> MutexGuard<'_, Vec<Key>> {
        let mut keys = self.keys.lock().expect("no panic while held");
        if keys.is_empty() {
            keys.push(Key::generate());
        }
        keys
    }
}
