//! `evergrant client check`: is a client registry well-formed, before it is deployed?

use std::path::PathBuf;

use secrecy::SecretString;

use crate::cli::Failure;
use crate::config::{Environment, Settings};
use crate::oauth::client::{Client, GrantType};

/// What to do with clients.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClientCommand {
    /// Check a client registry and list its clients; scopes are checked if `DOCUSIGN_SCOPES` is set
    Check {
        /// A JSON file with the array of clients; without it `EVERGRANT_CLIENTS` is checked
        file: Option<PathBuf>,
    },
}

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

/// Reads the clients and tells who is registered.
#[expect(clippy::print_stdout, reason = "the command's result")]
pub fn run(command: ClientCommand, env: &dyn Environment) -> Result<(), Failure> {
    let ClientCommand::Check { file } = command;
    let clients = match file {
        Some(file) => Settings::read_clients(&Replaced { env, value: format!("@{}", file.display()) })?,
        None => Settings::read_clients(env)?,
    };
    for client in clients.iter() {
        println!("{}", line(client));
    }
    println!("Well-formed; clients registered: {}.", clients.iter().count());
    Ok(())
}

fn line(client: &Client) -> String {
    let grant_types: Vec<&str> = client.grant_types.iter().copied().map(GrantType::as_str).collect();
    let secrets = match client.client_secret_sha256.len() {
        0 => "public",
        1 => "1 secret",
        _ => "2 secrets",
    };
    format!("{}: {}, {}, {secrets}", client.client_id.as_str(), client.subject.as_str(), grant_types.join(" "))
}
