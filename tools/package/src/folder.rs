//! Writes the files as a folder, for tools that create their own zip.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::app::{App, File};
use crate::{PackageError, at};

/// Writes the app into `folder`, replacing its content.
///
/// # Errors
/// When a file cannot be written.
pub fn write(app: &App, folder: &Path) -> Result<(), PackageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(folder)(error)),
        _ => {}
    }
    for (name, file) in &app.files {
        let path = folder.join(name);
        put(&path, file).map_err(at(&path))?;
    }
    Ok(())
}

/// Writes a file. The mode is set afterwards, because at creation it is subject to the umask.
#[expect(clippy::disallowed_methods, reason = "nothing is run from the folder")]
fn put(path: &Path, file: &File) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
        fs::set_permissions(parent, Permissions::from_mode(0o755))?;
    }
    fs::write(path, &file.bytes)?;
    fs::set_permissions(path, Permissions::from_mode(file.mode))
}
