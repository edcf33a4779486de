//! Callers without a secret: the presets of the command line, and the recipes in `examples/callers`.

mod issuers;
mod presets;
#[cfg(unix)]
mod recipes;
