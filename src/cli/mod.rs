//! The command line: `evergrant [serve|token|public-key|consent-url|connector|revoke]`.
//!
//! Exit codes: 0 good, 1 something failed, 2 usage or configuration. No secret is ever taken as an argument.

mod client;
mod connector;
mod consent_url;
mod doctor;
mod public_key;
mod revoke;
mod serve;
mod token;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Environment, Faults, Settings};

/// DocuSign connections that never expire.
#[derive(Parser)]
#[command(version, about, long_about = None)]
#[command(after_help = "Settings are read from the environment; the README lists them.")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Port to listen on at 127.0.0.1 when the Functions host names none [default: 8080]
    #[arg(long)]
    port: Option<u16>,
}

#[derive(Clone, Subcommand)]
enum Command {
    /// Serve HTTP on 127.0.0.1; what happens without a command
    Serve {
        /// Port to listen on when the Functions host names none [default: 8080]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Mint a DocuSign access token and tell what it is good for
    Token {
        /// Print the access token itself, and nothing else, on stdout
        #[arg(long)]
        show: bool,
    },
    /// Check everything this installation depends on, and tell how to mend what is broken
    Doctor {
        /// Print one JSON object on stdout instead of lines for people
        #[arg(long)]
        json: bool,
    },
    /// Print the signing key's public half, for DocuSign's "Apps and Keys" page
    PublicKey,
    /// Print the link a person opens once to give consent
    ConsentUrl,
    /// Work with the client registry
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Write the files of a connector for a platform
    #[command(subcommand)]
    Connector(connector::ConnectorCommand),
    /// Revoke one grant, or all grants of a client, in the store that all instances share
    Revoke(revoke::What),
}

/// Why a command ended without success.
#[derive(Debug)]
enum Failure {
    Configuration(Faults),
    Usage(Box<dyn Error>),
    Failed(Box<dyn Error>),
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
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

fn execute(arguments: &Arguments, env: &dyn Environment) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    match arguments.command.clone().unwrap_or(Command::Serve { port: None }) {
        Command::Serve { port } => runtime.block_on(serve::run(Settings::read(env)?, port.or(arguments.port))),
        Command::Token { show } => runtime.block_on(token::run(Settings::read(env)?, show)),
        Command::Doctor { json } => runtime.block_on(doctor::run(Settings::read(env), json)),
        Command::PublicKey => runtime.block_on(public_key::run(Settings::read_signing_keys(env)?)),
        Command::Client(command) => client::run(command, env),
        Command::Connector(command) => connector::run(command, env),
        Command::ConsentUrl => runtime.block_on(consent_url::run(Settings::read(env)?)),
        Command::Revoke(what) => runtime.block_on(revoke::run(Settings::read(env)?, what)),
    }
}

fn failed(error: impl Error + 'static) -> Failure {
    Failure::Failed(Box::new(error))
}

fn usage(error: impl Error + 'static) -> Failure {
    Failure::Usage(Box::new(error))
}

/// Tells the failure with its causes, and gives the exit code.
#[expect(clippy::print_stderr, reason = "the command line talks to people on stderr")]
fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Configuration(faults) => {
            eprintln!("evergrant: {faults}");
            ExitCode::from(2)
        }
        Failure::Usage(error) => {
            eprintln!("evergrant: {error}");
            ExitCode::from(2)
        }
        Failure::Failed(error) => {
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
