//! The simulated Functions host does what the real one was seen to do: [`recorded`] holds it against a recording, the other
//! files have the rules.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod answers;
mod app;
mod client;
mod failures;
mod handler;
mod memory;
mod processes;
mod recorded;
mod requests;
