//! `evergrant solution power-automate`: flows to import, with the connectors that they use.

use std::path::PathBuf;

use crate::cli::terminal::{CommandError, explain, failed, print_line, values};
use crate::cli::written;
use crate::config::{Environment, Settings};
use crate::connector::{self, Authentication, solution};
use crate::oauth::client::ClientId;
use crate::types::BaseUrl;

/// The platforms.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum SolutionCommand {
    /// Write solutions with flows between DocuSign and SharePoint
    PowerAutomate(SolutionOptions),
}

/// The solutions' options.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant solution power-automate --out solution \\
    --public-url https://contoso-evergrant.azurewebsites.net

Each solution is written twice: as a zip file to import, and unpacked as
`pac solution unpack` does. The flows call this app's gateway.")]
pub struct SolutionOptions {
    /// Folder to write into; created if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// This app's URL [default: `EVERGRANT_PUBLIC_URL`]
    #[arg(long, value_name = "URL", value_parser = values::public_url)]
    public_url: Option<BaseUrl>,
    /// The client registered for the connectors
    #[arg(long, default_value = connector::CLIENT_ID, value_parser = values::client_id)]
    client_id: ClientId,
    /// Connect with an API key, without a sign-in
    #[arg(long, conflicts_with = "client_id")]
    api_key: bool,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

/// Writes the files and prints what to do with them.
pub fn run(command: SolutionCommand, env: &dyn Environment) -> Result<(), CommandError> {
    let SolutionCommand::PowerAutomate(SolutionOptions { out, public_url, client_id, api_key, force }) = command;
    let public_url = public_url.map_or_else(|| Settings::read_public_url(env), Ok)?;
    let authentication = if api_key { Authentication::ApiKey } else { Authentication::ThroughGateway { client_id } };
    let files = solution::power_automate(&public_url, &authentication).map_err(failed)?;
    for path in written::write(&out, files, force)? {
        print_line(path.display())?;
    }
    if public_url.is_insecure() {
        explain(format_args!("Power Platform cannot reach {public_url}, because it calls from the internet."));
    }
    explain("Import EvergrantConnectors.zip first, then EvergrantFlows.zip.");
    explain(format_args!("Next: follow {}.", out.join("README.md").display()));
    Ok(())
}
