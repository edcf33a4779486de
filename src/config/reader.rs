//! Reads settings one by one and gathers what is wrong with them.

use secrecy::{ExposeSecret, SecretString};

use crate::config::error::{ConfigError, ConfigErrors, Format, Problem};

/// Where settings come from. `main.rs` hands in the process environment, tests hand in a map.
pub trait Environment {
    /// The value of the variable `name`, if it is set.
    fn var(&self, name: &str) -> Option<String>;

    /// The text of the file at `path`; `None` if it cannot be read.
    fn file(&self, path: &str) -> Option<SecretString>;
}

/// Reads settings by type. A faulty one is noted and reading goes on, so that all faults are told at once.
pub struct Reader<'e> {
    env: &'e dyn Environment,
    faults: Vec<ConfigError>,
}

impl<'e> Reader<'e> {
    /// A reader of `env` without faults so far.
    #[must_use]
    pub const fn new(env: &'e dyn Environment) -> Self {
        Self { env, faults: Vec::new() }
    }

    /// The raw value of a setting; blank counts as not set.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<String> {
        let value = self.env.var(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The text of a file that a setting names.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<SecretString> {
        self.env.file(path).filter(|text| !text.expose_secret().trim().is_empty())
    }

    /// A setting that may be left out.
    pub fn optional<T>(&mut self, name: &str, shape: Format, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let raw = self.raw(name)?;
        let parsed = if is_unresolved(&raw) { None } else { parse(&raw) };
        if parsed.is_none() {
            self.note(name, if is_unresolved(&raw) { Problem::Unresolved } else { Problem::Wrong }, shape);
        }
        parsed
    }

    /// A setting that must be there.
    pub fn required<T>(&mut self, name: &str, shape: Format, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if self.raw(name).is_none() {
            self.note(name, Problem::Missing, shape);
        }
        self.optional(name, shape, parse)
    }

    /// Notes a fault.
    pub fn note(&mut self, setting: impl Into<String>, problem: Problem, shape: Format) {
        self.faults.push(ConfigError { setting: setting.into(), problem, shape });
    }

    /// Has `setting` a fault already?
    #[must_use]
    pub fn has_noted(&self, setting: &str) -> bool {
        self.faults.iter().any(|fault| fault.setting == setting)
    }

    /// `settings` if there was no fault, else all the faults.
    ///
    /// # Errors
    /// The faults noted so far.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, ConfigErrors> {
        match settings {
            Some(settings) if self.faults.is_empty() => Ok(settings),
            _ => Err(ConfigErrors(self.faults)),
        }
    }
}

/// The platform leaves a Key Vault reference as it stands when it cannot resolve it, for want of a role or a secret.
/// Taken for the value itself it would only surface much later, for instance as a failed sign-in.
fn is_unresolved(text: &str) -> bool {
    text.starts_with("@Microsoft.KeyVault(")
}

/// Splits a list setting at commas and white space.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty())
}
