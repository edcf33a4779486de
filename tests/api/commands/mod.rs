//! The command line as a whole: wrong usage of every command, output for machines, and registries under any sequence of changes.

mod json;
#[cfg(unix)]
mod model;
mod new;
#[cfg(unix)]
mod registry_files;
#[cfg(unix)]
mod status;
mod usage;

use std::process::Output;

use serde_json::Value;

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The one JSON value on stdout.
#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", stdout(output), stderr(output)))
}
