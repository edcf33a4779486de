//! Files that are replaced as a whole, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

/// Keeps other commands that change the file at `path` waiting until it is dropped. It locks the folder, because the file itself
/// is replaced. `None` if the system cannot lock folders.
pub fn lock(path: &Path) -> Option<File> {
    let folder = File::open(path.canonicalize().ok()?.parent()?).ok()?;
    folder.lock().ok().map(|()| folder)
}

/// Writes a draft in the same folder and renames it to `path`, so that no reader sees half of it. A symbolic link at `path` is
/// replaced, not followed. A draft that a killed command left behind is removed.
///
/// # Errors
/// Those of the file system, and of `ready`, which is asked just before the file is replaced.
pub fn replace(
    path: &Path,
    content: &[u8],
    permissions: Option<Permissions>,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or("file");
    let draft = path.with_file_name(format!(".{name}.new"));
    let _ = fs::remove_file(&draft);
    let replaced = write(&draft, content, permissions).and_then(|()| ready()).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

fn write(draft: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
    file.write_all(content)?;
    file.sync_all()
}
