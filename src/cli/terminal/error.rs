//! Why a command ended without success, and what its exit code is.

use std::error::Error;
use std::process::ExitCode;

use crate::cli::terminal::explain;
use crate::config::ConfigError;

/// Why a command ended without success.
#[derive(Debug)]
pub enum CommandError {
    Configuration(ConfigError),
    Usage(Box<dyn Error>),
    Failed(Box<dyn Error>),
    /// The command's own output has the reason.
    Reported {
        exit_code: u8,
    },
}

impl From<ConfigError> for CommandError {
    fn from(errors: ConfigError) -> Self {
        Self::Configuration(errors)
    }
}

/// Something that the command depends on failed.
pub fn failed(error: impl Error + 'static) -> CommandError {
    CommandError::Failed(Box::new(error))
}

/// The command was used wrongly.
pub fn usage(error: impl Error + 'static) -> CommandError {
    CommandError::Usage(Box::new(error))
}

/// The error and its causes.
fn in_one_line(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |line, cause| format!("{line}, because {cause}")).replace(['\r', '\n'], " ")
}

impl CommandError {
    /// Prints the error with its causes, and returns the exit code. The Functions host logs each line by itself.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Configuration(errors) => {
                errors.to_string().lines().for_each(|line| explain(format_args!("evergrant: {line}")));
                ExitCode::from(2)
            }
            Self::Reported { exit_code } => ExitCode::from(*exit_code),
            Self::Usage(error) => {
                explain(format_args!("evergrant: {error}"));
                ExitCode::from(2)
            }
            Self::Failed(error) => {
                explain(format_args!("evergrant: {}", in_one_line(&**error)));
                ExitCode::from(1)
            }
        }
    }
}
