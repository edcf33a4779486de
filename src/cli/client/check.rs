//! `evergrant client check`: is a client registry valid, before it is deployed?

use std::path::PathBuf;

use thiserror::Error;

use crate::cli::terminal::{CommandError, NOTE, explain, print_line, usage};
use crate::config::installation::InstallationScopes;
use crate::config::reader::read_file;
use crate::config::{ConfigErrors, Environment, FileError, RegistrySource, Settings, warnings};
use crate::oauth::client::{Client, GrantType};

/// The parameter file was named, so the check does not go on without it.
#[derive(Debug, Error)]
#[error("the parameter file {path} {error}")]
struct ParametersError {
    path: String,
    error: FileError,
}

/// Reads the clients; lists them with their warnings.
pub fn run(file: Option<PathBuf>, parameters: Option<PathBuf>, env: &dyn Environment) -> Result<(), CommandError> {
    let name = |path: PathBuf| path.display().to_string();
    let (file, parameters) = (file.map(name), parameters.map(name));
    if let Some(path) = &parameters {
        read_file(env, path).map_err(|error| usage(ParametersError { path: path.clone(), error }))?;
    }
    let scopes = InstallationScopes::find(env, file.as_deref(), parameters.as_deref());
    let source = file.as_deref().map_or(RegistrySource::Setting, RegistrySource::File);
    let clients = Settings::read_registry(env, source, &scopes);
    let is_about_scopes =
        |errors: &ConfigErrors| errors.errors.iter().any(|error| error.setting.rsplit('.').next() == Some("scope"));
    if clients.as_ref().err().is_none_or(is_about_scopes) {
        explain(scopes.source.sentence());
    }
    let clients = clients?;
    let mut warnings = 0;
    for client in clients.iter() {
        print_line(line(client))?;
        for warning in warnings::of(client) {
            print_line(format_args!("  {NOTE}warning{NOTE:#}: {warning}"))?;
            warnings += 1;
        }
    }
    let count = clients.iter().count();
    print_line(format_args!("The registry is valid; clients: {count}, warnings: {warnings}."))
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
