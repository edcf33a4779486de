//! State that all processes share: used codes and assertions, revoked grants, rotated refresh tokens, Workfront's uploads, and
//! the redirect URIs that clients asked for. Everything else is in sealed tokens and stored nowhere.
//!
//! [`records`] lists the kinds of records. The endpoints use [`codes`], [`assertions`] (both [`single_use`]), [`revocations`],
//! [`rotation`] and [`redirect_requests`]; the Workfront endpoint writes its own records. All use a [`Store`]: [`memory`] for
//! one process or [`blob`] for many. [`document`] is a single blob.

pub mod assertions;
pub mod blob;
pub mod codes;
mod container;
pub mod document;
pub mod error;
mod error_table;
pub mod memory;
pub mod records;
pub mod redirect_list;
pub mod redirect_requests;
pub mod revocations;
pub mod rotation;
pub mod single_use;

use async_trait::async_trait;

use crate::clock::UnixSeconds;
use crate::types::Explained as _;
pub use error::StoreError;
pub use error_table::STORE_UNAVAILABLE;

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its text.
    pub content: String,
    /// The version that was read.
    pub version: Version,
}

/// The version of a record; opaque (an `ETag` in Blob Storage).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// When to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// If the record does not exist.
    Absent,
    /// If the record still has this version.
    Unchanged(Version),
}

/// A record to write.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its name.
    pub name: String,
    /// Its text.
    pub content: String,
    /// When to write it.
    pub condition: Condition,
    /// When it may be deleted; `None` if never. The memory store uses this; Blob Storage has the lifecycle rules of
    /// [`records`].
    pub expires_at: Option<UnixSeconds>,
}

/// The number of tries to change a record that others change at the same time.
const MAX_TRIES: u32 = 5;

/// Stores records. Conditional writes are atomic.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads a record.
    ///
    /// # Errors
    /// [`StoreError`] if it is unknown whether the record exists.
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError>;

    /// Writes a record; false if the condition failed. It can also fail because an earlier write of the same record succeeded
    /// and its response was lost.
    ///
    /// # Errors
    /// [`StoreError`] if it is unknown whether the record was written.
    async fn write(&self, write: Write) -> Result<bool, StoreError>;

    /// A name for this process, if its records are not shared.
    fn process_id(&self) -> Option<&str>;
}

/// Changes a record, also while others change it. `change` gets its text, if it exists, and returns the new one, if it has to
/// be written, with the result.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Contended`] if others always came first.
pub async fn update<T>(
    store: &dyn Store,
    name: &str,
    expires_at: Option<UnixSeconds>,
    change: impl Fn(Option<&str>) -> (Option<String>, T),
) -> Result<T, StoreError> {
    for _ in 0..MAX_TRIES {
        let record = store.read(name).await?;
        let (content, result) = change(record.as_ref().map(|record| record.content.as_str()));
        let Some(content) = content else { return Ok(result) };
        let condition = record.map_or(Condition::Absent, |record| Condition::Unchanged(record.version));
        if store.write(Write { name: name.to_owned(), content, condition, expires_at }).await? {
            return Ok(result);
        }
    }
    Err(StoreError::Contended)
}

fn log_failure(what: &str, error: &StoreError) {
    let line = error.line();
    tracing::warn!(event = "store_unavailable", what, cause = %error, "{line}");
}
