//! `evergrant config`: what settings look like, for editors and checkers.

use crate::cli::{CommandError, print};

/// The schema that stands beside the guides too.
const CLIENTS_SCHEMA: &str = include_str!("../../docs/clients.schema.json");

/// What to tell.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON Schema (draft 2020-12) of the client registry
    #[command(after_help = "Example:\n  evergrant config schema > clients.schema.json")]
    Schema,
}

/// Tells it.
pub fn run(command: &ConfigCommand) -> Result<(), CommandError> {
    match command {
        ConfigCommand::Schema => print(CLIENTS_SCHEMA.as_bytes()),
    }
}
