//! Randomness from the operating system.

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
