//! Large contents that are not held in memory: generated while sending and checked while reading.

use std::fmt::{self, Debug, Formatter};
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use crate::server::{Body, BodyError, Cut};

/// The pattern repeats after a prime number of bytes, so that a lost or repeated block changes the digest.
const PERIOD: usize = 65_521;
/// Time to send the buffered bytes before an interruption.
const FLUSH: Duration = Duration::from_millis(50);

static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    let byte = |at: usize| u8::try_from((at * at / 7 + at / 251) % 256).unwrap_or_default();
    (0..PERIOD).map(byte).collect::<Vec<_>>().into()
});

/// Length and SHA-256 of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes.
    pub length: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Computes the summary of a content while it is streamed.
pub struct Digest {
    context: Context,
    length: u64,
    /// Whether it has matched the pattern so far.
    is_pattern: bool,
}

impl Default for Digest {
    fn default() -> Self {
        Self { context: Context::new(&SHA256), length: 0, is_pattern: true }
    }
}

impl Debug for Digest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Digest {
    /// Adds the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.context.update(bytes);
        while !bytes.is_empty() {
            let expected = pattern_at(self.length, bytes.len() as u64);
            let (now, later) = bytes.split_at(expected.len());
            self.is_pattern &= now == expected;
            self.length += now.len() as u64;
            bytes = later;
        }
    }

    /// The number of bytes so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Whether it matches [`Source::pattern`].
    #[must_use]
    pub const fn is_pattern(&self) -> bool {
        self.is_pattern
    }

    /// The summary.
    #[must_use]
    pub fn finish(self) -> Summary {
        let sha256 = self.context.finish();
        let sha256 = sha256.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Summary { length: self.length, sha256 }
    }
}

impl Summary {
    /// The summary of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = Digest::default();
        digest.update(bytes);
        digest.finish()
    }

    /// The summary of a pattern of this length.
    #[must_use]
    pub fn of_pattern(length: u64) -> Self {
        let mut digest = Digest::default();
        while digest.length() < length {
            let bytes = pattern_at(digest.length(), length - digest.length());
            digest.update(&bytes);
        }
        digest.finish()
    }

    /// SHA-256 in base64.
    #[must_use]
    pub fn sha256_base64(&self) -> String {
        let pairs = self.sha256.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
        let bytes: Vec<u8> = pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        STANDARD.encode(bytes)
    }
}

/// At most `most` bytes of the pattern, starting at `offset`.
fn pattern_at(offset: u64, most: u64) -> Bytes {
    let start = usize::try_from(offset % PERIOD as u64).unwrap_or_default();
    let end = PERIOD.min(start.saturating_add(usize::try_from(most).unwrap_or(PERIOD)));
    PATTERN.slice(start..end)
}

/// A content to send, in memory or generated.
#[derive(Clone, Debug)]
pub struct Source {
    /// The bytes; `None` means the pattern.
    held: Option<Bytes>,
    length: u64,
    chunked: bool,
    breaks_after: Option<u64>,
    /// A pause before each chunk.
    pause: Option<Duration>,
}

impl<B: Into<Bytes>> From<B> for Source {
    fn from(bytes: B) -> Self {
        let bytes = bytes.into();
        let length = bytes.len() as u64;
        Self { held: Some(bytes), length, chunked: false, breaks_after: None, pause: None }
    }
}

impl Source {
    /// `length` bytes of a generated pattern.
    #[must_use]
    pub const fn pattern(length: u64) -> Self {
        Self { held: None, length, chunked: false, breaks_after: None, pause: None }
    }

    /// Sends it chunked, without a `Content-Length`.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Stops after this many bytes. `Content-Length` is still the full length.
    #[must_use]
    pub fn breaking_after(mut self, bytes: u64) -> Self {
        self.breaks_after = Some(bytes);
        self
    }

    /// Waits before each chunk of 64 KiB or less.
    #[must_use]
    pub fn slow(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }

    /// The `Content-Length`, if there is one.
    #[must_use]
    pub const fn known_length(&self) -> Option<u64> {
        if self.chunked { None } else { Some(self.length) }
    }

    /// The body. `guard` is dropped when it has been sent.
    pub fn body<G: Send + Sync + 'static>(self, guard: G) -> Body {
        let chunks = stream::unfold((self, 0, Some(guard)), |(source, offset, guard)| async move {
            if source.breaks_after.is_some_and(|bytes| offset >= bytes) {
                tokio::time::sleep(FLUSH).await;
                return guard.map(|_| (Err(BodyError::from(Cut)), (source, offset, None)));
            }
            if let Some(pause) = source.pause {
                tokio::time::sleep(pause).await;
            }
            let chunk = source.chunk(offset).filter(|_| guard.is_some())?;
            let next = offset + chunk.len() as u64;
            Some((Ok(Frame::data(chunk)), (source, next, guard)))
        });
        StreamBody::new(chunks).boxed()
    }

    /// The chunk at `offset`; `None` at the end.
    fn chunk(&self, offset: u64) -> Option<Bytes> {
        let end = self.breaks_after.map_or(self.length, |bytes| bytes.min(self.length));
        let left = end.checked_sub(offset).filter(|left| *left > 0)?;
        match &self.held {
            None => Some(pattern_at(offset, left)),
            Some(bytes) => {
                let start = usize::try_from(offset).ok()?;
                let most = usize::try_from(left).ok()?.min(PERIOD);
                Some(bytes.slice(start..start + most))
            }
        }
    }
}
