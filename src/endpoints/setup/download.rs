//! Files that are in the page itself, as `data:` links (RFC 2397): no other route has to be asked, and so no function key has
//! to be in a link. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A file to download.
pub struct Download {
    /// Its name.
    pub name: String,
    /// The link.
    pub link: String,
}

impl Download {
    /// A public key.
    #[must_use]
    pub fn pem(name: &str, pem: &str) -> Self {
        Self::new(name, "application/x-pem-file", pem.as_bytes())
    }

    /// A zip archive.
    #[must_use]
    pub fn zip(name: &str, archive: &[u8]) -> Self {
        Self::new(name, "application/zip", archive)
    }

    fn new(name: &str, media_type: &str, content: &[u8]) -> Self {
        Self { name: name.to_owned(), link: format!("data:{media_type};base64,{}", STANDARD.encode(content)) }
    }
}
