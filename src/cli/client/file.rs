//! A registry in a file: changed as a whole, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::cli::client::registry::Change;
use crate::cli::files;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::installation::InstallationScopes;
use crate::config::reader::{BYTE_ORDER_MARK, read_file};
use crate::config::{Environment, RegistrySource, Settings};
use crate::oauth::client::ClientRegistry;

/// The registry was not changed.
#[derive(Debug, Error)]
#[error("{} could not be written, and is unchanged", path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Applies `change` to the registry at `path`, which must be valid before and after; returns what it registers.
pub fn edit(path: &Path, change: &Change, env: &dyn Environment) -> Result<ClientRegistry, CommandError> {
    let name = path.display().to_string();
    let _lock = files::lock(path);
    let scopes = InstallationScopes::find(env, Some(&name), None).for_editing();
    Settings::read_registry(env, RegistrySource::File(&name), &scopes)?;
    let before = env.file(&name).map_err(failed)?;
    let text = read_file(env, &name).map_err(failed)?;
    let changed = change.apply(text.expose_secret()).map_err(usage)?;
    let clients = Settings::read_registry(env, RegistrySource::Text { name: &name, text: &changed }, &scopes)?;
    replace(path, before.expose_secret(), &changed)
        .map_err(|source| failed(WriteError { path: path.to_owned(), source }))?;
    Ok(clients)
}

/// Replaces `before` by `changed`, with the same line ends and byte order mark. A symbolic link stays one.
fn replace(path: &Path, before: &[u8], changed: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let mark = if before.starts_with(BYTE_ORDER_MARK.to_string().as_bytes()) {
        BYTE_ORDER_MARK.to_string()
    } else {
        String::new()
    };
    let is_crlf = before.windows(2).any(|pair| pair == b"\r\n");
    let changed = if is_crlf { changed.replace('\n', "\r\n") } else { changed.to_owned() };
    let permissions = fs::metadata(&path)?.permissions();
    files::replace(&path, (mark + &changed).as_bytes(), Some(&permissions), || {
        // Editors do not know the lock.
        if fs::read(&path)? == before {
            Ok(())
        } else {
            Err(io::Error::other("it was changed meanwhile; run this again"))
        }
    })
}
