//! Settings about our two RSA keys: the signing key and the sealing key.

use std::fmt;

use secrecy::ExposeSecret;

use crate::config::error::Format;
use crate::config::reader::{Environment, SettingsReader, read_bytes};
use crate::config::values::key_id::key_vault_id;
use crate::config::values::{Reason, list};
use crate::signing::key_id::KeyVaultKeyId;
use crate::signing::local::LocalSigner;

/// Where a key is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In Azure Key Vault, which it never leaves.
    KeyVault(KeyVaultKeyId),
    /// In a PEM file, for local work.
    Local(LocalSigner),
}

/// The signing keys: the current one and, during a rotation, the next.
#[derive(Clone, Debug)]
pub struct SigningKeySources {
    /// `EVERGRANT_SIGNING_KEY_ID`.
    pub current: KeySource,
    /// `EVERGRANT_SIGNING_KEY_ID_NEXT`.
    pub next: Option<KeySource>,
}

/// The sealing keys: the current one, and older ones that still open what they sealed.
#[derive(Clone, Debug)]
pub struct SealingKeySources {
    /// `EVERGRANT_SEALING_KEY_ID`.
    pub current: KeySource,
    /// `EVERGRANT_SEALING_KEY_ID_PREVIOUS`.
    pub previous: Vec<KeySource>,
}

const KEY_ID: Format = Format {
    expected: "a Key Vault key identifier with its version (outside Azure also file: and the path of an RSA private key in PEM, \
               of 2048 to 4096 bits)",
    example: "https://contoso.vault.azure.net/keys/signing/0123456789abcdef",
};

/// Reads the signing keys.
pub fn read_signing(reader: &mut SettingsReader<'_>, in_azure: bool) -> Option<SigningKeySources> {
    let env = reader.env();
    let parse = |text: &str| key_source(env, in_azure, text);
    let current = reader.required("EVERGRANT_SIGNING_KEY_ID", KEY_ID, parse);
    let next = reader.optional("EVERGRANT_SIGNING_KEY_ID_NEXT", KEY_ID, parse);
    Some(SigningKeySources { current: current?, next })
}

/// Reads the sealing keys.
pub fn read_sealing(reader: &mut SettingsReader<'_>, in_azure: bool) -> Option<SealingKeySources> {
    let env = reader.env();
    let parse = |text: &str| key_source(env, in_azure, text);
    let parse_all = |text: &str| list(text).map(parse).collect::<Result<Vec<_>, _>>();
    let current = reader.required("EVERGRANT_SEALING_KEY_ID", KEY_ID, parse);
    let previous = reader.optional("EVERGRANT_SEALING_KEY_ID_PREVIOUS", KEY_ID, parse_all);
    Some(SealingKeySources { current: current?, previous: previous.unwrap_or_default() })
}

fn key_source(env: &dyn Environment, in_azure: bool, text: &str) -> Result<KeySource, Reason> {
    let Some(path) = text.strip_prefix("file:") else { return key_vault_id(text).map(KeySource::KeyVault) };
    if in_azure {
        return Err("it names a key file, which is refused in Azure".into());
    }
    let file = read_bytes(env, path).map_err(|error| in_file(&error))?;
    LocalSigner::from_pem(file.expose_secret()).map(KeySource::Local).map_err(|error| in_file(&error))
}

fn in_file(error: &impl fmt::Display) -> Reason {
    format!("the file it names {error}").into()
}
