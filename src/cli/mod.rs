//! The command line. [`arguments`] defines the commands, each of which has its own file, and [`terminal`] has what they share.
//!
//! Exit codes: 0 success, 1 something failed, 2 wrong usage or configuration.

mod arguments;
mod client;
mod config;
mod connector;
mod consent_url;
mod doctor;
mod files;
mod init;
mod manual;
mod public_key;
mod revoke;
mod serve;
mod solution;
mod status;
mod terminal;
mod token;
mod written;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::config::{Environment, Settings};
/// For the pages that list the commands.
pub use arguments::command;
use arguments::{Arguments, Command};
use terminal::progress::Progress;
use terminal::{CommandError, failed};

/// Runs the command that `arguments` name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: &dyn Environment) -> ExitCode {
    let matches = arguments::command().try_get_matches_from(arguments);
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_printed = error.print().is_ok();
            return ExitCode::from(if error.use_stderr() { 2 } else { u8::from(!is_printed) });
        }
    };
    match execute(&arguments, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn execute(arguments: &Arguments, env: &dyn Environment) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    match arguments.command.clone().unwrap_or(Command::Serve { port: None }) {
        Command::Serve { port } => runtime.block_on(serve::run(env, port.or(arguments.port))),
        Command::Token { show } => runtime.block_on(token::run(Settings::read(env)?, show)),
        Command::Doctor { assertion: Some(file), json, .. } => {
            runtime.block_on(doctor::run_assertion(&file, Settings::read(env), env, json))
        }
        Command::Doctor { routes: Some(url), json, .. } => runtime.block_on(doctor::run_routes(&url, json)),
        Command::Doctor { json, .. } => {
            runtime.block_on(doctor::run(Settings::read(env), json, Progress::on_stderr(env)))
        }
        Command::Status(options) => runtime.block_on(status::run(options, env, Progress::on_stderr(env))),
        Command::PublicKey => runtime.block_on(public_key::run(Settings::read_signing_keys(env)?)),
        Command::Init(options) => runtime.block_on(init::run(options, env)),
        Command::Client(command) => runtime.block_on(client::run(command, env)),
        Command::Config(command) => config::run(&command),
        Command::Connector(command) => connector::run(command, env),
        Command::Solution(command) => solution::run(command, env),
        Command::ConsentUrl => runtime.block_on(consent_url::run(Settings::read(env)?)),
        Command::Revoke(target) => runtime.block_on(revoke::run(Settings::read(env)?, target)),
        Command::Completions { shell } => manual::print_completions(arguments::command(), shell),
        Command::Man(page) => manual::print_page(arguments::command(), &page),
    }
}
