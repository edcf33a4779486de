//! What has to be remembered across processes: which codes are used up, which grants are revoked, how far a refresh
//! token was rotated, what became of Workfront's uploads. Tiny records under plain names; everything else is sealed and stored nowhere.
//!
//! [`records`] lists the kinds of records. [`codes`], [`revocations`] and [`rotation`] are what the endpoints use;
//! Workfront's keeps its records itself. They are built on [`Store`], which is [`memory`] for one process or [`blob`] for
//! many.

pub mod blob;
pub mod codes;
pub mod memory;
pub mod records;
pub mod revocations;
pub mod rotation;

use async_trait::async_trait;
use thiserror::Error;

use crate::clock::UnixSeconds;

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its text.
    pub content: String,
    /// Which state of the record this is.
    pub version: Version,
}

/// Names one state of a record; opaque (an `ETag` in Blob storage).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// When to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// If there is no such record.
    Absent,
    /// If the record is still in this state.
    Unchanged(Version),
}

/// A record to be written.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its name.
    pub name: String,
    /// Its text.
    pub content: String,
    /// When to write it.
    pub condition: Condition,
    /// From when on it is not needed any more; `None` if it always is. For a store in memory: Blob storage has the
    /// lifecycle rules of [`records`].
    pub expires_at: Option<UnixSeconds>,
}

/// Why the store did not answer. Never a reason to refuse a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Our identity may not.
    #[error("access denied: the identity needs the role Storage Blob Data Contributor on the container")]
    AccessDenied,
    /// There is no such container.
    #[error("the container of EVERGRANT_STORE does not exist")]
    NoContainer,
    /// No Entra token could be had.
    #[error("no Entra token for storage: check the managed identity and AZURE_CLIENT_ID")]
    IdentityUnavailable,
    /// No answer came, or not in time.
    #[error("no answer from the storage account")]
    NoAnswer,
    /// Any other answer.
    #[error("the storage account answered with status {status}")]
    Failed {
        /// The HTTP status; 0 for an answer that could not be read.
        status: u16,
    },
}

/// Where records are kept. Conditional writes are atomic.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads a record.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be told whether there is one.
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError>;

    /// Writes a record; false if its condition does not hold, which may be because an earlier write of the same did
    /// come through, though its answer was lost.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be told whether it was written.
    async fn write(&self, write: Write) -> Result<bool, StoreError>;

    /// A name for this process, if nobody else sees its records.
    fn process_id(&self) -> Option<&str>;
}
