//! Creates files, and never overwrites one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::terminal::{CommandError, failed};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Only its owner, where the system has permissions for that.
    OwnerOnly,
    /// As the system's defaults say.
    Shared,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug)]
pub enum Created {
    /// It is new.
    New,
    /// It existed.
    Kept,
}

#[derive(Debug, Error)]
#[error("{name} could not be written")]
struct CreateError {
    name: String,
    source: io::Error,
}

/// Is there something with this name in the folder? A dangling link counts.
pub fn exists(name: &str) -> bool {
    Path::new(name).symlink_metadata().is_ok()
}

/// Creates the file `name` with `content`, unless it exists.
pub fn create(
    name: &str,
    privacy: Privacy,
    content: impl FnOnce() -> Result<SecretString, CommandError>,
) -> Result<Created, CommandError> {
    if exists(name) {
        return Ok(Created::Kept);
    }
    write(name, privacy, content()?.expose_secret())
        .map(|()| Created::New)
        .map_err(|source| failed(CreateError { name: name.to_owned(), source }))
}

fn write(name: &str, privacy: Privacy, content: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if privacy == Privacy::OwnerOnly {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(name)?;
    let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key would be kept by the next run.
        let _ = fs::remove_file(name);
    }
    written
}
