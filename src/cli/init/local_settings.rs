//! `local.settings.json`, from which Core Tools start the app.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::cli::init::answers::Answers;
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::reader::read_file;
use crate::config::{Environment, FileError};

/// The files.
pub const SETTINGS: &str = "local.settings.json";
pub const CLIENTS: &str = "clients.json";
pub const SIGNING_KEY: &str = "signing.pem";
pub const SEALING_KEY: &str = "sealing.pem";

/// The settings with their defaults.
const SAMPLE: &str = include_str!("../../../local.settings.sample.json");

/// The program that the host starts, if this one's path is unknown.
const DEFAULT_HANDLER: &str = "target/debug/evergrant";

#[derive(Debug, Error)]
enum ReadError {
    #[error("{SETTINGS} {0}")]
    File(FileError),
    #[error("{SETTINGS} is not JSON")]
    Json(#[source] serde_json::Error),
}

/// The content of a new file.
pub fn text(answers: &Answers) -> Result<SecretString, CommandError> {
    let mut sample: Value = serde_json::from_str(SAMPLE).map_err(failed)?;
    let own = [
        ("AzureFunctionsJobHost__customHandler__description__defaultExecutablePath", handler()),
        ("EVERGRANT_SIGNING_KEY_ID", format!("file:{SIGNING_KEY}")),
        ("EVERGRANT_SEALING_KEY_ID", format!("file:{SEALING_KEY}")),
        ("EVERGRANT_CLIENTS", format!("@{CLIENTS}")),
        ("DOCUSIGN_ENVIRONMENT", answers.environment.as_str().to_owned()),
        ("DOCUSIGN_INTEGRATION_KEY", answers.integration_key.as_str().to_owned()),
        ("DOCUSIGN_USER_ID", answers.user_id.as_str().to_owned()),
    ];
    for (name, value) in own {
        sample["Values"][name] = value.into();
    }
    serde_json::to_string_pretty(&sample).map(|text| (text + "\n").into()).map_err(failed)
}

/// This program, relative to this folder if it is below it.
fn handler() -> String {
    let relative = |path: &Path| {
        let folder = std::env::current_dir().ok()?.canonicalize().ok()?;
        Some(path.strip_prefix(folder).ok()?.to_owned())
    };
    let path = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
    let path = path.map(|path| relative(&path).unwrap_or(path));
    path.map_or_else(|| DEFAULT_HANDLER.to_owned(), |path| path.display().to_string())
}

/// The settings in the file, in place of the environment.
pub struct LocalSettings<'a> {
    values: Map<String, Value>,
    env: &'a dyn Environment,
}

impl<'a> LocalSettings<'a> {
    /// Reads the file.
    pub fn read(env: &'a dyn Environment) -> Result<Self, CommandError> {
        let text = read_file(env, SETTINGS).map_err(|error| usage(ReadError::File(error)))?;
        let mut file: Value =
            serde_json::from_str(text.expose_secret()).map_err(|error| usage(ReadError::Json(error)))?;
        let values = file["Values"].as_object_mut().map(std::mem::take).unwrap_or_default();
        Ok(Self { values, env })
    }
}

impl Environment for LocalSettings<'_> {
    fn var(&self, name: &str) -> Option<String> {
        self.values.get(name)?.as_str().map(ToOwned::to_owned)
    }

    fn names(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    fn file(&self, path: &str) -> Result<SecretSlice<u8>, FileError> {
        self.env.file(path)
    }
}
