//! `evergrant client check`: is a client registry valid, before it is deployed?

use std::path::PathBuf;

use crate::cli::terminal::{CommandError, NOTE};
use crate::config::{Environment, Settings, warnings};
use crate::oauth::client::{Client, GrantType};

/// Reads the clients; lists them with their warnings.
#[expect(clippy::print_stdout, reason = "the command's result")]
pub fn run(file: Option<PathBuf>, env: &dyn Environment) -> Result<(), CommandError> {
    let clients = match file {
        Some(file) => Settings::read_registry_file(env, &file.display().to_string())?,
        None => Settings::read_clients(env)?,
    };
    let mut warnings = 0;
    for client in clients.iter() {
        println!("{}", line(client));
        for warning in warnings::of(client) {
            anstream::println!("  {NOTE}warning{NOTE:#}: {warning}");
            warnings += 1;
        }
    }
    println!("The registry is valid; clients: {}, warnings: {warnings}.", clients.iter().count());
    Ok(())
}

fn line(client: &Client) -> String {
    let grant_types: Vec<&str> = client.grant_types.iter().copied().map(GrantType::as_str).collect();
    let secrets = match client.client_secret_sha256.len() {
        0 if client.grant_types.is_empty() => None,
        0 => Some("public"),
        1 => Some("1 secret"),
        _ => Some("2 secrets"),
    };
    let keys = match client.api_key_sha256.len() {
        0 => None,
        1 => Some("1 API key".to_owned()),
        several => Some(format!("{several} API keys")),
    };
    let grant_types = (!grant_types.is_empty()).then(|| grant_types.join(" "));
    let has = [Some(client.subject.as_str().to_owned()), grant_types, secrets.map(ToOwned::to_owned), keys];
    format!("{}: {}", client.client_id.as_str(), has.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
