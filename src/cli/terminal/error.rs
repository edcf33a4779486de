//! Why a command ended without success, and what its exit code is.

use std::error::Error;
use std::process::ExitCode;

use crate::config::ConfigErrors;

/// Why a command ended without success.
#[derive(Debug)]
pub enum CommandError {
    Configuration(ConfigErrors),
    Usage(Box<dyn Error>),
    Failed(Box<dyn Error>),
}

impl From<ConfigErrors> for CommandError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Configuration(errors)
    }
}

/// Something outside of the command failed.
pub fn failed(error: impl Error + 'static) -> CommandError {
    CommandError::Failed(Box::new(error))
}

/// The command cannot do what it was asked for.
pub fn usage(error: impl Error + 'static) -> CommandError {
    CommandError::Usage(Box::new(error))
}

impl CommandError {
    /// Prints the error with its causes, and gives the exit code.
    #[expect(clippy::print_stderr, reason = "the command line talks to people on stderr")]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Configuration(errors) => {
                eprintln!("evergrant: {errors}");
                ExitCode::from(2)
            }
            Self::Usage(error) => {
                eprintln!("evergrant: {error}");
                ExitCode::from(2)
            }
            Self::Failed(error) => {
                eprintln!("evergrant: {error}");
                let mut source = error.source();
                while let Some(cause) = source {
                    eprintln!("  because {cause}");
                    source = cause.source();
                }
                ExitCode::from(1)
            }
        }
    }
}
