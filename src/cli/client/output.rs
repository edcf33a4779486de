//! The output of commands that show a secret. Everything else goes to stderr, so that stdout has only the secret.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::client::registry::{Change, Credential};
use crate::cli::terminal::{CommandError, explain, failed, shell_quoted};
use crate::config::warnings;
use crate::oauth::client::{Client, ClientRegistry};

/// The registry that `./deploy` reads, from the repository's root.
pub const DEPLOYED: &str = "infra/clients.json";

/// The secret is lost, but its digest may be in the registry.
#[derive(Debug, Error)]
#[error(
    "the {} could not be written to stdout: remove its digest from the registry, and create another",
    credential.as_str()
)]
struct ShowError {
    credential: Credential,
    source: io::Error,
}

/// Prints what has changed in `registry`.
pub fn print_change(change: &Change, registry: impl Display) {
    match change {
        Change::Add { client_id, .. } => explain(format_args!("Added {client_id} to {registry}.")),
        Change::AddSecond { client_id, credential, .. } => {
            explain(format_args!("{client_id} has a second {} in {registry}.", credential.as_str()));
        }
        Change::RemoveOlder { client_id, credential } => explain(format_args!(
            "{client_id} has only its newer {} in {registry}; the older one works until this is deployed.",
            credential.as_str()
        )),
    }
}

/// Shows `secret` once.
pub fn show_once(client_id: &str, credential: Credential, secret: &SecretString) -> Result<(), CommandError> {
    let name = credential.as_str();
    explain(format_args!("The {name} of {client_id}. Copy it now: it is shown once and stored nowhere.\n"));
    let mut stdout = io::stdout().lock();
    let shown = writeln!(stdout, "{}", secret.expose_secret()).and_then(|()| stdout.flush());
    shown.map_err(|source| failed(ShowError { credential, source }))?;
    explain("");
    Ok(())
}

/// Prints two ways to deploy the registry in `file`. An app setting is one line. JSON strings contain no line feeds, so
/// removing them changes nothing.
pub fn print_how_to_deploy(file: &Path) {
    if file.ends_with(DEPLOYED) {
        explain("Deploy it:\n  ./deploy --resource-group <group>\nOr change only this setting:");
    }
    let file = file.display().to_string();
    let file = shell_quoted(&file);
    explain(format_args!(
        "Put the whole registry into the running app, which then restarts:\n  \
         az functionapp config appsettings set --resource-group <group> --name <function app> --output none \
         --settings \"EVERGRANT_CLIENTS=$(tr -d '\\r\\n' <{file})\""
    ));
}

/// Prints the warnings about the client.
pub fn print_warnings(clients: &ClientRegistry, client_id: &str) {
    for warning in clients.find(client_id).map(|client: &Client| warnings::of(client)).unwrap_or_default() {
        explain(format_args!("warning: {warning}"));
    }
}
