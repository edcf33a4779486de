//! `evergrant man` and `evergrant completions`: what packagers install beside the binary.

use clap::CommandFactory as _;
use thiserror::Error;

use crate::cli::arguments::Arguments;
use crate::cli::{CommandError, failed, print, usage};

/// Whose page to print.
#[derive(Clone, Debug, clap::Args)]
pub struct ManPage {
    /// The command's words; without any, the page of evergrant itself
    command: Vec<String>,
}

/// There is no page to print.
#[derive(Debug, Error)]
#[error("there is no such command; evergrant --help lists them")]
struct UnknownCommand;

/// Prints the page.
pub fn page(of: &ManPage) -> Result<(), CommandError> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    for word in &of.command {
        command = command.find_subcommand(word).cloned().ok_or_else(|| usage(UnknownCommand))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).manual("Evergrant").render(&mut page).map_err(failed)?;
    print(&page)
}

/// Prints the completions for `shell`.
pub fn completions(shell: clap_complete::Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), env!("CARGO_PKG_NAME"), &mut script);
    print(&script)
}
