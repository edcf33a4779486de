//! Configuration faults: every one names the setting, the shape wanted and an example, never the value.

use std::fmt;

/// What a setting should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The shape in words, completing "want …".
    pub wanted: &'static str,
    /// A value of that shape.
    pub example: &'static str,
}

/// How a setting misses its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not set, or blank.
    Missing,
    /// Set to something else.
    Wrong,
    /// Names a file that cannot be read.
    UnreadableFile,
    /// A Key Vault reference that the platform left as it stands.
    Unresolved,
    /// Right in itself, but not here; with the reason.
    NotHere(&'static str),
}

/// One fault of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting's name, with the place inside it if it is structured: `EVERGRANT_CLIENTS[0].scope`.
    pub setting: String,
    /// What is wrong.
    pub problem: Problem,
    /// What would be right.
    pub shape: Format,
}

impl ConfigError {
    /// What is wrong with which setting.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { setting, problem, .. } = self;
        match problem {
            Problem::Missing => format!("{setting} is missing"),
            Problem::Wrong => format!("{setting} is not right"),
            Problem::UnreadableFile => format!("{setting} names a file that cannot be read"),
            Problem::Unresolved => {
                format!("{setting} is a Key Vault reference that the platform could not resolve")
            }
            Problem::NotHere(why) => format!("{setting} {why}"),
        }
    }

    /// What would be right.
    #[must_use]
    pub fn expected(&self) -> String {
        format!("want {}, for example {}", self.shape.wanted, self.shape.example)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message(), self.expected())
    }
}

/// All faults of a configuration, found in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "fault" } else { "faults" };
        write!(f, "the configuration has {count} {noun}:")?;
        for fault in &self.0 {
            write!(f, "\n  - {fault}")?;
        }
        Ok(())
    }
}
