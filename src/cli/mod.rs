//! The command line. [`arguments`] says what may be typed; each command has a file of its own.
//!
//! Exit codes: 0 good, 1 something failed, 2 usage or configuration.

mod arguments;
mod client;
mod config;
mod connector;
mod consent_url;
mod doctor;
mod manual;
mod progress;
mod public_key;
mod revoke;
mod serve;
mod style;
mod token;

use std::error::Error;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{ConfigErrors, Environment, Settings};
use arguments::{Arguments, Command};
use progress::Progress;
use style::Style;

/// Why a command ended without success.
#[derive(Debug)]
enum CommandError {
    Configuration(ConfigErrors),
    Usage(Box<dyn Error>),
    Failed(Box<dyn Error>),
}

impl From<ConfigErrors> for CommandError {
    fn from(faults: ConfigErrors) -> Self {
        Self::Configuration(faults)
    }
}

/// Runs the command that `arguments` name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: &dyn Environment) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match execute(&arguments, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn execute(arguments: &Arguments, env: &dyn Environment) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    match arguments.command.clone().unwrap_or(Command::Serve { port: None }) {
        Command::Serve { port } => runtime.block_on(serve::run(Settings::read(env)?, port.or(arguments.port))),
        Command::Token { show } => runtime.block_on(token::run(Settings::read(env)?, show, Style::of_stdout(env))),
        Command::Doctor { json } => {
            let progress = Progress::on_stderr(env);
            runtime.block_on(doctor::run(Settings::read(env), json, Style::of_stdout(env), progress))
        }
        Command::PublicKey => runtime.block_on(public_key::run(Settings::read_signing_keys(env)?)),
        Command::Client(command) => client::run(command, env),
        Command::Config(command) => config::run(&command),
        Command::Connector(command) => connector::run(command, env),
        Command::ConsentUrl => runtime.block_on(consent_url::run(Settings::read(env)?)),
        Command::Revoke(what) => runtime.block_on(revoke::run(Settings::read(env)?, what)),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man(of) => manual::page(&of),
    }
}

fn failed(error: impl Error + 'static) -> CommandError {
    CommandError::Failed(Box::new(error))
}

fn usage(error: impl Error + 'static) -> CommandError {
    CommandError::Usage(Box::new(error))
}

/// Writes a whole document on stdout. A reader who has seen enough, such as `head`, is no failure.
fn print(document: &[u8]) -> Result<(), CommandError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(document).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Tells the failure with its causes, and gives the exit code.
#[expect(clippy::print_stderr, reason = "the command line talks to people on stderr")]
fn report(failure: &CommandError) -> ExitCode {
    match failure {
        CommandError::Configuration(faults) => {
            eprintln!("evergrant: {faults}");
            ExitCode::from(2)
        }
        CommandError::Usage(error) => {
            eprintln!("evergrant: {error}");
            ExitCode::from(2)
        }
        CommandError::Failed(error) => {
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
