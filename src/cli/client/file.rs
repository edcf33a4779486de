//! A registry in a file: changed as a whole, or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::cli::client::registry::Change;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::{Environment, Settings};
use crate::oauth::client::ClientRegistry;
use crate::random;

/// The registry was not changed.
#[derive(Debug, Error)]
#[error("{} could not be written", path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Applies `change` to the registry at `path`, which must be valid before and after; returns what it registers.
pub fn edit(path: &Path, change: &Change, env: &dyn Environment) -> Result<ClientRegistry, CommandError> {
    let name = path.display().to_string();
    Settings::read_registry_file(env, &name)?;
    let text = env.file(&name).map_err(failed)?;
    let changed = change.apply(text.expose_secret()).map_err(usage)?;
    let clients = Settings::read_registry(env, &name, &changed)?;
    let written = replace(path, &changed);
    written.map_err(|source| failed(WriteError { path: path.to_owned(), source }))?;
    Ok(clients)
}

/// Writes a draft in the same folder and renames it to the file, so that no reader sees half of it. A symbolic link stays one.
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
