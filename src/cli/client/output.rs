//! The output of commands that show a secret. Everything else goes to stderr, so that stdout has only the secret.

use std::io::{self, Write as _};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::cli::client::registry::{Change, Credential};
use crate::cli::client::stored_registry::{DEPLOYED, StoredRegistry};
use crate::cli::terminal::{CommandError, explain, failed, print_line, shell_quoted};
use crate::config::warnings;
use crate::oauth::client::{Client, ClientRegistry};

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

/// Prints what has changed in the registry at `place`.
pub fn print_change(change: &Change, place: &StoredRegistry) {
    match change {
        Change::Add { client_id, .. } => explain(format_args!("Added {client_id} to {place}.")),
        Change::AddSecond { client_id, credential, .. } => {
            explain(format_args!("{client_id} has a second {} in {place}.", credential.as_str()));
        }
        Change::RemoveOlderCredential { client_id, credential } => explain(format_args!(
            "{client_id} has only its newer {} in {place}; the older one works until the app has read this.",
            credential.as_str()
        )),
        Change::AddRedirectUri { client_id, .. } => {
            explain(format_args!("Added the redirect URI to {client_id} in {place}."));
        }
        Change::RemoveRedirectUri { client_id, .. } => {
            explain(format_args!("Removed the redirect URI from {client_id} in {place}."));
        }
        Change::Set { client_id, .. } => explain(format_args!("Changed {client_id} in {place}.")),
        Change::Remove { client_id } => explain(format_args!(
            "Removed {client_id} from {place}. Its connections and API keys are refused once the app has read this."
        )),
    }
}

/// Prints that the registry was like that before.
pub fn print_no_change(change: &Change, place: &StoredRegistry) {
    match change {
        Change::AddRedirectUri { client_id, .. } => {
            explain(format_args!("{client_id} has this redirect URI already; {place} is unchanged."));
        }
        _ => explain(format_args!("{place} is like that already, and is unchanged.")),
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

/// Prints how the app gets the registry. A blob is read by itself, and the repository's file is uploaded to it.
pub fn print_how_to_deploy(place: &StoredRegistry) {
    match place {
        StoredRegistry::Blob(_) => explain("The app reads it within 30 seconds."),
        StoredRegistry::File(file) if file.ends_with(DEPLOYED) => explain(
            "Upload it; the app reads it within 30 seconds:\n  ./deploy --clients-only --resource-group <group>",
        ),
        StoredRegistry::File(file) => print_how_to_deploy_file(&shell_quoted(&file.display().to_string())),
    }
}

/// An app setting is one line: JSON strings contain no line feeds, so removing them changes nothing.
fn print_how_to_deploy_file(file: &str) {
    explain(format_args!(
        "An app whose EVERGRANT_CLIENTS names this file reads it within 30 seconds.\n\
         Upload it to a deployed app:\n  ./deploy --clients-only --clients {file} --resource-group <group>\n\
         If EVERGRANT_CLIENTS has the clients themselves, set it; the app restarts:\n  \
         az functionapp config appsettings set --resource-group <group> --name <function app> --output none \
         --settings \"EVERGRANT_CLIENTS=$(tr -d '\\r\\n' <{file})\""
    ));
}

/// What `--json` prints of a new client or credential. The secrets are in it once.
#[derive(Default, Serialize)]
pub struct Issued<'a> {
    pub client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Map<String, Value>>,
}

impl<'a> Issued<'a> {
    /// A client with these credentials.
    pub fn new(client_id: &'a str, credentials: &'a [(Credential, SecretString)]) -> Self {
        let mut issued = Self { client_id, ..Self::default() };
        for (credential, secret) in credentials {
            match credential {
                Credential::Secret => issued.client_secret = Some(secret.expose_secret()),
                Credential::ApiKey => issued.api_key = Some(secret.expose_secret()),
            }
        }
        issued
    }

    /// Prints it as JSON.
    pub fn print(&self) -> Result<(), CommandError> {
        print_line(serde_json::to_string_pretty(self).map_err(failed)?)
    }
}

/// Prints the warnings about the client.
pub fn print_warnings(clients: &ClientRegistry, client_id: &str) {
    for warning in clients.find(client_id).map(|client: &Client| warnings::of(client)).unwrap_or_default() {
        explain(format_args!("warning: {warning}"));
    }
}
