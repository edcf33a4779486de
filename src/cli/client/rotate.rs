//! `evergrant client rotate`: replaces a secret or API key; both are accepted in between.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use crate::cli::client::file::edit;
use crate::cli::client::output;
use crate::cli::client::registry::{Change, Credential};
use crate::cli::terminal::{CommandError, explain, shell_quoted};
use crate::config::Environment;
use crate::random;
use crate::secret::{hex, sha256};

/// The secret or API key to replace.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client rotate nightly-report --in infra/clients.json
  evergrant client rotate nightly-report --in infra/clients.json --finish

Both the old and the new one are accepted until --finish removes the old one.")]
pub struct Rotation {
    /// The client's identifier
    client_id: String,
    /// The registry that has the client
    #[arg(long = "in", value_name = "FILE")]
    file: PathBuf,
    /// Replace its API key instead of its secret
    #[arg(long)]
    api_key: bool,
    /// Finish the rotation: remove the older one
    #[arg(long)]
    finish: bool,
}

impl Rotation {
    const fn credential(&self) -> Credential {
        if self.api_key { Credential::ApiKey } else { Credential::Secret }
    }
}

/// Begins the rotation, or ends it.
pub fn run(rotation: &Rotation, env: &dyn Environment) -> Result<(), CommandError> {
    if rotation.finish { finish(rotation, env) } else { begin(rotation, env) }
}

fn begin(rotation: &Rotation, env: &dyn Environment) -> Result<(), CommandError> {
    let Rotation { client_id, file, api_key, .. } = rotation;
    let credential = rotation.credential();
    let secret = random::client_secret();
    let digest = hex(&sha256(secret.expose_secret().as_bytes()));
    let change = Change::AddSecond { client_id: client_id.clone(), credential, digest };
    edit(file, &change, env)?;
    output::print_change(&change, file.display());
    output::show_once(client_id, credential, &secret)?;
    output::print_how_to_deploy(file);
    let file = file.display().to_string();
    let (client_id, file) = (shell_quoted(client_id), shell_quoted(&file));
    let option = if *api_key { " --api-key" } else { "" };
    explain("When the client uses the new one, remove the older one and deploy again:");
    explain(format_args!("  evergrant client rotate {client_id} --in {file}{option} --finish"));
    Ok(())
}

fn finish(rotation: &Rotation, env: &dyn Environment) -> Result<(), CommandError> {
    let Rotation { client_id, file, .. } = rotation;
    let change = Change::RemoveOlder { client_id: client_id.clone(), credential: rotation.credential() };
    edit(file, &change, env)?;
    output::print_change(&change, file.display());
    output::print_how_to_deploy(file);
    Ok(())
}
