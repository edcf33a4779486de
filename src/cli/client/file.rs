//! A registry in a file: changed as a whole, or not at all.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::files;
use crate::config::values::BYTE_ORDER_MARK;

/// Writes a file that does not exist.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    files::replace(path, text.as_bytes(), None, || if path.exists() { Err(changed_meanwhile()) } else { Ok(()) })
}

/// The error of a writer that was second.
pub fn changed_meanwhile() -> io::Error {
    io::Error::other("it was changed meanwhile; run this again")
}

/// Replaces `before` by `changed`, with the same line ends and byte order mark. A symbolic link stays one.
pub fn replace(path: &Path, before: &[u8], changed: &str) -> io::Result<()> {
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
        if fs::read(&path)? == before { Ok(()) } else { Err(changed_meanwhile()) }
    })
}
