//! Randomness from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A fresh identifier of `N` random bytes in base64url: letters, digits, hyphens and underscores.
#[must_use]
pub fn id<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(random::<N>())
}

/// Fresh random bytes.
///
/// # Panics
/// If the operating system has none, since nothing may go on with predictable ones.
#[must_use]
#[expect(clippy::expect_used, reason = "there is no safe way on without randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
