//! `evergrant client add-redirect-uri`, `remove-redirect-uri`, `set` and `remove`.

use serde_json::Value;

use crate::cli::client::edit::{Confirmation, edit};
use crate::cli::client::output;
use crate::cli::client::place::Place;
use crate::cli::client::registry::Change;
use crate::cli::terminal::{CommandError, values};
use crate::config::Environment;

/// A redirect URI to add.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client add-redirect-uri power-automate \\
    https://global.consent.azure-apim.net/redirect/contoso-5f6a \\
    --in infra/clients.json")]
pub struct AddRedirectUri {
    /// The client's identifier
    #[arg(value_name = "ID")]
    client_id: String,
    /// The exact redirect URI
    #[arg(value_parser = values::redirect_uri)]
    uri: String,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = Place::parse)]
    place: Place,
}

/// A redirect URI to remove.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client remove-redirect-uri power-automate \\
    https://global.consent.azure-apim.net/redirect/contoso-5f6a \\
    --in infra/clients.json")]
pub struct RemoveRedirectUri {
    /// The client's identifier
    #[arg(value_name = "ID")]
    client_id: String,
    /// The redirect URI, as it is registered
    uri: String,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = Place::parse)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// A field to set.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client set nightly-report scope \"signature spring_read\" \\
    --in infra/clients.json
  evergrant client set nightly-report require_pkce true \\
    --in infra/clients.json

null removes the field, so that its default applies.")]
pub struct SetField {
    /// The client's identifier
    #[arg(value_name = "ID")]
    client_id: String,
    /// The field
    field: String,
    /// Its value: JSON, or else a text
    value: String,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = Place::parse)]
    place: Place,
}

/// A client to remove.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client remove nightly-report --in infra/clients.json

Its connections and API keys are refused as soon as the app has read this.")]
pub struct RemoveClient {
    /// The client's identifier
    #[arg(value_name = "ID")]
    client_id: String,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = Place::parse)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl AddRedirectUri {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { client_id, uri, place } = self;
        run(&place, &Change::AddRedirectUri { client_id, uri }, true, env).await
    }
}

impl RemoveRedirectUri {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { client_id, uri, place, yes } = self;
        run(&place, &Change::RemoveRedirectUri { client_id, uri }, yes, env).await
    }
}

impl SetField {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { client_id, field, value, place } = self;
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        run(&place, &Change::Set { client_id, field, value }, true, env).await
    }
}

impl RemoveClient {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { client_id, place, yes } = self;
        run(&place, &Change::Remove { client_id }, yes, env).await
    }
}

async fn run(place: &Place, change: &Change, yes: bool, env: &dyn Environment) -> Result<(), CommandError> {
    let confirmation = if yes { Confirmation::NotNeeded } else { Confirmation::Asked };
    let clients = edit(place, change, confirmation, env).await?;
    output::print_warnings(&clients, change.client_id());
    output::print_how_to_deploy(place);
    Ok(())
}
