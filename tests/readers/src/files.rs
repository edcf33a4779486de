//! The files of the repository, which is also the app's folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders above this crate").to_owned()
}

/// The text of a file of the repository.
#[must_use]
pub fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All files below a folder of the repository, by their paths from the root, without installed tools.
#[must_use]
pub fn files(folder: &str) -> Vec<String> {
    let is_installed = |name: &String| [".venv", "node_modules", "__pycache__"].iter().any(|end| name.ends_with(end));
    let entries = entries(folder).into_iter().filter(|name| !is_installed(name));
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|name| root().join(name).is_dir());
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files.sort();
    files
}

/// Whether a file has the extension `kind`.
#[must_use]
pub fn is_a(kind: &str, name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == kind)
}

/// The entries of a folder of the repository, by their paths from the root.
#[must_use]
pub fn entries(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut names: Vec<_> =
        paths.map(|path| path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Prints that a test was skipped and why, past the test runner's capture. `./test` prints it again at its end.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: {why}\n");
    let list = std::fs::OpenOptions::new().append(true).open(root().join("target/tmp/unchecked"));
    let _ = list.map(|mut list| writeln!(list, "{why}"));
}
