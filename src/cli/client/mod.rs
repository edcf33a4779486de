//! `evergrant client`: the registry, before it is deployed. [`registry`] changes its text,
//! [`mod@file`] the file.

mod check;
mod entry;
mod file;
mod new;
mod output;
mod registry;
mod rotate;

use std::path::PathBuf;

use crate::cli::terminal::CommandError;
use crate::config::Environment;

/// What to do with clients.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClientCommand {
    /// Check a client registry and list its clients; scopes are checked if `DOCUSIGN_SCOPES` is set
    #[command(after_help = "Example:\n  evergrant client check infra/clients.json")]
    Check {
        /// A JSON file with the array of clients; without it `EVERGRANT_CLIENTS` is checked
        file: Option<PathBuf>,
    },
    /// Make a client with a random secret or API key, shown once: alone on stdout, everything else on stderr
    New(new::NewClient),
    /// Give a client a second secret or API key, or take the older one away at the end
    Rotate(rotate::Rotation),
}

/// Runs the command.
pub fn run(command: ClientCommand, env: &dyn Environment) -> Result<(), CommandError> {
    match command {
        ClientCommand::Check { file } => check::run(file, env),
        ClientCommand::New(client) => new::run(client, env),
        ClientCommand::Rotate(rotation) => rotate::run(&rotation, env),
    }
}
