//! Reads settings one by one and collects their errors.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use thiserror::Error;

use crate::config::error::{ConfigError, Format, Problem, SettingError};
use crate::config::unknown::{self, UnknownSetting};
use crate::config::values::reference::Reference;
use crate::config::values::{BYTE_ORDER_MARK, NOT_UTF8, Reason, common_mistake, is_not_utf8};
use crate::signing::key_file::is_utf16;

/// Where settings come from. `main.rs` hands in the process environment, tests hand in a map.
pub trait Environment {
    /// The value of the variable `name`, if it is set.
    fn var(&self, name: &str) -> Option<String>;

    /// The names of all variables.
    fn names(&self) -> Vec<String>;

    /// The content of the file at `path`.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be read.
    fn file(&self, path: &str) -> Result<SecretSlice<u8>, FileError>;
}

/// Why a file cannot be read, to follow "the file".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// There is no such file.
    #[error("does not exist")]
    Missing,
    /// It is a folder or a device.
    #[error("is a folder or a device")]
    NotRegular,
    /// A key or a registry is smaller.
    #[error("is larger than 1 MiB")]
    TooLarge,
    /// This process may not read it, or the disk failed.
    #[error("cannot be read by this user")]
    Unreadable,
    /// It is UTF-16 text, as Windows PowerShell's `>` writes it.
    #[error("is UTF-16 text (save it as UTF-8)")]
    Utf16,
    /// It is not text.
    #[error("is not UTF-8 text")]
    NotText,
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
}

/// The text of a file that is not empty, without a byte order mark.
///
/// # Errors
/// [`FileError`].
pub fn read_file(env: &dyn Environment, path: &str) -> Result<SecretString, FileError> {
    text(read_bytes(env, path)?.expose_secret()).map(Into::into)
}

/// The text of a file with this content, without a byte order mark.
///
/// # Errors
/// [`FileError`] if it is no text, or an empty one.
pub fn text(content: &[u8]) -> Result<&str, FileError> {
    if is_utf16(content) {
        return Err(FileError::Utf16);
    }
    let text = std::str::from_utf8(content).map_err(|_| FileError::NotText)?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim().is_empty() { Err(FileError::Empty) } else { Ok(text) }
}

/// The content of a file that is not empty.
///
/// # Errors
/// [`FileError`].
pub fn read_bytes(env: &dyn Environment, path: &str) -> Result<SecretSlice<u8>, FileError> {
    let bytes = env.file(path)?;
    if bytes.expose_secret().iter().all(u8::is_ascii_whitespace) { Err(FileError::Empty) } else { Ok(bytes) }
}

const NAME_REPEATED: &str = "it begins with the setting's own name and an equals sign";

/// Reads settings by type. After an error it goes on, so that all errors are reported together.
pub struct SettingsReader<'e> {
    env: &'e dyn Environment,
    errors: Vec<SettingError>,
    /// Optional secrets that did not arrive. They stop nothing, but are reported among errors.
    missing_secrets: Vec<SettingError>,
    /// The names of the settings read so far.
    read: BTreeSet<String>,
}

impl<'e> SettingsReader<'e> {
    /// A reader of `env`.
    #[must_use]
    pub const fn new(env: &'e dyn Environment) -> Self {
        Self { env, errors: Vec::new(), missing_secrets: Vec::new(), read: BTreeSet::new() }
    }

    /// The raw value of a setting; blank counts as not set.
    pub fn raw(&mut self, name: &str) -> Option<String> {
        self.read.insert(name.to_owned());
        let value = self.env.var(name)?;
        // Copied text brings invisible characters along.
        let value =
            value.trim_matches(|c: char| c.is_whitespace() || matches!(c, BYTE_ORDER_MARK | '\u{200b}'..='\u{200f}'));
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Where the settings come from.
    #[must_use]
    pub const fn env(&self) -> &'e dyn Environment {
        self.env
    }

    /// A setting that may be left out.
    pub fn optional<T>(
        &mut self,
        name: &str,
        format: Format,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        let raw = self.raw(name)?;
        let parsed = if let Some(reference) = Reference::find(&raw) {
            Err(Problem::Unresolved(reference))
        } else if is_not_utf8(&raw) {
            Err(Problem::Invalid(NOT_UTF8.into()))
        } else if raw.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')) {
            // Some formats would accept it: a log level takes it for a target, a secret for the secret.
            Err(Problem::Invalid(NAME_REPEATED.into()))
        } else {
            parse(&raw).map_err(|reason| Problem::Invalid(common_mistake(&raw).unwrap_or(reason)))
        };
        parsed.map_err(|problem| self.note(name, problem, format)).ok()
    }

    /// A setting that must be set.
    pub fn required<T>(
        &mut self,
        name: &str,
        format: Format,
        parse: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        if self.raw(name).is_none() {
            self.note(name, Problem::Missing, format);
        }
        self.optional(name, format, parse)
    }

    /// Whether the optional secret `name` is a reference that the platform did not resolve, which is noted.
    pub fn is_missing_secret(&mut self, name: &str, format: Format) -> bool {
        let reference = self.raw(name).and_then(|raw| Reference::find(&raw));
        self.missing_secrets.extend(reference.map(|reference| SettingError {
            setting: name.to_owned(),
            client_id: None,
            problem: Problem::Unresolved(reference),
            format,
        }));
        reference.is_some()
    }

    /// The optional secrets that did not arrive.
    #[must_use]
    pub fn missing_secrets(&self) -> Vec<SettingError> {
        self.missing_secrets.clone()
    }

    /// Notes an error in a setting.
    pub fn note(&mut self, setting: &str, problem: Problem, format: Format) {
        self.note_in_client(setting, None, problem, format);
    }

    /// Notes an error at a place in the client registry.
    pub fn note_in_client(&mut self, place: &str, client_id: Option<&str>, problem: Problem, format: Format) {
        let client_id = client_id.map(ToOwned::to_owned);
        self.errors.push(SettingError { setting: place.to_owned(), client_id, problem, format });
    }

    /// Whether `setting` already has an error.
    #[must_use]
    pub fn has_noted(&self, setting: &str) -> bool {
        self.errors.iter().any(|error| error.setting == setting)
    }

    /// Variables that look like settings, but were not read. Call this after every setting was read.
    #[must_use]
    pub fn unknown(&self) -> Vec<UnknownSetting> {
        unknown::find(self.env.names(), &self.read)
    }

    /// Whether no variable looks like one of our settings.
    #[must_use]
    pub fn nothing_is_set(&self) -> bool {
        let is_set = |name: &String| self.env.var(name).is_some_and(|value| !value.trim().is_empty());
        !self.env.names().iter().any(|name| unknown::is_ours(name) && is_set(name))
    }

    /// `settings` if there was no error, else all errors.
    ///
    /// # Errors
    /// The errors noted so far.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, ConfigError> {
        match settings {
            Some(settings) if self.errors.is_empty() => Ok(settings),
            _ => {
                let errors = [self.errors, self.missing_secrets].concat();
                Err(ConfigError { errors, ..ConfigError::default() })
            }
        }
    }
}
