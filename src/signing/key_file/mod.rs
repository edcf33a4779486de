//! RSA private keys in files: read in every shape that editors, portals and tools leave them in, and named if they are
//! something else. Pure.

mod der;
mod error;
mod pem;

use base64::Engine as _;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rsa::RsaPrivateKey;

use der::Contents;
pub use error::KeyFileError;
use pem::Block;

/// Tools disagree about padding and about unused bits.
const TOLERANT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Reads the one private key in `file`.
///
/// # Errors
/// [`KeyFileError`], which names what the file has instead.
pub fn read(file: &[u8]) -> Result<RsaPrivateKey, KeyFileError> {
    if let Some(error) = binary(file) {
        return Err(error);
    }
    let text = pem::cleaned(&String::from_utf8_lossy(file));
    match without_armor(&text) {
        Some(decoded) => read_decoded(&decoded),
        None => read_text(&text),
    }
}

/// What a file that is no text has.
fn binary(file: &[u8]) -> Option<KeyFileError> {
    if is_utf16(file) {
        return Some(KeyFileError::Utf16);
    }
    if file.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || file.starts_with(&[0xce, 0xce, 0xce, 0xce]) {
        return Some(KeyFileError::JavaKeyStore);
    }
    Some(match Contents::of(file)? {
        Contents::Pkcs8 | Contents::Pkcs1 => KeyFileError::Der,
        other => other.error(),
    })
}

/// Is `file` UTF-16 text? With a byte order mark, or ASCII text without one.
#[must_use]
pub fn is_utf16(file: &[u8]) -> bool {
    let every_other =
        |first: usize| file.len() > 7 && file.iter().skip(first).step_by(2).take(8).all(|byte| *byte == 0);
    file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) || every_other(0) != every_other(1)
}

/// The bytes of a text that is base64 and nothing else: of a whole file, or of a key without its BEGIN and END lines.
fn without_armor(text: &str) -> Option<Vec<u8>> {
    let body = pem::body(text).ok().filter(|body| body.len() > 64 && !text.contains("BEGIN "))?;
    decode(&body, &alphabet::STANDARD).or_else(|| decode(&body, &alphabet::URL_SAFE))
}

fn decode(body: &str, alphabet: &Alphabet) -> Option<Vec<u8>> {
    GeneralPurpose::new(alphabet, TOLERANT).decode(body).ok()
}

fn read_decoded(decoded: &[u8]) -> Result<RsaPrivateKey, KeyFileError> {
    match Contents::of(decoded) {
        Some(_) => der::key(decoded),
        None if is_utf16(decoded) => Err(KeyFileError::Utf16),
        None => read_text(&pem::cleaned(&String::from_utf8_lossy(decoded))),
    }
}

fn read_text(text: &str) -> Result<RsaPrivateKey, KeyFileError> {
    let blocks = pem::blocks(text);
    let mut private: Vec<&Block<'_>> = blocks.iter().filter(|block| block.label.contains("PRIVATE KEY")).collect();
    private.dedup_by_key(|block| block.body);
    match private[..] {
        [block] => read_block(text, block),
        [] => Err(blocks.first().map_or_else(|| no_block(text), |block| not_private(block.label))),
        _ => Err(KeyFileError::Several(private.len())),
    }
}

fn read_block(text: &str, block: &Block<'_>) -> Result<RsaPrivateKey, KeyFileError> {
    match block.label {
        "OPENSSH PRIVATE KEY" => return Err(KeyFileError::OpenSsh),
        "ENCRYPTED PRIVATE KEY" => return Err(KeyFileError::Passphrase),
        "EC PRIVATE KEY" => return Err(KeyFileError::NotRsa("an elliptic-curve")),
        "DSA PRIVATE KEY" => return Err(KeyFileError::NotRsa("a DSA")),
        "PGP PRIVATE KEY BLOCK" => return Err(KeyFileError::Pgp),
        _ if block.body.contains("Proc-Type:") => return Err(KeyFileError::Passphrase),
        _ if !block.is_closed => return Err(KeyFileError::Unfinished),
        _ => {}
    }
    let body = pem::body(block.body).map_err(|offset| KeyFileError::NotBase64 { line: block.line(text, offset) })?;
    der::key(&decode(&body, &alphabet::STANDARD).ok_or(KeyFileError::Damaged)?)
}

fn not_private(label: &str) -> KeyFileError {
    match label {
        _ if label.ends_with("PUBLIC KEY") => KeyFileError::PublicKey,
        _ if label.ends_with("CERTIFICATE REQUEST") => KeyFileError::CertificateRequest,
        _ if label.ends_with("CERTIFICATE") => KeyFileError::Certificate,
        "PKCS7" | "CMS" => KeyFileError::Certificate,
        "PGP PUBLIC KEY BLOCK" => KeyFileError::PublicKey,
        _ => KeyFileError::Nothing,
    }
}

/// What a text without PEM has.
fn no_block(text: &str) -> KeyFileError {
    let start = text.trim_start();
    if start.starts_with('{') && text.contains("\"kty\"") {
        KeyFileError::Jwk
    } else if text.contains("<RSAKeyValue") {
        KeyFileError::Xml
    } else if start.starts_with("PuTTY-User-Key-File") {
        KeyFileError::Putty
    } else if text.contains("BEGIN SSH2 ENCRYPTED PRIVATE KEY") {
        KeyFileError::OpenSsh
    } else if start.starts_with("ssh-") || start.starts_with("ecdsa-") || text.contains("BEGIN SSH2 PUBLIC KEY") {
        KeyFileError::PublicKey
    } else if text.contains("PRIVATE KEY") {
        KeyFileError::Dashes
    } else {
        KeyFileError::Nothing
    }
}
