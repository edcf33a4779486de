//! Short names of changes. Pure.

/// Bits of an [`ItemHash`].
const HASH_BITS: u32 = 32;

/// The beginning of the digest of an item's id, version and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemHash(pub u64);

impl ItemHash {
    /// The largest one.
    pub const MAX: Self = Self((1 << HASH_BITS) - 1);

    /// The beginning of `digest`.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        Self(u64::from_be_bytes(first) >> (64 - HASH_BITS))
    }
}
