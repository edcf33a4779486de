//! Readers of this repository's files, for its tests: each uses a library or a program made for its language.
//!
//! [`files`] finds them. [`markdown`] reads the documentation, [`rust`] the product's source, [`shell`] its scripts, [`yaml`]
//! configuration. From these come the [`commands`], [`messages`], [`log_lines`], [`modules`], [`dependencies`], [`queries`],
//! [`workflows`], and [`phrases`] in all of them. [`bicep`] compiles the [`templates`], [`deployments`] are what they create,
//! [`promises`] what must be true of it. [`azure_cli`] and [`linters`] check commands, workflows and deployments. [`generated`]
//! compares files that tests can write, and [`programs`] runs what all of these need.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "test code should fail loudly")]
#![expect(clippy::missing_panics_doc, reason = "test code may panic")]

pub mod azure_cli;
pub mod bicep;
pub mod commands;
pub mod dependencies;
pub mod deployments;
pub mod files;
pub mod generated;
pub mod linters;
pub mod log_lines;
pub mod markdown;
pub mod messages;
pub mod modules;
pub mod phrases;
pub mod programs;
pub mod promises;
pub mod queries;
pub mod rust;
pub mod shell;
pub mod templates;
pub mod workflows;
pub mod yaml;
