//! `evergrant client rotate`: replaces a secret or API key; both are accepted in between.

use secrecy::ExposeSecret as _;

use crate::cli::client::edit::edit;
use crate::cli::client::loss::Confirmation;
use crate::cli::client::output::{self, Issued};
use crate::cli::client::registry::{Change, Credential};
use crate::cli::client::target::ClientTarget;
use crate::cli::terminal::{CommandError, explain, shell_quoted};
use crate::config::Environment;
use crate::secret::random;
use crate::secret::{hex, sha256};

/// The secret or API key to replace.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client rotate nightly-report --in infra/clients.json
  evergrant client rotate nightly-report --in infra/clients.json --finish

Both the old and the new one are accepted until --finish removes the old one.")]
pub struct RotateOptions {
    #[command(flatten)]
    target: ClientTarget,
    /// Replace its API key instead of its secret
    #[arg(long)]
    api_key: bool,
    /// Finish the rotation: remove the older one
    #[arg(long)]
    finish: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    /// Print one JSON object with the new one
    #[arg(long)]
    json: bool,
}

impl RotateOptions {
    const fn credential(&self) -> Credential {
        if self.api_key { Credential::ApiKey } else { Credential::Secret }
    }
}

/// Begins the rotation, or ends it.
pub async fn run(rotation: &RotateOptions, env: &dyn Environment) -> Result<(), CommandError> {
    if rotation.finish { finish(rotation, env).await } else { begin(rotation, env).await }
}

async fn begin(rotation: &RotateOptions, env: &dyn Environment) -> Result<(), CommandError> {
    let RotateOptions { target: ClientTarget { client_id, place }, api_key, json, .. } = rotation;
    let credential = rotation.credential();
    let secret = random::client_secret();
    let digest = hex(&sha256(secret.expose_secret().as_bytes()));
    let change = Change::AddSecond { client_id: client_id.clone(), credential, digest };
    edit(place, &change, Confirmation::default(), env).await?;
    if *json {
        return Issued::new(client_id, &[(credential, secret)]).print();
    }
    output::show_once(client_id, credential, &secret)?;
    output::print_how_to_deploy(place);
    let place = place.to_string();
    let (client_id, place) = (shell_quoted(client_id), shell_quoted(&place));
    let option = if *api_key { " --api-key" } else { "" };
    explain("When the client uses the new one, remove the older one:");
    explain(format_args!("  evergrant client rotate {client_id} --in {place}{option} --finish"));
    Ok(())
}

async fn finish(rotation: &RotateOptions, env: &dyn Environment) -> Result<(), CommandError> {
    let RotateOptions { target: ClientTarget { client_id, place }, json, confirmation, .. } = rotation;
    let change = Change::RemoveOlderCredential { client_id: client_id.clone(), credential: rotation.credential() };
    edit(place, &change, *confirmation, env).await?;
    output::print_how_to_deploy(place);
    if *json { Issued::new(client_id, &[]).print() } else { Ok(()) }
}
