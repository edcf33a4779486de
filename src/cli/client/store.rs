//! Reads and writes the registry that `--in` names. A blob is read and written as the person who is signed in to Azure.

use std::io;
use std::path::Path;

use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::app;
use crate::cli::client::file;
use crate::cli::client::stored_registry::StoredRegistry;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::clients::MAX_BYTES;
use crate::config::reader::{self, read_file};
use crate::config::{Environment, FileError};
use crate::registry::error::about_registry;
use crate::store::document::{Read, RegistryBlob};
use crate::store::{Condition, StoreError};
use crate::types::Explained as _;

/// A registry's text, and what a writer expects to find still there.
pub struct RegistryText {
    /// The text, without a byte order mark.
    pub text: String,
    /// What was there when it was read.
    pub expected: ExpectedContent,
}

/// What a writer expects to find still there.
pub enum ExpectedContent {
    /// No file or blob.
    Nothing,
    /// A file with this content.
    Content(Vec<u8>),
    /// A blob with this version.
    Blob(Condition),
}

/// The registry could not be read or written.
#[derive(Debug, Error)]
pub enum AccessError {
    #[error("the registry {0} does not exist; evergrant client new creates one")]
    Missing(StoredRegistry),
    #[error("the registry {0} {1}")]
    Unreadable(StoredRegistry, FileError),
    #[error("the registry would be larger than 1 MiB")]
    TooLarge,
    #[error("{0} could not be written, and is unchanged")]
    NotWritten(StoredRegistry, #[source] io::Error),
    #[error("{0} is unchanged: {changed}", changed = file::changed_meanwhile())]
    Changed(StoredRegistry),
    #[error("{0} could not be reached")]
    Storage(StoredRegistry, #[source] StorageError),
}

/// What Azure Storage says. The texts of the store are about the store.
#[derive(Debug, Error)]
#[error("{}", about_registry(&.0.line()))]
pub struct StorageError(StoreError);

/// The registry at `place`; `None` if there is none.
pub async fn read(place: &StoredRegistry, env: &dyn Environment) -> Result<Option<RegistryText>, CommandError> {
    match place {
        StoredRegistry::File(path) => read_from_file(place, path, env),
        StoredRegistry::Blob(url) => read_blob(place, &app::registry_blob(url)).await,
    }
}

/// The registry at `place`, which must exist.
pub async fn read_existing(place: &StoredRegistry, env: &dyn Environment) -> Result<RegistryText, CommandError> {
    read(place, env).await?.ok_or_else(|| usage(AccessError::Missing(place.clone())))
}

fn read_from_file(
    place: &StoredRegistry,
    path: &Path,
    env: &dyn Environment,
) -> Result<Option<RegistryText>, CommandError> {
    let name = path.display().to_string();
    let unreadable = |error| usage(AccessError::Unreadable(place.clone(), error));
    let content = match env.file(&name) {
        Err(FileError::Missing) => return Ok(None),
        content => content.map_err(unreadable)?,
    };
    let text = read_file(env, &name).map_err(unreadable)?.expose_secret().to_owned();
    Ok(Some(RegistryText { text, expected: ExpectedContent::Content(content.expose_secret().to_vec()) }))
}

async fn read_blob(place: &StoredRegistry, blob: &RegistryBlob) -> Result<Option<RegistryText>, CommandError> {
    let unreadable = |error| usage(AccessError::Unreadable(place.clone(), error));
    match blob.read(None).await {
        Ok(Read::Changed(content, _)) if content.len() > MAX_BYTES => Err(unreadable(FileError::TooLarge)),
        Ok(Read::Changed(content, version)) => {
            let text = reader::text(&content).map_err(unreadable)?.to_owned();
            Ok(Some(RegistryText { text, expected: ExpectedContent::Blob(Condition::Unchanged(version)) }))
        }
        Ok(Read::Missing | Read::Unchanged) => Ok(None),
        Err(error) => Err(failed(AccessError::Storage(place.clone(), StorageError(error)))),
    }
}

/// Replaces what is `expected` there by `text`; fails if something else is there now.
pub async fn write(place: &StoredRegistry, expected: &ExpectedContent, text: &str) -> Result<(), CommandError> {
    if text.len() > MAX_BYTES {
        return Err(usage(AccessError::TooLarge));
    }
    match (place, expected) {
        (StoredRegistry::Blob(url), expected) => {
            let condition =
                if let ExpectedContent::Blob(condition) = expected { condition } else { &Condition::Absent };
            write_blob(place, &app::registry_blob(url), text, condition).await
        }
        (StoredRegistry::File(path), ExpectedContent::Content(content)) => {
            not_written(place, file::replace(path, content, text))
        }
        (StoredRegistry::File(path), _) => not_written(place, file::create(path, text)),
    }
}

fn not_written(place: &StoredRegistry, written: io::Result<()>) -> Result<(), CommandError> {
    written.map_err(|source| failed(AccessError::NotWritten(place.clone(), source)))
}

async fn write_blob(
    place: &StoredRegistry,
    blob: &RegistryBlob,
    text: &str,
    condition: &Condition,
) -> Result<(), CommandError> {
    let storage = |error| failed(AccessError::Storage(place.clone(), StorageError(error)));
    if blob.write(text, condition).await.map_err(storage)? {
        return Ok(());
    }
    // The condition also fails if the answer to our own write was lost.
    match blob.read(None).await.map_err(storage)? {
        Read::Changed(content, _) if content == text.as_bytes() => Ok(()),
        _ => Err(failed(AccessError::Changed(place.clone()))),
    }
}
