//! Randomness from the operating system.

use std::cell::RefCell;

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

/// How many bytes a thread fetches at once for [`name_bytes`].
const STOCK_BYTES: usize = 1024;

thread_local! {
    /// Random bytes, and how many of them are used up.
    static STOCK: RefCell<([u8; STOCK_BYTES], usize)> = const { RefCell::new(([0; STOCK_BYTES], STOCK_BYTES)) };
}

/// Random bytes for what is not secret, such as the names of requests. They come from a stock in memory, because a system
/// call for each request is a measurable part of it. `N` must divide 1024.
///
/// # Panics
/// As [`random_bytes`].
#[must_use]
pub fn name_bytes<const N: usize>() -> [u8; N] {
    const { assert!(STOCK_BYTES.is_multiple_of(N)) };
    STOCK.with_borrow_mut(|(stock, used)| {
        if *used == STOCK_BYTES {
            (*stock, *used) = (random_bytes(), 0);
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&stock[*used..*used + N]);
        *used += N;
        bytes
    })
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

    #[test]
    fn no_name_comes_twice() {
        let names: std::collections::HashSet<[u8; 16]> = (0..1000).map(|_| name_bytes()).collect();
        assert!(names.len() == 1000 && !names.contains(&[0; 16]));
    }
}
