//! The simulated Functions host does what the real one was seen to do: [`recorded`] holds it against a recording, the other
//! files have the rules.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod app;
mod client;
mod handler;
mod recorded;
