//! `evergrant client add-redirect-uri`, `remove-redirect-uri`, `set` and `remove`.

use serde_json::Value;

use crate::cli::client::loss::Confirmation;
use crate::cli::client::registry::{Change, with_underscores};
use crate::cli::client::target::ClientTarget;
use crate::cli::terminal::{CommandError, values};
use crate::config::Environment;

/// A redirect URI to add.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client add-redirect-uri power-automate \\
    https://global.consent.azure-apim.net/redirect/contoso-5f6a \\
    --in infra/clients.json")]
pub struct AddRedirectUri {
    #[command(flatten)]
    target: ClientTarget,
    /// The exact redirect URI
    #[arg(value_parser = values::redirect_uri)]
    uri: String,
}

/// A redirect URI to remove.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client remove-redirect-uri power-automate \\
    https://global.consent.azure-apim.net/redirect/contoso-5f6a \\
    --in infra/clients.json")]
pub struct RemoveRedirectUri {
    #[command(flatten)]
    target: ClientTarget,
    /// The redirect URI, as it is registered
    uri: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// A field to set.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client set nightly-report scope \"signature spring_read\" \\
    --in infra/clients.json
  evergrant client set nightly-report require_pkce true \\
    --in infra/clients.json

null removes the field, so that its default applies. If a list loses items,
you are asked first.")]
pub struct SetField {
    #[command(flatten)]
    target: ClientTarget,
    /// The field
    field: String,
    /// Its value: JSON, or else a text
    value: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// A client to remove.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client remove nightly-report --in infra/clients.json

Its connections and API keys are refused as soon as the app has read this.")]
pub struct RemoveClient {
    #[command(flatten)]
    target: ClientTarget,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl AddRedirectUri {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { target, uri } = self;
        target.change(|client_id| Change::AddRedirectUri { client_id, uri }, Confirmation::default(), env).await
    }
}

impl RemoveRedirectUri {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { target, uri, confirmation } = self;
        target.change(|client_id| Change::RemoveRedirectUri { client_id, uri }, confirmation, env).await
    }
}

impl SetField {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let Self { target, field, value, confirmation } = self;
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        let value = with_underscores(&field, value);
        target.change(|client_id| Change::Set { client_id, field, value }, confirmation, env).await
    }
}

impl RemoveClient {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        self.target.change(|client_id| Change::Remove { client_id }, self.confirmation, env).await
    }
}
