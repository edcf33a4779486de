//! `evergrant config`: the format of settings, for editors and validators.

use crate::cli::terminal::{CommandError, print};

/// The schema is also in the documentation.
const CLIENTS_SCHEMA: &str = include_str!("../../docs/clients.schema.json");

/// The commands for settings.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON Schema (draft 2020-12) of the client registry
    #[command(after_help = "Example:\n  evergrant config schema > clients.schema.json")]
    Schema,
}

/// Prints the result.
pub fn run(command: &ConfigCommand) -> Result<(), CommandError> {
    match command {
        ConfigCommand::Schema => print(CLIENTS_SCHEMA.as_bytes()),
    }
}
