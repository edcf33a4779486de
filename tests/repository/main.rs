//! Tests of the repository itself: documents, scripts, templates, workflows, and the layout of the source.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod commands;
mod dependencies;
mod infra;
mod layout;
mod links;
mod queries;
mod recipes;
mod reference;
mod tools;
mod troubleshooting;
mod words;
mod workflows;
