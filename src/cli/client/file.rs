//! A registry in a file: changed as a whole, or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::cli::client::check::read_registry;
use crate::cli::client::registry::Change;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::Environment;
use crate::oauth::client::ClientRegistry;
use crate::random;

/// The registry is as it was.
#[derive(Debug, Error)]
#[error("{} could not be written", path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Makes `change` in the registry at `path`, which has to be well-formed before and after it; gives what it registers.
pub fn edit(path: &Path, change: &Change, env: &dyn Environment) -> Result<ClientRegistry, CommandError> {
    let changed = change.apply(&read(path, env)?).map_err(usage)?;
    let clients = read_registry(changed.clone(), env)?;
    let written = replace(path, &changed);
    written.map_err(|source| failed(WriteError { path: path.to_owned(), source }))?;
    Ok(clients)
}

fn read(path: &Path, env: &dyn Environment) -> Result<String, CommandError> {
    let name = path.display().to_string();
    let text = env.file(&name).map(|text| text.expose_secret().to_owned());
    read_registry(text.clone().unwrap_or(format!("@{name}")), env)?;
    Ok(text.unwrap_or_default())
}

/// Writes a draft in the same folder and renames it over the file, so that a reader never sees half of it. A symbolic
/// link stays one.
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
