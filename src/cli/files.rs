//! Files that are replaced as a whole, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

/// Keeps other commands that change or create the file at `path` waiting until it is dropped. It locks the folder, because the
/// file itself is replaced. `None` if the system cannot lock folders.
pub fn lock(path: &Path) -> Option<File> {
    let path = path.canonicalize().unwrap_or_else(|_| Path::new(".").join(path));
    let folder = File::open(path.parent()?).ok()?;
    platform::lock(&folder).then_some(folder)
}

/// Writes a draft in the same folder and renames it to `path`, so that no reader sees half of it. A symbolic link at `path` is
/// replaced, not followed. A draft that a killed command left behind is removed.
///
/// # Errors
/// Those of the file system, and of `ready`, which is asked just before the file is replaced.
pub fn replace(
    path: &Path,
    content: &[u8],
    permissions: Option<&Permissions>,
    ready: impl Fn() -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or("file");
    let draft = path.with_file_name(format!(".{name}.new"));
    let _ = fs::remove_file(&draft);
    let write = |file: &mut File| {
        permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions.clone()))?;
        file.write_all(content)?;
        file.sync_all()?;
        ready()
    };
    let replaced = match platform::nameless(&draft) {
        Some(mut file) => write(&mut file).and_then(|()| platform::name(&file, &draft, path)),
        None => OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&draft)
            .and_then(|mut file| write(&mut file).and_then(|()| fs::rename(&draft, path))),
    };
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

/// What Linux has for this: locks on folders, and files without a name, which vanish with the process that writes them.
#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::CString;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, FlockOperation, OFlags, flock, linkat, rename};

    /// Is `folder` locked now?
    pub fn lock(folder: &File) -> bool {
        flock(folder, FlockOperation::LockExclusive).is_ok()
    }

    /// A file without a name in the folder of `draft`; `None` if it could not be named later.
    pub fn nameless(draft: &Path) -> Option<File> {
        let flags = i32::try_from(OFlags::TMPFILE.bits()).ok()?;
        let file = OpenOptions::new().write(true).custom_flags(flags).open(draft.parent()?).ok()?;
        place(&file).exists().then_some(file)
    }

    /// Puts `file` at `path`. Only another name can replace a file, so it has the name `draft` between two calls of the system.
    /// Everything for the second call is ready before the first, because a command that is killed in between leaves the draft
    /// behind.
    pub fn name(file: &File, draft: &Path, path: &Path) -> io::Result<()> {
        let c_string = |path: &Path| CString::new(path.as_os_str().as_bytes());
        let (place, draft, path) = (c_string(&place(file))?, c_string(draft)?, c_string(path)?);
        linkat(CWD, &*place, CWD, &*draft, AtFlags::SYMLINK_FOLLOW)?;
        Ok(rename(&*draft, &*path)?)
    }

    fn place(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    pub const fn lock(_: &File) -> bool {
        false
    }

    pub const fn nameless(_: &Path) -> Option<File> {
        None
    }

    pub fn name(_: &File, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
