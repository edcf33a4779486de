//! Tests of the packing tool with small hand-made programs.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::disallowed_methods, reason = "nothing is run from the folders")]

mod binaries;
mod contents;
mod programs;
