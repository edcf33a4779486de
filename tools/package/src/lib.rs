//! Makes the deployment zip of the Functions app out of its folder and a built binary.
//!
//! [`elf`] checks that the binary starts on every x86-64 Linux with an old glibc, [`app`] gathers what the Functions host reads, [`archive`]
//! packs it so that the same files give the same bytes, and [`folder`] lays the same files out unpacked. `./package`
//! at the root of the repository builds the binary and calls this.

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

/// The most bytes that the binary may have. A cold start loads all of it, so growth should be noticed.
const BINARY_MOST: usize = 12_000_000;

/// The most bytes that the zip may have. Each new instance fetches it before it can serve.
const ZIP_MOST: usize = 6_000_000;

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The binary would not run there.
    #[error("{path}: {source}")]
    Binary {
        /// The binary.
        path: PathBuf,
        /// What is wrong with it.
        source: elf::ElfError,
    },
    /// The folder is no app.
    #[error(transparent)]
    App(#[from] app::AppError),
    /// The zip could not be made.
    #[error("{ZIP}: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// Too many bytes.
    #[error(
        "{what} has {size} bytes, and {most} is the most: find what made it grow (`cargo tree`), or raise the budget in tools/package"
    )]
    TooLarge {
        /// The binary or the zip.
        what: &'static str,
        /// Its bytes.
        size: usize,
        /// The budget.
        most: usize,
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

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The binary.
    pub binary: Measure,
    /// The oldest glibc on which it starts, unless it needs none.
    pub glibc: Option<GlibcVersion>,
    /// The zip.
    pub zip: Measure,
    /// The zip's entries in their order.
    pub entries: Vec<String>,
}

/// Packs the app in `root` with `binary` into `out`: the zip, its `.sha256`, and the same files as a folder.
///
/// # Errors
/// When the binary or the app's files are not fit to be deployed, or a file cannot be read or written.
pub fn package(root: &Path, binary: &Path, out: &Path) -> Result<Report, PackageError> {
    let program = std::fs::read(binary).map_err(at(binary))?;
    let glibc = elf::check(&program).map_err(|source| PackageError::Binary { path: binary.to_owned(), source })?;
    within("the binary", program.len(), BINARY_MOST)?;
    let measured = Measure::of(&program);
    let app = App::read(root, program)?;
    let zip = archive::pack(&app)?;
    within("the zip", zip.len(), ZIP_MOST)?;
    let entries = app.files.keys().cloned().collect();
    let report = Report { binary: measured, glibc, zip: Measure::of(&zip), entries };
    folder::write(&app, &out.join(FOLDER))?;
    write(&out.join(ZIP), &zip)?;
    // As `sha256sum -c` reads it.
    let line = format!("{}  {ZIP}\n", report.zip.sha256);
    write(&out.join(format!("{ZIP}.sha256")), line.as_bytes())?;
    Ok(report)
}

fn within(what: &'static str, size: usize, most: usize) -> Result<(), PackageError> {
    if size > most { Err(PackageError::TooLarge { what, size, most }) } else { Ok(()) }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    std::fs::write(path, bytes).map_err(at(path))
}

/// Names the file in an error of the system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> PackageError {
    let path = path.to_owned();
    |source| PackageError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_budget_may_be_used_up_but_not_exceeded() {
        assert!(within("the zip", 6, 6).is_ok());
        let told = within("the zip", 7, 6).unwrap_err().to_string();
        assert!(told.contains("the zip has 7 bytes") && told.contains("raise the budget"), "{told}");
    }
}
