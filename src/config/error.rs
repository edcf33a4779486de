//! Configuration errors. Each names the setting, what is wrong with its value, and what is expected, with an example. None
//! quotes the value, which could be a secret.

use std::fmt;

use crate::config::unknown::UnknownSetting;
use crate::config::values::Reason;
use crate::config::values::reference::Reference;

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What is expected, to follow "expected".
    pub expected: &'static str,
    /// An example of it.
    pub example: &'static str,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, such as {}", self.expected, self.example)
    }
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not set, or blank.
    Missing,
    /// Its value is wrong.
    Invalid(Reason),
    /// Its value is a reference that the platform did not resolve.
    Unresolved(Reference),
}

/// One error in one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name, with the place inside it if it is structured: `EVERGRANT_CLIENTS[0].scope`.
    pub setting: String,
    /// The client at that place, if its identifier could be read.
    pub client_id: Option<String>,
    /// What is wrong.
    pub problem: Problem,
    /// What is expected.
    pub format: Format,
}

impl SettingError {
    /// What is wrong with which setting.
    #[must_use]
    pub fn message(&self) -> String {
        let client = self.client_id.as_ref().map(|id| format!(" (client {id})")).unwrap_or_default();
        let setting = format!("{}{client}", self.setting);
        match &self.problem {
            Problem::Missing => format!("{setting} is missing"),
            Problem::Invalid(reason) => format!("{setting} is invalid: {reason}"),
            Problem::Unresolved(reference) => {
                format!("{setting} is invalid: it is {} that the platform did not resolve", reference.name())
            }
        }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message();
        match self.problem {
            Problem::Unresolved(reference) => write!(f, "{message}; {}", reference.fix()),
            Problem::Missing | Problem::Invalid(_) => write!(f, "{message}; {}", self.format),
        }
    }
}

/// How to start, for an environment without any setting of ours.
pub const HOW_TO_START: &str = "Nothing is configured yet. To try Evergrant without any account, run `cargo run -p sandbox`; to \
                                put it into Azure, run `./deploy`; to run it here, set what is listed below, as in docs/local.md";

/// All errors of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigError {
    /// The errors.
    pub errors: Vec<SettingError>,
    /// Variables with a name like a setting's, which may be misspelled.
    pub unknown: Vec<UnknownSetting>,
    /// Whether none of our settings is set.
    pub nothing_is_set: bool,
}

impl std::error::Error for ConfigError {}

/// One line for each error, complete on its own.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intro = self.nothing_is_set.then(|| HOW_TO_START.to_owned());
        let errors = self.errors.iter().map(ToString::to_string);
        let unknown = self.unknown.iter().map(|unknown| format!("warning: {unknown}"));
        f.write_str(&intro.into_iter().chain(errors).chain(unknown).collect::<Vec<_>>().join("\n"))
    }
}
