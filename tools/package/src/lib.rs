//! Builds the deployment zip of the Functions app from its folder and a binary.
//!
//! [`elf`] checks that the binary starts on every x86-64 Linux with an old glibc, [`app`] reads the app's files, [`archive`]
//! packs them so that the same files give the same bytes, and [`folder`] writes them unpacked. `./package` in the repository
//! root builds the binary and calls this.

pub mod app;
pub mod archive;
pub mod elf;
pub mod folder;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::elf::GlibcVersion;

/// Name of the zip within the output folder.
pub const ZIP: &str = "evergrant.zip";

/// Name of the folder with the same files within the output folder.
pub const FOLDER: &str = "app";

/// The size limit of the binary in bytes. A cold start loads all of it, so growth should be noticed.
const MAX_BINARY_BYTES: usize = 12_000_000;

/// The size limit of the zip in bytes. Each new instance downloads it before it can serve requests.
const MAX_ZIP_BYTES: usize = 6_000_000;

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The binary would not start.
    #[error("{path}: {source}")]
    Binary {
        /// The binary.
        path: PathBuf,
        /// The reason.
        source: elf::ElfError,
    },
    /// The folder is not an app.
    #[error(transparent)]
    App(#[from] app::AppError),
    /// The zip could not be written.
    #[error("{ZIP}: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A size limit is exceeded.
    #[error(
        "{what} has {size} bytes, the limit is {limit}: find out why it grew (`cargo tree`), or raise the limit in tools/package"
    )]
    TooLarge {
        /// The binary or the zip.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

/// Size and digest of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Bytes.
    pub size: usize,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Measure {
    fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len(), sha256: format!("{:x}", Sha256::digest(bytes)) }
    }
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The binary.
    pub binary: Measure,
    /// The oldest glibc on which it starts, unless it requires none.
    pub glibc: Option<GlibcVersion>,
    /// The zip.
    pub zip: Measure,
    /// The zip's entries, in order.
    pub entries: Vec<String>,
}

/// Packs the app in `root` with `binary` into `out`: the zip, its `.sha256`, and the same files as a folder.
///
/// # Errors
/// If the binary or the app's files cannot be deployed, or a file cannot be read or written.
pub fn package(root: &Path, binary: &Path, out: &Path) -> Result<Report, PackageError> {
    let program = std::fs::read(binary).map_err(at(binary))?;
    let glibc = elf::check(&program).map_err(|source| PackageError::Binary { path: binary.to_owned(), source })?;
    within("the binary", program.len(), MAX_BINARY_BYTES)?;
    let measured = Measure::of(&program);
    let app = App::read(root, program)?;
    let zip = archive::pack(&app)?;
    within("the zip", zip.len(), MAX_ZIP_BYTES)?;
    let entries = app.files.keys().cloned().collect();
    let report = Report { binary: measured, glibc, zip: Measure::of(&zip), entries };
    folder::write(&app, &out.join(FOLDER))?;
    write(&out.join(ZIP), &zip)?;
    // The format of `sha256sum -c`.
    let line = format!("{}  {ZIP}\n", report.zip.sha256);
    write(&out.join(format!("{ZIP}.sha256")), line.as_bytes())?;
    Ok(report)
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), PackageError> {
    if size > limit { Err(PackageError::TooLarge { what, size, limit }) } else { Ok(()) }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    std::fs::write(path, bytes).map_err(at(path))
}

/// Adds the file name to a system error.
fn at(path: &Path) -> impl FnOnce(io::Error) -> PackageError {
    let path = path.to_owned();
    |source| PackageError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_size_may_reach_the_limit_but_not_exceed_it() {
        assert!(within("the zip", 6, 6).is_ok());
        let message = within("the zip", 7, 6).unwrap_err().to_string();
        assert!(message.contains("the zip has 7 bytes") && message.contains("raise the limit"), "{message}");
    }
}
