//! Why the client registry could not be read, with the texts for it. Pure.

use thiserror::Error;

use crate::config::FileError;
use crate::store::{STORE_UNAVAILABLE, StoreError};
use crate::types::{Explained, Explanation};

/// Why the client registry could not be read. The last good version stays.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.problem())]
pub enum RegistryError {
    /// The file cannot be read.
    File(FileError),
    /// There is no blob, or no container.
    NoBlob,
    /// The app's identity has no role.
    AccessDenied,
    /// The storage account does not return the blob.
    Storage(StoreError),
}

const FILE: Explanation = Explanation {
    code: "file_unavailable",
    problem: "the file <reason>",
    client: "the registered clients cannot be read at the moment; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "Put the file that EVERGRANT_CLIENTS names back, readable for the app.",
    command: None,
};

const NO_BLOB: Explanation = Explanation {
    code: "blob_missing",
    problem: "the blob does not exist",
    operator: "Upload it.",
    command: Some(
        "This uploads it: `az storage blob upload --auth-mode login --account-name <account> --container-name <container> \
         --name <blob> --file infra/clients.json`",
    ),
    ..FILE
};

const ACCESS_DENIED: Explanation = Explanation {
    code: STORE_UNAVAILABLE.code,
    problem: "access denied: the identity needs the role Storage Blob Data Reader on the container",
    operator: "Grant the app's identity the role Storage Blob Data Reader on the container, and wait some minutes.",
    command: Some(
        "This grants it: `az role assignment create --assignee \"<client id of the identity>\" --role \"Storage Blob Data \
         Reader\" --scope \"$(az storage account show --name <account> --query id --output \
         tsv)/blobServices/default/containers/<container>\"`",
    ),
    ..FILE
};

/// The texts of the store's error.
const STORAGE: Explanation = Explanation { problem: "<problem>", operator: "<fix>", ..FILE };

/// The store's texts name the store's setting.
#[must_use]
pub fn about_registry(text: &str) -> String {
    text.replace("EVERGRANT_STORE", "EVERGRANT_CLIENTS")
}

impl RegistryError {
    /// One of each variant with texts of its own, for the table in the tests.
    pub const ALL: [Self; 3] = [Self::File(FileError::Missing), Self::NoBlob, Self::AccessDenied];
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoContainer => Self::NoBlob,
            StoreError::AccessDenied => Self::AccessDenied,
            other => Self::Storage(other),
        }
    }
}

impl Explained for RegistryError {
    fn explain(&self) -> Explanation {
        match self {
            Self::File(_) => FILE,
            Self::NoBlob => NO_BLOB,
            Self::AccessDenied => ACCESS_DENIED,
            Self::Storage(error) => Explanation { code: error.explain().code, ..STORAGE },
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::File(error) => vec![("reason", error.to_string())],
            Self::NoBlob | Self::AccessDenied => Vec::new(),
            Self::Storage(error) => {
                vec![("problem", about_registry(&error.problem())), ("fix", about_registry(&error.fix(&[])))]
            }
        }
    }
}
