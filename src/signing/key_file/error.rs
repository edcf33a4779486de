//! What a key file has instead of a usable key.

use thiserror::Error;

/// The fewest bits that an RSA key may have.
pub const MIN_BITS: usize = 2048;

/// The most, as in Key Vault.
pub const MAX_BITS: usize = 4096;

/// What a key file has instead of an RSA private key, to follow "the file".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// Nothing that looks like a key.
    #[error("has no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----")]
    Nothing,
    /// A key that is encrypted.
    #[error("has a private key with a passphrase (write one without it: openssl pkey -in <file> -out <new file>)")]
    Passphrase,
    /// A key of another algorithm, named with its article.
    #[error("has {0} key instead of an RSA key")]
    NotRsa(&'static str),
    /// A key that may only sign with RSASSA-PSS.
    #[error("has an RSA-PSS key instead of a plain RSA key: RS256 does not use PSS")]
    RsaPss,
    /// A key in a format of SSH.
    #[error("has a private key in OpenSSH's own format (convert it, if it is RSA: ssh-keygen -p -m PKCS8 -f <file>)")]
    OpenSsh,
    /// A key of `PuTTY`.
    #[error(
        "has a private key in PuTTY's own format (export it with puttygen <file> -O private-openssh -o <new file>)"
    )]
    Putty,
    /// A key of `OpenPGP`.
    #[error("has an OpenPGP key instead of an RSA private key in PEM")]
    Pgp,
    /// Only certificates.
    #[error("has a certificate instead of a private key")]
    Certificate,
    /// Only a request for a certificate.
    #[error("has a certificate request instead of a private key")]
    CertificateRequest,
    /// Only a public key.
    #[error("has a public key instead of the private key")]
    PublicKey,
    /// A JSON Web Key.
    #[error("has a JWK instead of PEM")]
    Jwk,
    /// A key as .NET writes it.
    #[error("has a key in XML instead of PEM")]
    Xml,
    /// Binary DER.
    #[error("is DER instead of PEM (convert it: openssl pkey -inform DER -in <file> -out <new file>)")]
    Der,
    /// PKCS#12.
    #[error(
        "is a PFX (PKCS#12) instead of PEM (convert it: openssl pkcs12 -in <file> -nocerts -nodes -out <new file>)"
    )]
    Pfx,
    /// A Java key store.
    #[error("is a Java key store instead of PEM")]
    JavaKeyStore,
    /// UTF-16 text, as Windows PowerShell's `>` writes it.
    #[error("is UTF-16 text (save it as UTF-8)")]
    Utf16,
    /// Dashes that an editor changed.
    #[error("has a private key without its BEGIN line, or with other characters than five hyphens around BEGIN")]
    Dashes,
    /// No END line.
    #[error("has a private key that is cut off: its END line is missing")]
    Unfinished,
    /// A character that is not base64.
    #[error("has a private key with a character that is not base64, in line {line}")]
    NotBase64 {
        /// The line in the file.
        line: usize,
    },
    /// More than one private key.
    #[error("has {0} private keys, and it is unclear which one is meant")]
    Several(usize),
    /// More than two primes.
    #[error("has an RSA key with more than two primes")]
    MultiPrime,
    /// A size that is not supported.
    #[error("has an RSA key of {0} bits, and {MIN_BITS} to {MAX_BITS} are supported")]
    Size(usize),
    /// An exponent that is not supported.
    #[error("has an RSA key with an unusual public exponent, and 65537 is expected")]
    Exponent,
    /// Something in it is wrong.
    #[error("has a private key that is damaged or incomplete")]
    Damaged,
}
