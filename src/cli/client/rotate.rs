//! `evergrant client rotate`: from one secret to the next, with both accepted meanwhile.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use crate::cli::client::file::RegistryFile;
use crate::cli::client::registry;
use crate::cli::client::tell::{self, quoted};
use crate::cli::{Failure, usage};
use crate::config::Environment;
use crate::random;
use crate::secret::{hex, sha256};

/// Whose secret to replace.
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
    /// End the rotation: the older secret is accepted no longer
    #[arg(long)]
    finish: bool,
}

/// Begins the rotation, or ends it.
pub fn run(rotation: &Rotation, env: &dyn Environment) -> Result<(), Failure> {
    if rotation.finish { finish(rotation, env) } else { begin(rotation, env) }
}

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn begin(Rotation { client_id, file: path, .. }: &Rotation, env: &dyn Environment) -> Result<(), Failure> {
    let file = RegistryFile::read(path, env)?;
    let secret = random::client_secret();
    let digest = hex(&sha256(secret.expose_secret().as_bytes()));
    file.replace(&registry::with_second_secret(&file.text, client_id, &digest).map_err(usage)?, env)?;
    eprintln!("{client_id} has a second secret in {}.", path.display());
    tell::show_once(client_id, &secret)?;
    tell::how_to_deploy(path);
    eprintln!("When the client uses the new secret, take the older one away, and deploy again:");
    eprintln!("  evergrant client rotate {} --in {} --finish", quoted(client_id), quoted(&path.display().to_string()));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn finish(Rotation { client_id, file: path, .. }: &Rotation, env: &dyn Environment) -> Result<(), Failure> {
    let file = RegistryFile::read(path, env)?;
    file.replace(&registry::without_older_secret(&file.text, client_id).map_err(usage)?, env)?;
    eprintln!(
        "{client_id} has only its newer secret in {}; the older one works until this is deployed.",
        path.display()
    );
    tell::how_to_deploy(path);
    Ok(())
}
