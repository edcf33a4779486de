//! Digests of secrets, and comparing secrets with them. Pure.
//!
//! Secrets are held in [`secrecy::SecretString`]: it has no `Display`, redacts `Debug` and is wiped when dropped.

pub mod random;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base16ct::lower;

/// A SHA-256 digest.
pub type Sha256 = [u8; 32];

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Lower-case hexadecimal, as in `client_secret_sha256` and in audit lines.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// Reads exactly 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256_from_hex(text: &str) -> Option<Sha256> {
    lower::decode_vec(text).ok()?.try_into().ok()
}

/// Whether the hash of `presented` is one of `accepted`, compared as in [`is_among`].
#[must_use]
pub fn matches_any(presented: &str, accepted: &[Sha256]) -> bool {
    is_among(&sha256(presented.as_bytes()), accepted)
}

/// Whether `presented` is one of `accepted`. Compares with every digest in constant time, so that timing reveals nothing.
#[must_use]
pub fn is_among(presented: &Sha256, accepted: &[Sha256]) -> bool {
    accepted.iter().fold(false, |matched, digest| matched | are_equal(presented, digest))
}

/// Whether two byte strings are equal. How long it takes reveals only their lengths.
#[must_use]
pub fn are_equal(presented: &[u8], expected: &[u8]) -> bool {
    verify_slices_are_equal(presented, expected).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_matches_the_vectors_of_fips_180() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256(b"abc")), abc);
        assert_eq!(sha256_from_hex(abc), Some(sha256(b"abc")));
    }

    #[test]
    fn only_64_lower_case_hex_digits_are_a_digest() {
        let upper = hex(&sha256(b"abc")).to_uppercase();
        for text in ["", "ab", &upper, &"a".repeat(63), &"a".repeat(66), &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(sha256_from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn either_of_two_secrets_matches_and_no_other() {
        let accepted = [sha256(b"old"), sha256(b"new")];
        assert!(matches_any("old", &accepted));
        assert!(matches_any("new", &accepted));
        assert!(!matches_any("newer", &accepted));
        assert!(!matches_any("", &accepted));
        assert!(!matches_any("", &[]));
    }
}
