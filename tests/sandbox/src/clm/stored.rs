//! The bytes of a document, or only their digest.

use bytes::Bytes;

use crate::bulk::{Digest, Source, Summary};

/// Contents up to this size, in bytes, are kept in memory.
const MAX_HELD_BYTES: u64 = 4 << 20;

/// The content of a version.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its length and digest.
    pub summary: Summary,
    kept: Kept,
}

/// The stored form.
#[derive(Clone, Debug)]
enum Kept {
    Bytes(Bytes),
    Pattern,
    /// Not stored.
    Nothing,
}

impl<B: Into<Bytes>> From<B> for Stored {
    fn from(bytes: B) -> Self {
        let bytes = bytes.into();
        Self { summary: Summary::of(&bytes), kept: Kept::Bytes(bytes) }
    }
}

impl Stored {
    /// A pattern of this length, see [`Source::pattern`].
    pub fn pattern(length: u64) -> Self {
        Self { summary: Summary::of_pattern(length), kept: Kept::Pattern }
    }

    /// The content to send; `None` if it was too large to keep and is not the pattern.
    pub fn source(&self) -> Option<Source> {
        match &self.kept {
            Kept::Bytes(bytes) => Some(Source::from(bytes.clone())),
            Kept::Pattern => Some(Source::pattern(self.summary.length)),
            Kept::Nothing => None,
        }
    }

    /// The stored bytes as text.
    pub fn text(&self) -> String {
        match &self.kept {
            Kept::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Kept::Pattern | Kept::Nothing => String::new(),
        }
    }
}

/// A content that is being received.
#[derive(Debug, Default)]
pub struct Arriving {
    digest: Digest,
    held: Vec<u8>,
}

impl Arriving {
    /// Adds the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        if self.digest.length() <= MAX_HELD_BYTES {
            self.held.extend_from_slice(bytes);
        } else {
            self.held = Vec::new();
        }
    }

    /// The number of bytes received.
    pub const fn length(&self) -> u64 {
        self.digest.length()
    }

    /// Completes the content.
    pub fn finish(self) -> Stored {
        let kept = match (self.digest.length(), self.digest.is_pattern()) {
            (..=MAX_HELD_BYTES, _) => Kept::Bytes(Bytes::from(self.held)),
            (_, true) => Kept::Pattern,
            (_, false) => Kept::Nothing,
        };
        Stored { summary: self.digest.finish(), kept }
    }
}
