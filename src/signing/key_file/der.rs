//! DER: what it is, and the RSA key in it.

use rsa::pkcs1::{self, Version};
use rsa::pkcs8::der::asn1::AnyRef;
use rsa::pkcs8::der::{Decode as _, Reader as _, SliceReader, Tag, Tagged};
use rsa::pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use rsa::{BigUint, RsaPrivateKey};

use crate::signing::key_file::error::{KeyFileError, MAX_BITS, MIN_BITS};

const RSA: ObjectIdentifier = pkcs1::ALGORITHM_OID;
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const CURVES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"),
    ObjectIdentifier::new_unwrap("1.3.101.110"),
    ObjectIdentifier::new_unwrap("1.3.101.111"),
    ObjectIdentifier::new_unwrap("1.3.101.112"),
    ObjectIdentifier::new_unwrap("1.3.101.113"),
];

/// What DER has, by the tags of its outermost members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// RFC 5958, a private key of any algorithm.
    Pkcs8,
    /// RFC 8017, an RSA private key.
    Pkcs1,
    /// RFC 5915, a private key on a curve.
    Ec,
    /// A PKCS#8 key with a passphrase.
    Encrypted,
    /// A public key.
    Public,
    /// A certificate, or a request for one.
    Certificate,
    /// PKCS#12.
    Pfx,
}

impl Contents {
    /// `None` if `der` is something else, or is not DER.
    pub fn of(der: &[u8]) -> Option<Self> {
        let members = members(der)?;
        let tags: Vec<Tag> = members.iter().map(Tagged::tag).collect();
        match tags[..] {
            [Tag::Integer, Tag::Sequence, ..] if members.first()?.value() == [3] => Some(Self::Pfx),
            [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Some(Self::Pkcs8),
            [Tag::Integer, Tag::Integer] | [Tag::Sequence, Tag::BitString] => Some(Self::Public),
            [Tag::Integer, Tag::Integer, Tag::Integer, ..] => Some(Self::Pkcs1),
            [Tag::Integer, Tag::OctetString, ..] => Some(Self::Ec),
            [Tag::Sequence, Tag::OctetString] => Some(Self::Encrypted),
            [Tag::Sequence, Tag::Sequence, Tag::BitString] => Some(Self::Certificate),
            _ => None,
        }
    }

    /// Why this is no RSA private key.
    pub const fn error(self) -> KeyFileError {
        match self {
            Self::Pkcs8 | Self::Pkcs1 => KeyFileError::Damaged,
            Self::Ec => KeyFileError::NotRsa("an elliptic-curve"),
            Self::Encrypted => KeyFileError::Passphrase,
            Self::Public => KeyFileError::PublicKey,
            Self::Certificate => KeyFileError::Certificate,
            Self::Pfx => KeyFileError::Pfx,
        }
    }
}

/// The members of the sequence that `der` is.
fn members(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let sequence = AnyRef::decode(&mut SliceReader::new(der).ok()?).ok()?;
    let mut reader = SliceReader::new(sequence.value()).ok().filter(|_| sequence.tag() == Tag::Sequence)?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(members)
}

/// The RSA private key in `der`.
///
/// # Errors
/// [`KeyFileError`] if it is something else.
pub fn key(der: &[u8]) -> Result<RsaPrivateKey, KeyFileError> {
    match Contents::of(der).ok_or(KeyFileError::Damaged)? {
        Contents::Pkcs1 => pkcs1_key(der),
        Contents::Pkcs8 => pkcs8_key(der),
        other => Err(other.error()),
    }
}

fn pkcs8_key(der: &[u8]) -> Result<RsaPrivateKey, KeyFileError> {
    let key = PrivateKeyInfo::try_from(der).map_err(|_| KeyFileError::Damaged)?;
    match key.algorithm.oid {
        RSA => pkcs1_key(key.private_key),
        RSA_PSS => Err(KeyFileError::RsaPss),
        DSA => Err(KeyFileError::NotRsa("a DSA")),
        oid if CURVES.contains(&oid) => Err(KeyFileError::NotRsa("an elliptic-curve")),
        _ => Err(KeyFileError::NotRsa("another algorithm's")),
    }
}

fn pkcs1_key(der: &[u8]) -> Result<RsaPrivateKey, KeyFileError> {
    let key = pkcs1::RsaPrivateKey::try_from(der).map_err(|_| KeyFileError::Damaged)?;
    let number = |number: pkcs1::UintRef<'_>| BigUint::from_bytes_be(number.as_bytes());
    let modulus = number(key.modulus);
    if key.version() != Version::TwoPrime {
        return Err(KeyFileError::MultiPrime);
    }
    if !(MIN_BITS..=MAX_BITS).contains(&modulus.bits()) {
        return Err(KeyFileError::Size(modulus.bits()));
    }
    let primes = vec![number(key.prime1), number(key.prime2)];
    RsaPrivateKey::from_components(modulus, number(key.public_exponent), number(key.private_exponent), primes)
        .map_err(|_| KeyFileError::Damaged)
}
