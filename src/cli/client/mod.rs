//! `evergrant client`: the registry in a file or a blob. [`registry`] changes its text, [`edit`] checks, shows and writes a
//! change, [`mod@store`] reads and writes.

mod change;
mod check;
mod diff;
mod edit;
mod entry;
mod file;
mod loss;
mod new;
mod next_step;
mod output;
mod registry;
mod rotate;
mod show;
mod store;
mod stored_registry;
mod target;
mod trust;

use crate::cli::terminal::CommandError;
use crate::config::Environment;

/// The commands for clients.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClientCommand {
    /// List the clients of a registry
    List(show::ListClients),
    /// Show a client's entry
    Show(show::ShowClient),
    /// Create a client with a random secret or API key
    New(Box<new::NewClient>),
    /// Add a redirect URI to a client
    AddRedirectUri(change::AddRedirectUri),
    /// Remove a redirect URI from a client
    RemoveRedirectUri(change::RemoveRedirectUri),
    /// Set a field of a client
    Set(change::SetField),
    /// Replace a client's secret or API key in two steps
    Rotate(rotate::RotateOptions),
    /// Remove a client
    Remove(change::RemoveClient),
    /// Check a client registry and list its clients
    Check(check::CheckRegistry),
}

/// Runs the command.
pub async fn run(command: ClientCommand, env: &dyn Environment) -> Result<(), CommandError> {
    match command {
        ClientCommand::List(list) => list.run(env).await,
        ClientCommand::Show(show) => show.run(env).await,
        ClientCommand::New(client) => new::run(*client, env).await,
        ClientCommand::AddRedirectUri(add) => add.run(env).await,
        ClientCommand::RemoveRedirectUri(remove) => remove.run(env).await,
        ClientCommand::Set(set) => set.run(env).await,
        ClientCommand::Rotate(rotation) => rotate::run(&rotation, env).await,
        ClientCommand::Remove(remove) => remove.run(env).await,
        ClientCommand::Check(check) => check::run(check, env).await,
    }
}
