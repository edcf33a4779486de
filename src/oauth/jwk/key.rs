//! Public keys that verify assertions: one JSON Web Key, RFC 7517 and 7518 §6. Pure.

use std::fmt;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};
use thiserror::Error;

/// The algorithms of signatures that are accepted. No others are, whatever a token or a key says.
pub const ALGORITHMS: [(&str, Algorithm); 3] =
    [("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256), ("ES256", Algorithm::ES256)];

/// The private members of JSON Web Keys, and the one of symmetric keys.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The sizes of RSA keys, in bits. The library checks them only when it verifies.
const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;

/// The bytes of a coordinate on P-256.
const COORDINATE: usize = 32;

/// Why a JSON Web Key cannot verify assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwkError {
    /// It is not an object.
    #[error("is not an object")]
    NotAnObject,
    /// It has a member that only the owner of the key may have.
    #[error("is a private key: keep it secret, replace it, and register the public key only")]
    Private,
    /// Neither RSA nor EC.
    #[error("has a kty other than RSA and EC")]
    Type,
    /// Not P-256.
    #[error("has a crv other than P-256")]
    Curve,
    /// It is for encryption.
    #[error("is not for signatures, by its use or key_ops")]
    Use,
    /// The `alg` is not one of [`ALGORITHMS`], or does not fit the type.
    #[error("has an alg that does not fit: RS256 or PS256 for RSA, ES256 for EC")]
    Algorithm,
    /// The `kid` is not a text.
    #[error("has a kid that is not a text")]
    KeyId,
    /// Its numbers are missing, malformed, too small or not on the curve.
    #[error("is not a valid public key: RSA keys have n and e and at least 2048 bits, EC keys x and y")]
    Invalid,
}

/// A public key, and the algorithms it may be used with.
#[derive(Clone)]
pub struct VerificationKey {
    /// Its identifier.
    pub kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

impl VerificationKey {
    /// Reads a JSON Web Key.
    ///
    /// # Errors
    /// [`JwkError`] if it cannot verify assertions.
    pub fn parse(jwk: &Value) -> Result<Self, JwkError> {
        let jwk = jwk.as_object().ok_or(JwkError::NotAnObject)?;
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err(JwkError::Private);
        }
        let (fitting, key) = match text(jwk, "kty") {
            Some("RSA") => (&[Algorithm::RS256, Algorithm::PS256][..], rsa(jwk)?),
            Some("EC") if text(jwk, "crv") == Some("P-256") => (&[Algorithm::ES256][..], ec(jwk)?),
            Some("EC") => return Err(JwkError::Curve),
            _ => return Err(JwkError::Type),
        };
        if !is_for_signatures(jwk) {
            return Err(JwkError::Use);
        }
        let kid = match jwk.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(JwkError::KeyId)?.to_owned()),
        };
        Ok(Self { kid, algorithms: algorithms(jwk, fitting)?, key })
    }

    /// Whether it may verify signatures with `algorithm`: its `alg` binds.
    #[must_use]
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Whether `signature`, in base64url, is this key's signature of `signing_input`.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, signing_input: &str, signature: &str) -> bool {
        self.is_for(algorithm)
            && crypto::verify(signature, signing_input.as_bytes(), &self.key, algorithm).is_ok_and(|fits| fits)
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    jwk.get(member).and_then(Value::as_str)
}

/// Whether `use` and `key_ops` allow it to verify, if they are there (RFC 7517 §4.2 and 4.3).
fn is_for_signatures(jwk: &Map<String, Value>) -> bool {
    let by_use = jwk.get("use").is_none_or(|usage| usage == "sig");
    let has_verify = |operations: &Vec<Value>| operations.iter().any(|operation| operation == "verify");
    by_use && jwk.get("key_ops").is_none_or(|operations| operations.as_array().is_some_and(has_verify))
}

fn algorithms(jwk: &Map<String, Value>, fitting: &[Algorithm]) -> Result<Vec<Algorithm>, JwkError> {
    let Some(alg) = jwk.get("alg") else { return Ok(fitting.to_vec()) };
    let named = ALGORITHMS.iter().find(|(name, _)| alg == name).map(|(_, algorithm)| *algorithm);
    named.filter(|algorithm| fitting.contains(algorithm)).map(|algorithm| vec![algorithm]).ok_or(JwkError::Algorithm)
}

fn bytes(jwk: &Map<String, Value>, member: &str) -> Result<Vec<u8>, JwkError> {
    text(jwk, member).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(JwkError::Invalid)
}

fn rsa(jwk: &Map<String, Value>) -> Result<DecodingKey, JwkError> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let n: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(JwkError::Invalid);
    }
    let components = PublicKeyComponents { n: &n, e: &e };
    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| JwkError::Invalid)?;
    Ok(DecodingKey::from_rsa_raw_components(&n, &e))
}

fn ec(jwk: &Map<String, Value>) -> Result<DecodingKey, JwkError> {
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != COORDINATE || y.len() != COORDINATE {
        return Err(JwkError::Invalid);
    }
    let point = [&[0x04], x.as_slice(), y.as_slice()].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| JwkError::Invalid)?;
    Ok(DecodingKey::from_ec_der(&point))
}
