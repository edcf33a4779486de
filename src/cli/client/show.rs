//! `evergrant client list` and `evergrant client show`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::client::check::{self, line};
use crate::cli::client::entry::Entry;
use crate::cli::client::registry::{EditError, entries};
use crate::cli::client::stored_registry::StoredRegistry;
use crate::cli::terminal::{CommandError, failed, print_line, usage};
use crate::config::Environment;

/// The clients of a registry.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  evergrant client list --in infra/clients.json")]
pub struct ListClients {
    /// The registry: a file, or the URL of a blob [default: the setting
    /// `EVERGRANT_CLIENTS`]
    #[arg(long = "in", value_name = "PLACE", value_parser = StoredRegistry::parse)]
    place: Option<StoredRegistry>,
    /// Print a JSON array of entries instead of lines
    #[arg(long)]
    json: bool,
}

/// One client.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  evergrant client show power-automate --in infra/clients.json")]
pub struct ShowClient {
    /// The client's identifier
    client_id: String,
    /// The registry: a file, or the URL of a blob [default: the setting
    /// `EVERGRANT_CLIENTS`]
    #[arg(long = "in", value_name = "PLACE", value_parser = StoredRegistry::parse)]
    place: Option<StoredRegistry>,
    /// Print the entry as JSON instead of lines
    #[arg(long)]
    json: bool,
}

impl ListClients {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let (text, clients) = check::read(self.place, None, env).await?;
        if self.json {
            return print_json(&entries(&text).unwrap_or_default());
        }
        clients.iter().try_for_each(|client| print_line(line(client)))
    }
}

impl ShowClient {
    pub async fn run(self, env: &dyn Environment) -> Result<(), CommandError> {
        let (text, _) = check::read(self.place, None, env).await?;
        let entry = entries(&text).and_then(|entries| entries.into_iter().find(|entry| entry.is_of(&self.client_id)));
        let entry = entry.ok_or_else(|| usage(EditError::Unknown))?;
        if self.json { print_json(&entry) } else { print_line(lines(&entry).trim_end()) }
    }
}

fn print_json(value: &impl serde::Serialize) -> Result<(), CommandError> {
    print_line(serde_json::to_string_pretty(value).map_err(failed)?)
}

/// Each field with its value; each item of a list on its own line.
fn lines(entry: &Entry) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut text = String::new();
    for (name, value) in &entry.0 {
        let values =
            if let Value::Array(items) = value { items.iter().map(plain).collect() } else { vec![plain(value)] };
        for (index, value) in values.iter().enumerate() {
            let _ = writeln!(text, "{:<27} {value}", if index == 0 { name } else { "" });
        }
    }
    text
}
