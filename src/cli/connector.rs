//! `evergrant connector power-automate`: the files of a Power Platform custom connector.

use std::path::PathBuf;

use thiserror::Error;

use crate::cli::terminal::values::one_of;
use crate::cli::terminal::{CommandError, explain, failed, print_line, usage, values};
use crate::cli::written;
use crate::config::{Environment, Settings};
use crate::connector::{self, Api, Authentication, Variant};
use crate::oauth::client::ClientId;
use crate::types::BaseUrl;

/// The platforms.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConnectorCommand {
    /// Write a custom connector for DocuSign CLM or eSignature
    PowerAutomate(ConnectorOptions),
}

/// The connector's options.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant connector power-automate --out connector \\
    --public-url https://contoso-evergrant.azurewebsites.net

The connector works in Power Automate, Power Apps and Logic Apps. Only those
that call the gateway have triggers.")]
#[expect(clippy::struct_excessive_bools, reason = "options of a command")]
pub struct ConnectorOptions {
    /// Folder to write into; created if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// This app's URL [default: `EVERGRANT_PUBLIC_URL`]
    #[arg(long, value_name = "URL", value_parser = values::public_url)]
    public_url: Option<BaseUrl>,
    /// The DocuSign API that it calls
    #[arg(long, default_value = "clm", value_parser = one_of(Api::ALL, Api::as_str))]
    api: Api,
    /// The client registered for the connector
    #[arg(long, default_value = connector::CLIENT_ID, value_parser = values::client_id)]
    client_id: ClientId,
    /// Call this app's gateway, instead of DocuSign itself, with a token that
    /// works only there
    #[arg(long, conflicts_with_all = ["api_key", "content_on_api_host"])]
    through_gateway: bool,
    /// Call this app's gateway with an API key, without a sign-in
    #[arg(long, conflicts_with_all = ["client_id", "content_on_api_host"])]
    api_key: bool,
    /// Upload and download below /content on the API host, for sites whose
    /// `ApiBaseUploadUrl` ends with it
    #[arg(long)]
    content_on_api_host: bool,
    /// Replace existing files, except settings.json, which names the connector
    #[arg(long)]
    force: bool,
}

/// Only CLM has hosts for content.
#[derive(Debug, Error)]
#[error("--content-on-api-host is for CLM: leave it out")]
struct NoContentHosts;

/// Writes the files and prints what to do with them.
pub fn run(command: ConnectorCommand, env: &dyn Environment) -> Result<(), CommandError> {
    let ConnectorCommand::PowerAutomate(mut options) = command;
    let public_url = options.public_url.take().map_or_else(|| Settings::read_public_url(env), Ok)?;
    let (out, force) = (options.out.clone(), options.force);
    let variant = options.into_variant()?;
    let files = connector::power_automate(&public_url, &variant).map_err(failed)?;
    for path in written::write(&out, files, force)? {
        print_line(path.display())?;
    }
    if public_url.is_insecure() {
        explain(format_args!("Power Platform cannot reach {public_url}, because it calls from the internet."));
    }
    match variant.authentication {
        Authentication::Direct { .. } => {}
        Authentication::ThroughGateway { .. } => explain(
            "The client needs gateway_allow rules for the connector's actions, and \"access_token\": \"sealed\": evergrant client set",
        ),
        Authentication::ApiKey => explain(
            "Register a client with an API key, and with gateway_allow rules for the connector's actions: evergrant client new \
             --api-key",
        ),
    }
    explain(format_args!("Next: follow {}.", out.join("README.md").display()));
    Ok(())
}

impl ConnectorOptions {
    fn into_variant(self) -> Result<Variant, CommandError> {
        let Self { api, client_id, through_gateway, api_key, content_on_api_host, .. } = self;
        if content_on_api_host && api != Api::Clm {
            return Err(usage(NoContentHosts));
        }
        let authentication = match (through_gateway, api_key) {
            (_, true) => Authentication::ApiKey,
            (true, false) => Authentication::ThroughGateway { client_id },
            (false, false) => Authentication::Direct { client_id, content_on_api_host },
        };
        Ok(Variant { api, authentication })
    }
}
