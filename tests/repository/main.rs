//! Tests of the repository itself: documents, scripts, templates, workflows, and the layout of the source.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod azure_cli;
mod commands;
mod dependencies;
mod infra;
mod instances;
mod layout;
mod links;
mod releasing;
mod workflows;

/// What both houses of tests share.
mod support {
    use std::path::PathBuf;

    pub use sandbox::repository::{root, skipped};

    /// The handler under test.
    pub fn handler() -> PathBuf {
        PathBuf::from(env!("CARGO_BIN_EXE_evergrant"))
    }
}
