//! `evergrant man` and `evergrant completions`, for packagers to install with the binary.

use clap::Command;
use thiserror::Error;

use crate::cli::terminal::{CommandError, failed, print, usage};

/// The command.
#[derive(Clone, Debug, clap::Args)]
pub struct ManPage {
    /// The command [default: evergrant itself]
    command: Vec<String>,
}

/// There is no such command.
#[derive(Debug, Error)]
#[error("there is no such command; evergrant --help lists them")]
struct UnknownCommand;

/// Prints the page of a command of `evergrant`.
pub fn print_page(evergrant: Command, page: &ManPage) -> Result<(), CommandError> {
    let mut command = evergrant.disable_help_subcommand(true);
    command.build();
    for name in &page.command {
        command = command.find_subcommand(name).cloned().ok_or_else(|| usage(UnknownCommand))?;
    }
    let mut roff = Vec::new();
    clap_mangen::Man::new(command).manual("Evergrant").render(&mut roff).map_err(failed)?;
    print(&roff)
}

/// Prints the completions of `evergrant` for `shell`.
pub fn print_completions(mut evergrant: Command, shell: clap_complete::Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut evergrant, env!("CARGO_PKG_NAME"), &mut script);
    print(&script)
}
