//! Where a registry is, as `--in` names it.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::config::values::url::registry_blob;
use crate::config::{ConfigError, Environment, RegistryPlace, Settings};

/// A file or a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredRegistry {
    /// The file at this path.
    File(PathBuf),
    /// The blob at this URL.
    Blob(Url),
}

impl StoredRegistry {
    /// Parses the value of `--in`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let expected =
            "a file, or a blob such as https://contoso.blob.core.windows.net/evergrant-registry/clients.json";
        registry_blob(text).map(Self::Blob).map_err(|reason| format!("{reason}; expected {expected}"))
    }

    /// Where `EVERGRANT_CLIENTS` has the registry; `None` for the setting itself.
    pub fn of_setting(env: &dyn Environment) -> Result<Option<Self>, ConfigError> {
        Ok(match Settings::read_registry_place(env)? {
            RegistryPlace::Setting => None,
            RegistryPlace::File(path) => Some(Self::File(path.into())),
            RegistryPlace::Blob(url) => Some(Self::Blob(url)),
        })
    }

    /// The path next to which the parameter file is. The deployed registry is a copy of the repository's file.
    pub fn next_to_parameters(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Blob(_) => DEPLOYED.to_owned(),
        }
    }
}

/// The registry that `./deploy` reads, from the repository's root.
pub const DEPLOYED: &str = "infra/clients.json";

impl fmt::Display for StoredRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Blob(url) => url.fmt(f),
        }
    }
}
