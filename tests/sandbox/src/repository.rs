//! The repository that is tested, which is the app's folder too.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders above the sandbox").to_owned()
}

/// Says that a test did nothing and why, past the test runner's capture.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: {why}\n");
}
