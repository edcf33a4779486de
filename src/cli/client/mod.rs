//! `evergrant client`: the registry, before it is deployed. [`registry`] changes its text, [`mod@file`] the file.

mod check;
mod entry;
mod file;
mod new;
mod next_step;
mod output;
mod registry;
mod rotate;

use std::path::PathBuf;

use crate::cli::terminal::CommandError;
use crate::config::Environment;

/// The commands for clients.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClientCommand {
    /// Check a client registry and list its clients
    #[command(after_help = "Example:
  evergrant client check infra/clients.json

Scopes are checked against DOCUSIGN_SCOPES, or docusignScopes in a parameter
file (main.bicepparam next to the registry).")]
    Check {
        /// The registry, a JSON file [default: the setting `EVERGRANT_CLIENTS`]
        file: Option<PathBuf>,
        /// The deployment's parameter file, which has the app's scopes
        #[arg(long, value_name = "FILE")]
        parameters: Option<PathBuf>,
    },
    /// Create a client with a random secret or API key
    New(new::NewClient),
    /// Replace a client's secret or API key in two steps
    Rotate(rotate::Rotation),
}

/// Runs the command.
pub fn run(command: ClientCommand, env: &dyn Environment) -> Result<(), CommandError> {
    match command {
        ClientCommand::Check { file, parameters } => check::run(file, parameters, env),
        ClientCommand::New(client) => new::run(client, env),
        ClientCommand::Rotate(rotation) => rotate::run(&rotation, env),
    }
}
