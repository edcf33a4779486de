//! `--jwks`: the public keys of a client, in a file or at a URL.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use thiserror::Error;

use crate::config::Environment;
use crate::config::reader::{self, FileError};

/// A file that is not a set of public keys.
#[derive(Debug, Error)]
pub enum JwksError {
    #[error("--jwks is invalid: the file {0}")]
    File(FileError),
    #[error(
        "--jwks is invalid: the file is PEM; expected a JSON Web Key Set, such as {{\"keys\":[{{\"kty\":\"RSA\",…}}]}}"
    )]
    Pem,
    #[error("--jwks is invalid: the file is not a JSON Web Key Set, such as {{\"keys\":[{{\"kty\":\"RSA\",…}}]}}")]
    NoKeys,
    #[error("--jwks is invalid: the file is a private key, which only the client may have; expected its public keys")]
    Private,
}

/// The item for a file or URL.
pub fn read(place: &str, env: &dyn Environment) -> Result<Value, JwksError> {
    if place.contains("://") {
        return Ok(json!({"jwks_uri": place}));
    }
    let text = reader::read_file(env, place).map_err(JwksError::File)?;
    parse(text.expose_secret()).map(|jwks| json!({"jwks": jwks}))
}

/// The set in `text`, which may be a single key.
fn parse(text: &str) -> Result<Value, JwksError> {
    if text.contains("-----BEGIN") {
        return Err(if text.contains("PRIVATE KEY") { JwksError::Private } else { JwksError::Pem });
    }
    let value: Value = serde_json::from_str(text).map_err(|_| JwksError::NoKeys)?;
    if value.get("kty").is_some() {
        return Ok(json!({"keys": [value]}));
    }
    let keys = value.get("keys").filter(|keys| keys.is_array()).ok_or(JwksError::NoKeys)?;
    Ok(json!({"keys": keys}))
}
