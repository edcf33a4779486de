//! Random values from the operating system.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::secret::hex;

/// A new identifier of `N` random bytes in base64url: letters, digits, hyphens and underscores.
#[must_use]
pub fn id<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<N>())
}

/// A new client secret of 256 random bits. It is hexadecimal, because that needs no form encoding (RFC 6749 §2.3.1), which
/// some clients omit.
#[must_use]
pub fn client_secret() -> SecretString {
    SecretString::from(hex(&random_bytes::<32>()))
}

/// New random bytes.
///
/// # Panics
/// If the operating system has none: the process must not continue with predictable bytes.
#[must_use]
#[expect(clippy::expect_used, reason = "continuing without randomness is not safe")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Length of a public id in bytes, before it is written in hexadecimal.
const PUBLIC_ID_BYTES: usize = 16;

/// Size of the buffer of [`public_id`] in each thread: 64 ids.
const BUFFER_BYTES: usize = 64 * PUBLIC_ID_BYTES;

thread_local! {
    /// Random bytes, and how many of them are used.
    static BUFFER: RefCell<([u8; BUFFER_BYTES], usize)> = const { RefCell::new(([0; BUFFER_BYTES], BUFFER_BYTES)) };
}

/// A new identifier that is not secret, such as a request id: 32 lower-case hexadecimal digits. Its random bytes come from a
/// buffer, because one system call per request is measurable.
///
/// # Panics
/// Like [`random_bytes`].
#[must_use]
pub fn public_id() -> String {
    BUFFER.with_borrow_mut(|(stock, used)| {
        if *used == BUFFER_BYTES {
            (*stock, *used) = (random_bytes(), 0);
        }
        let start = *used;
        *used += PUBLIC_ID_BYTES;
        hex(&stock[start..*used])
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn client_secrets_are_64_hex_digits_unique_and_redacted() {
        let (one, other) = (client_secret(), client_secret());
        let secret = one.expose_secret();
        assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_ne!(secret, other.expose_secret());
        assert!(!format!("{one:?}").contains(secret));
    }
}
