//! One blob that other programs write too: the client registry.

use azure_core::http::{Etag, Url};
use azure_storage_blob::models::{BlobClientDownloadOptions, HttpRange};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;

use crate::identity::Identity;
use crate::store::container::{Container, classify, foreign, is_missing_blob};
use crate::store::{Condition, StoreError, Version};

/// A blob.
pub struct RegistryBlob {
    container: Container,
    name: String,
    max_bytes: usize,
}

/// What a read found.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// The version that the caller knows.
    Unchanged,
    /// Another version, up to one byte more than the caller takes.
    Changed(Vec<u8>, Version),
    /// No blob.
    Missing,
}

impl RegistryBlob {
    /// The blob at `url`, of which `max_bytes` are read. Makes no calls yet.
    #[must_use]
    pub fn new(url: &Url, max_bytes: usize, identity: Identity) -> Self {
        let mut container = url.clone();
        let name = url.path_segments().and_then(Iterator::last).unwrap_or_default();
        // The SDK encodes it again.
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        if let Ok(mut path) = container.path_segments_mut() {
            path.pop();
        }
        Self { container: Container::new(container, identity), name, max_bytes }
    }

    /// Reads the blob, unless it still has the version `known`.
    ///
    /// # Errors
    /// [`StoreError`] if it is unknown what the blob has.
    pub async fn read(&self, known: Option<&Version>) -> Result<Read, StoreError> {
        self.container.with_retries(|| self.get(known)).await
    }

    /// Writes the blob; false if the condition failed.
    ///
    /// # Errors
    /// [`StoreError`] if it is unknown whether the blob was written.
    pub async fn write(&self, content: &str, condition: &Condition) -> Result<bool, StoreError> {
        self.container.with_retries(|| self.container.put(&self.name, content, condition)).await
    }

    async fn get(&self, known: Option<&Version>) -> Result<Read, StoreError> {
        let if_none_match = known.map(|Version(etag)| Etag::from(etag.clone()));
        // One byte more, to see that it is too large.
        let range = Some(HttpRange::new(0, self.max_bytes as u64 + 1));
        let options = BlobClientDownloadOptions { if_none_match, range, ..Default::default() };
        let answer = match self.container.blob(&self.name).await?.download(Some(options)).await {
            Ok(answer) => answer,
            Err(error) if known.is_some() && error.http_status().map(u16::from) == Some(304) => {
                return Ok(Read::Unchanged);
            }
            Err(error) if is_missing_blob(&error) => return Ok(Read::Missing),
            Err(error) => return Err(classify(&error)),
        };
        let version = answer.properties.etag.ok_or_else(foreign)?;
        let (mut body, mut bytes) = (answer.body, Vec::new());
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| classify(&error))?);
            if bytes.len() > self.max_bytes {
                break;
            }
        }
        Ok(Read::Changed(bytes, Version(version.to_string())))
    }
}
