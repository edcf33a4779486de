//! Where the registry is read from: the setting itself, a file or a blob.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::sync::Arc;

use crate::config::FileError;
use crate::config::clients::MAX_BYTES;
use crate::registry::error::RegistryError;
use crate::secret::{Sha256, sha256};
use crate::store;
use crate::store::document::{Read, RegistryBlob};

/// Where the registry is.
#[derive(Clone)]
pub enum RegistryLocation {
    /// In the setting, which never changes.
    Setting,
    /// In the file at this path.
    File(Arc<str>),
    /// In a blob.
    Blob(Arc<RegistryBlob>),
}

/// The version of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryVersion {
    /// The digest of a file's content. Unlike the time of modification, it differs also if two versions follow at once.
    Digest(Sha256),
    /// The `ETag` of a blob.
    ETag(store::Version),
}

/// What a read found.
pub enum RegistryRead {
    /// The version that was read last.
    Unchanged,
    /// Another version.
    Changed(Vec<u8>, RegistryVersion),
}

impl RegistryLocation {
    /// Reads the registry, unless it still has the version `known`.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn read(&self, known: Option<&RegistryVersion>) -> Result<RegistryRead, RegistryError> {
        match self {
            Self::Setting => Ok(RegistryRead::Unchanged),
            Self::File(path) => {
                let path = Arc::clone(path);
                // A file may be on a slow network share.
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                let content = read.unwrap_or(Err(FileError::Unreadable)).map_err(RegistryError::File)?;
                let version = RegistryVersion::Digest(sha256(&content));
                if known == Some(&version) {
                    Ok(RegistryRead::Unchanged)
                } else {
                    Ok(RegistryRead::Changed(content, version))
                }
            }
            Self::Blob(document) => {
                let known =
                    known.and_then(|known| if let RegistryVersion::ETag(etag) = known { Some(etag) } else { None });
                match document.read(known).await? {
                    Read::Unchanged => Ok(RegistryRead::Unchanged),
                    Read::Changed(content, etag) => Ok(RegistryRead::Changed(content, RegistryVersion::ETag(etag))),
                    Read::Missing => Err(RegistryError::NoBlob),
                }
            }
        }
    }
}

/// At most one byte more than a registry may have.
fn read_file(path: &str) -> Result<Vec<u8>, FileError> {
    let why = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::Missing,
        _ => FileError::Unreadable,
    };
    if !std::fs::metadata(path).map_err(why)?.is_file() {
        return Err(FileError::NotRegular);
    }
    let mut content = Vec::new();
    File::open(path).map_err(why)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut content).map_err(why)?;
    Ok(content)
}
