//! A folder of files that a command writes: connectors and solutions.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cli::files;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::connector::{ConnectorFile, SETTINGS_FILE};

/// Why files were not written.
#[derive(Debug, Error)]
enum WriteError {
    #[error("{} has a different {}: choose another folder, or replace it with --force", folder.display(), names.join(", "))]
    Taken { folder: PathBuf, names: Vec<String> },
    #[error("{} could not be written", path.display())]
    NotWritten {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Writes missing files and, with `force`, replaces different ones; a symbolic link is replaced, not followed. Without it,
/// nothing is written if a file is different.
pub fn write(folder: &Path, files: Vec<ConnectorFile>, force: bool) -> Result<Vec<PathBuf>, CommandError> {
    let path = |file: &ConnectorFile| folder.join(file.name.as_ref());
    let (present, missing): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| path(file).symlink_metadata().is_ok());
    let different = |file: &ConnectorFile| fs::read(path(file)).ok().as_ref() != Some(&file.content);
    let taken: Vec<_> = present.into_iter().filter(different).collect();
    if !force && !taken.is_empty() {
        let names = taken.iter().map(|file| file.name.to_string()).collect();
        return Err(usage(WriteError::Taken { folder: folder.to_owned(), names }));
    }
    let replaced = taken.into_iter().filter(|file| file.name != SETTINGS_FILE);
    missing.into_iter().chain(replaced).map(|file| write_one(&path(&file), &file.content)).collect()
}

fn write_one(path: &Path, content: &[u8]) -> Result<PathBuf, CommandError> {
    let not_written = |path: &Path, source| failed(WriteError::NotWritten { path: path.to_owned(), source });
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| not_written(folder, error))?;
    files::replace(path, content, None, || Ok(())).map_err(|error| not_written(path, error))?;
    Ok(path.to_owned())
}
