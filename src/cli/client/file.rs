//! A registry in a file: read as a whole, and replaced as a whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::cli::client::check;
use crate::cli::{CommandError, failed};
use crate::config::Environment;
use crate::oauth::client::ClientRegistry;
use crate::random;

/// A well-formed registry.
pub struct RegistryFile {
    path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The registry is as it was.
#[derive(Debug, Error)]
#[error("{} could not be written", path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

impl RegistryFile {
    /// Reads the registry at `path`; one with faults is not touched.
    pub fn read(path: &Path, env: &dyn Environment) -> Result<Self, CommandError> {
        let name = path.display().to_string();
        let text = env.file(&name).map(|text| text.expose_secret().to_owned());
        check::read(text.clone().unwrap_or(format!("@{name}")), env)?;
        Ok(Self { path: path.to_owned(), text: text.unwrap_or_default() })
    }

    /// Puts `text` in its place if that has no faults; gives what it registers.
    pub fn replace(&self, text: &str, env: &dyn Environment) -> Result<ClientRegistry, CommandError> {
        let clients = check::read(text.to_owned(), env)?;
        let written = replace(&self.path, text);
        written.map_err(|source| failed(WriteError { path: self.path.clone(), source }))?;
        Ok(clients)
    }
}

/// Writes beside the file and renames over it, so that nobody ever sees half of it. A symbolic link stays one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let draft = path.with_file_name(format!(".clients-{}.json", random::id::<9>()));
    let replaced = fs::metadata(&path)
        .and_then(|replaced| write(&draft, text, replaced.permissions()))
        .and_then(|()| fs::rename(&draft, &path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

fn write(draft: &Path, text: &str, permissions: Permissions) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
