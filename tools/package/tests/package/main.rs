//! Tests of the packing tool with small hand-made programs.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod binaries;
mod contents;
mod programs;
