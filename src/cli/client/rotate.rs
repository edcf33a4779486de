//! `evergrant client rotate`: from one secret or API key to the next, with both accepted meanwhile.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use crate::cli::client::file::RegistryFile;
use crate::cli::client::registry::{self, Credential};
use crate::cli::client::tell::{self, quoted};
use crate::cli::{CommandError, usage};
use crate::config::Environment;
use crate::random;
use crate::secret::{hex, sha256};

/// Whose secret or API key to replace.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    evergrant client rotate nightly-report --in infra/clients.json\n  \
    evergrant client rotate nightly-report --in infra/clients.json --finish")]
pub struct Rotation {
    /// The client's identifier
    client_id: String,
    /// The registry that has the client
    #[arg(long = "in", value_name = "FILE")]
    file: PathBuf,
    /// Replace its API key instead of its secret
    #[arg(long)]
    api_key: bool,
    /// End the rotation: the older one is accepted no longer
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

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn begin(rotation: &Rotation, env: &dyn Environment) -> Result<(), CommandError> {
    let Rotation { client_id, file: path, api_key, .. } = rotation;
    let credential = rotation.credential();
    let file = RegistryFile::read(path, env)?;
    let secret = random::client_secret();
    let digest = hex(&sha256(secret.expose_secret().as_bytes()));
    file.replace(&registry::with_second(&file.text, client_id, credential, &digest).map_err(usage)?, env)?;
    eprintln!("{client_id} has a second {} in {}.", credential.as_str(), path.display());
    tell::show_once(client_id, credential, &secret)?;
    tell::how_to_deploy(path);
    let (client_id, path) = (quoted(client_id), quoted(&path.display().to_string()));
    let option = if *api_key { " --api-key" } else { "" };
    eprintln!("When the client uses the new one, take the older one away, and deploy again:");
    eprintln!("  evergrant client rotate {client_id} --in {path}{option} --finish");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn finish(rotation: &Rotation, env: &dyn Environment) -> Result<(), CommandError> {
    let Rotation { client_id, file: path, .. } = rotation;
    let credential = rotation.credential();
    let file = RegistryFile::read(path, env)?;
    file.replace(&registry::without_older(&file.text, client_id, credential).map_err(usage)?, env)?;
    eprintln!(
        "{client_id} has only its newer {} in {}; the older one works until this is deployed.",
        credential.as_str(),
        path.display()
    );
    tell::how_to_deploy(path);
    Ok(())
}
