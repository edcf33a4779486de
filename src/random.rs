//! Randomness from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::secret::hex;

/// A fresh identifier of `N` random bytes in base64url: letters, digits, hyphens and underscores.
#[must_use]
pub fn id<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<N>())
}

/// A fresh client secret of 256 random bits. Hexadecimal digits are the same form-encoded or not, which spares clients
/// that leave the encoding out (RFC 6749 §2.3.1).
#[must_use]
pub fn client_secret() -> SecretString {
    SecretString::from(hex(&random_bytes::<32>()))
}

/// Fresh random bytes.
///
/// # Panics
/// If the operating system has none, since nothing may go on with predictable ones.
#[must_use]
#[expect(clippy::expect_used, reason = "there is no safe way on without randomness")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn client_secrets_are_64_hex_digits_each_its_own_and_do_not_print() {
        let (one, other) = (client_secret(), client_secret());
        let secret = one.expose_secret();
        assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_ne!(secret, other.expose_secret());
        assert!(!format!("{one:?}").contains(secret));
    }
}
