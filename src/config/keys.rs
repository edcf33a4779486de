//! Settings about our two RSA keys: which one signs assertions, which one seals.

use secrecy::ExposeSecret;

use crate::config::error::{Format, Problem};
use crate::config::reader::{Reader, list};
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

/// The sealing keys: the one that seals and those that may still open.
#[derive(Clone, Debug)]
pub struct SealingKeySources {
    /// `EVERGRANT_SEALING_KEY_ID`.
    pub current: KeySource,
    /// `EVERGRANT_SEALING_KEY_ID_PREVIOUS`.
    pub previous: Vec<KeySource>,
}

const KEY_ID: Format = Format {
    wanted: "a Key Vault key identifier with its version (or, outside Azure, file: and the path of an RSA private key \
             of at least 2048 bits in PEM, PKCS#1 or PKCS#8)",
    example: "https://contoso.vault.azure.net/keys/evergrant/0123456789abcdef0123456789abcdef",
};

/// Reads the signing keys.
pub fn read_signing(reader: &mut Reader<'_>, in_azure: bool) -> Option<SigningKeySources> {
    let current = read_one(reader, "EVERGRANT_SIGNING_KEY_ID", in_azure);
    let next = read_optional(reader, "EVERGRANT_SIGNING_KEY_ID_NEXT", in_azure);
    Some(SigningKeySources { current: current?, next })
}

/// Reads the sealing keys.
pub fn read_sealing(reader: &mut Reader<'_>, in_azure: bool) -> Option<SealingKeySources> {
    let current = read_one(reader, "EVERGRANT_SEALING_KEY_ID", in_azure);
    let name = "EVERGRANT_SEALING_KEY_ID_PREVIOUS";
    let raw = reader.raw(name).unwrap_or_default();
    let previous = list(&raw).filter_map(|text| parse(reader, name, text, in_azure)).collect();
    Some(SealingKeySources { current: current?, previous })
}

fn read_one(reader: &mut Reader<'_>, name: &str, in_azure: bool) -> Option<KeySource> {
    if reader.raw(name).is_none() {
        reader.note(name, Problem::Missing, KEY_ID);
    }
    read_optional(reader, name, in_azure)
}

fn read_optional(reader: &mut Reader<'_>, name: &str, in_azure: bool) -> Option<KeySource> {
    let raw = reader.raw(name)?;
    parse(reader, name, &raw, in_azure)
}

fn parse(reader: &mut Reader<'_>, name: &str, text: &str, in_azure: bool) -> Option<KeySource> {
    let parsed = match text.strip_prefix("file:") {
        Some(_) if in_azure => Err(Problem::NotHere("names a key file, which is refused in Azure")),
        Some(path) => parse_file(reader, path),
        None => KeyVaultKeyId::parse(text).map(KeySource::KeyVault).ok_or(Problem::Wrong),
    };
    parsed.map_err(|problem| reader.note(name, problem, KEY_ID)).ok()
}

fn parse_file(reader: &Reader<'_>, path: &str) -> Result<KeySource, Problem> {
    let pem = reader.file(path).ok_or(Problem::UnreadableFile)?;
    let signer = LocalSigner::from_pem(pem.expose_secret())
        .ok_or(Problem::NotHere("names a file without a usable RSA private key"))?;
    Ok(KeySource::Local(signer))
}
