//! `evergrant client check`: is a client registry well-formed, before it is deployed?

use std::path::PathBuf;

use secrecy::SecretString;

use crate::cli::terminal::{CommandError, NOTE};
use crate::config::{ConfigErrors, Environment, Settings, warnings};
use crate::oauth::client::{Client, ClientRegistry, GrantType};

/// The environment with one variable replaced.
struct Replaced<'e> {
    env: &'e dyn Environment,
    value: String,
}

impl Environment for Replaced<'_> {
    fn var(&self, name: &str) -> Option<String> {
        if name == "EVERGRANT_CLIENTS" { Some(self.value.clone()) } else { self.env.var(name) }
    }

    fn file(&self, path: &str) -> Option<SecretString> {
        self.env.file(path)
    }
}

/// Reads the clients; prints who is registered, and what to look at again.
#[expect(clippy::print_stdout, reason = "the command's result")]
pub fn run(file: Option<PathBuf>, env: &dyn Environment) -> Result<(), CommandError> {
    let clients = match file {
        Some(file) => read_registry(format!("@{}", file.display()), env)?,
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
    println!("Well-formed; clients registered: {}, warnings: {warnings}.", clients.iter().count());
    Ok(())
}

/// Reads `value` as if it were `EVERGRANT_CLIENTS`.
pub fn read_registry(value: String, env: &dyn Environment) -> Result<ClientRegistry, ConfigErrors> {
    Settings::read_clients(&Replaced { env, value })
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
