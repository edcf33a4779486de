//! The scopes of the installation that a registry is for: a registry is checked against them before it is deployed, as the
//! app does at start.

use std::path::Path;

use secrecy::ExposeSecret;

use crate::config::docusign::{self, DEFAULT_SCOPES, SCOPES_FORMAT, read_scopes};
use crate::config::error::Problem;
use crate::config::parameters;
use crate::config::reader::{Environment, SettingsReader, read_file};
use crate::oauth::scope::Scope;

/// Parameter files next to a registry, as in `infra`.
const NEIGHBORS: [&str; 2] = ["main.bicepparam", "main.parameters.json"];

/// Where the scopes are from, so that a check can name what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeSource {
    /// `DOCUSIGN_SCOPES`.
    Setting,
    /// `docusignScopes` in this parameter file.
    Parameters(String),
    /// Nothing names them.
    Default,
}

impl ScopeSource {
    /// A sentence about what the check rests on.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Setting => "Scopes are checked against DOCUSIGN_SCOPES.".to_owned(),
            Self::Parameters(file) => format!("Scopes are checked against {} in {file}.", parameters::SCOPES),
            Self::Default => format!(
                "note: could not find the scopes: checked against the default ({DEFAULT_SCOPES}). If the app has others, set \
                 DOCUSIGN_SCOPES, or name the parameter file with --parameters."
            ),
        }
    }
}

/// The scopes of the installation that a registry is for.
pub struct InstallationScopes {
    /// Where they are from.
    pub source: ScopeSource,
    text: Option<String>,
    /// Is a client with other scopes an error?
    pub are_binding: bool,
}

impl InstallationScopes {
    /// In the parameter file `named`, in the setting, or in a parameter file next to the registry.
    pub fn find(env: &dyn Environment, registry: Option<&str>, named: Option<&str>) -> Self {
        let setting = env.var("DOCUSIGN_SCOPES").filter(|text| named.is_none() && !text.trim().is_empty());
        if let Some(text) = setting {
            return Self { source: ScopeSource::Setting, text: Some(text), are_binding: true };
        }
        let next_to =
            |registry: &str| NEIGHBORS.map(|name| Path::new(registry).with_file_name(name).display().to_string());
        let files = match (named, registry) {
            (Some(named), _) => vec![named.to_owned()],
            (None, registry) => registry.into_iter().flat_map(next_to).collect(),
        };
        let read = |file: String| {
            let text = parameters::scopes(read_file(env, &file).ok()?.expose_secret(), env)?;
            Some(Self { source: ScopeSource::Parameters(file), text: Some(text), are_binding: true })
        };
        files.into_iter().find_map(read).unwrap_or(Self { source: ScopeSource::Default, text: None, are_binding: true })
    }

    /// For a registry that is edited and checked again before it is deployed: the default is then no reason to refuse.
    #[must_use]
    pub fn for_editing(self) -> Self {
        Self { are_binding: self.source != ScopeSource::Default, ..self }
    }

    /// Reads them as the app does at start.
    pub fn read(&self, reader: &mut SettingsReader<'_>) -> Option<Scope> {
        match (&self.source, self.text.as_deref().map(str::trim)) {
            (ScopeSource::Parameters(file), Some(text)) if !text.is_empty() => {
                let name = format!("{} in {file}", parameters::SCOPES);
                let noted = |reason| reader.note(&name, Problem::Invalid(reason), SCOPES_FORMAT);
                docusign::parse_scopes(text).map_err(noted).ok()
            }
            (ScopeSource::Setting, _) => read_scopes(reader),
            _ => docusign::parse_scopes(DEFAULT_SCOPES).ok(),
        }
    }
}
