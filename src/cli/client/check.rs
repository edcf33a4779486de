//! `evergrant client check`: is a client registry valid, before it is deployed?

use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

use crate::cli::client::store::read_existing;
use crate::cli::client::stored_registry::StoredRegistry;
use crate::cli::terminal::{CommandError, NOTE, explain, failed, print_line, usage};
use crate::config::installation::InstallationScopes;
use crate::config::reader::read_file;
use crate::config::{ConfigError, Environment, FileError, RegistrySource, Settings, warnings};
use crate::oauth::client::{Client, ClientRegistry, GrantType};

/// The parameter file was named, so the check does not go on without it.
#[derive(Debug, Error)]
#[error("the parameter file {path} {error}")]
struct ParametersError {
    path: String,
    error: FileError,
}

/// What to check.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client check infra/clients.json

Scopes are checked against DOCUSIGN_SCOPES, or docusignScopes in a parameter
file (main.bicepparam next to the registry).")]
pub struct CheckRegistry {
    /// The registry, a JSON file [default: the setting `EVERGRANT_CLIENTS`]
    file: Option<PathBuf>,
    /// The registry: a file, or the URL of a blob
    #[arg(long = "in", value_name = "PLACE", value_parser = StoredRegistry::parse, conflicts_with = "file")]
    place: Option<StoredRegistry>,
    /// The deployment's parameter file, which has the app's scopes
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Print one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct RegistryCheckReport<'a> {
    valid: bool,
    clients: usize,
    warnings: Vec<ReportedWarning<'a>>,
}

#[derive(Serialize)]
struct ReportedWarning<'a> {
    client_id: &'a str,
    warning: String,
}

/// Reads the clients; lists them with their warnings.
pub async fn run(check: CheckRegistry, env: &dyn Environment) -> Result<(), CommandError> {
    let CheckRegistry { file, place, parameters, json } = check;
    let parameters = parameters.map(|path| path.display().to_string());
    let (_, clients) = read(place.or(file.map(StoredRegistry::File)), parameters.as_deref(), env).await?;
    let count = clients.iter().count();
    let warnings: Vec<_> = clients
        .iter()
        .flat_map(|client| warnings::of(client).into_iter().map(move |warning| (client, warning)))
        .collect();
    if json {
        let warnings = warnings.iter().map(|(client, warning)| ReportedWarning {
            client_id: client.client_id.as_str(),
            warning: warning.to_string(),
        });
        let report = RegistryCheckReport { valid: true, clients: count, warnings: warnings.collect() };
        return print_line(serde_json::to_string_pretty(&report).map_err(failed)?);
    }
    for client in clients.iter() {
        print_line(line(client))?;
        for (_, warning) in warnings.iter().filter(|(of, _)| of.client_id == client.client_id) {
            print_line(format_args!("  {NOTE}warning{NOTE:#}: {warning}"))?;
        }
    }
    print_line(format_args!("The registry is valid; clients: {count}, warnings: {}.", warnings.len()))
}

/// The text of the registry at `place`, or of the setting, and its clients.
pub async fn read(
    place: Option<StoredRegistry>,
    parameters: Option<&str>,
    env: &dyn Environment,
) -> Result<(String, ClientRegistry), CommandError> {
    if let Some(path) = parameters {
        read_file(env, path).map_err(|error| usage(ParametersError { path: path.to_owned(), error }))?;
    }
    let (place, name) = match place {
        Some(place) => (Some(place.clone()), place.to_string()),
        None => (StoredRegistry::of_setting(env)?, SETTING.to_owned()),
    };
    let text = match &place {
        Some(place) => read_existing(place, env).await?.text,
        None => env.var(SETTING).unwrap_or_default(),
    };
    let scopes = InstallationScopes::find(env, place.map(|place| place.next_to_parameters()).as_deref(), parameters);
    let clients = Settings::read_registry(env, RegistrySource::Text { name: &name, text: &text }, &scopes);
    let is_about_scopes =
        |errors: &ConfigError| errors.errors.iter().any(|error| error.setting.rsplit('.').next() == Some("scope"));
    if clients.as_ref().err().is_none_or(is_about_scopes) {
        explain(scopes.source.sentence());
    }
    Ok((text, clients?))
}

/// The setting with the registry.
const SETTING: &str = "EVERGRANT_CLIENTS";

/// A client in one line.
pub fn line(client: &Client) -> String {
    let grant_types: Vec<&str> = client.grant_types.iter().copied().map(GrantType::as_str).collect();
    let secrets = match client.client_secret_sha256.len() {
        0 if client.grant_types.is_empty() || !client.is_public() => None,
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
    let trust = match client.trust.len() {
        0 => None,
        1 => Some("1 trust entry".to_owned()),
        several => Some(format!("{several} trust entries")),
    };
    let has = [Some(client.subject.as_str().to_owned()), grant_types, secrets.map(ToOwned::to_owned), keys, trust];
    format!("{}: {}", client.client_id.as_str(), has.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
