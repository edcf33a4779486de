//! The arguments that commands for one client share.

use crate::cli::client::edit::edit;
use crate::cli::client::loss::Confirmation;
use crate::cli::client::output;
use crate::cli::client::registry::Change;
use crate::cli::client::stored_registry::StoredRegistry;
use crate::cli::terminal::CommandError;
use crate::config::Environment;

/// A client of a registry.
#[derive(Clone, Debug, clap::Args)]
pub struct ClientTarget {
    /// The client's identifier
    #[arg(value_name = "ID")]
    pub client_id: String,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = StoredRegistry::parse)]
    pub place: StoredRegistry,
}

impl ClientTarget {
    /// Makes the change that the client's identifier leads to.
    pub async fn change(
        self,
        change: impl FnOnce(String) -> Change,
        confirmation: Confirmation,
        env: &dyn Environment,
    ) -> Result<(), CommandError> {
        let Self { client_id, place } = self;
        let change = change(client_id);
        let clients = edit(&place, &change, confirmation, env).await?;
        output::print_warnings(&clients, change.client_id());
        output::print_how_to_deploy(&place);
        Ok(())
    }
}
