//! Writes to stdout and stderr. Rust's own macros panic if a reader stops early or a disk is full.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write, stdout};

use thiserror::Error;

use crate::cli::terminal::{CommandError, failed};

/// The output is incomplete.
#[derive(Debug, Error)]
#[error("the output could not be written")]
struct OutputError(#[source] io::Error);

/// Writes a whole document to stdout.
pub fn print(document: &[u8]) -> Result<(), CommandError> {
    let mut stdout = stdout().lock();
    checked(stdout.write_all(document).and_then(|()| stdout.flush()))
}

/// Writes a line to stdout, with its styles if stdout shows them.
pub fn print_line(line: impl Display) -> Result<(), CommandError> {
    let mut stdout = anstream::stdout().lock();
    checked(writeln!(stdout, "{line}").and_then(|()| stdout.flush()))
}

/// Writes a line to stderr. If that fails, there is nowhere to report it.
pub fn explain(line: impl Display) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{line}").and_then(|()| stderr.flush());
}

/// A reader that stops early, as `head` does, knows that the output is incomplete. Everyone else is shown why.
fn checked(written: io::Result<()>) -> Result<(), CommandError> {
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => CommandError::Reported { exit_code: 1 },
        _ => failed(OutputError(error)),
    })
}
