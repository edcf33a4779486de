//! The commands, their options and their help. No secret is ever taken as an argument.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::cli::terminal::values;
use crate::cli::{client, config, connector, init, manual, revoke, solution, status};
use crate::types::BaseUrl;

/// DocuSign connections that never expire.
#[derive(Parser)]
#[command(version, about, long_about = None)]
#[command(after_help = "Example:
  evergrant doctor

Settings are environment variables; docs/reference/settings.md lists them.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Port on 127.0.0.1, unless the Functions host sets one [default: 8080]
    #[arg(long)]
    pub port: Option<u16>,
}

/// The commands.
#[derive(Clone, Subcommand)]
pub enum Command {
    /// Serve HTTP on 127.0.0.1 (the default command)
    #[command(after_help = "Example:\n  evergrant serve --port 7071")]
    Serve {
        /// Port, unless the Functions host sets one [default: 8080]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Mint a DocuSign access token and show its details
    #[command(after_help = "Example:\n  evergrant token\n  access_token=$(evergrant token --show)")]
    Token {
        /// Print only the access token itself
        #[arg(long)]
        show: bool,
    },
    /// Check everything this installation depends on and suggest fixes
    #[command(
        after_help = "Example:\n  evergrant doctor\n  evergrant doctor --json | jq .healthy\n  evergrant doctor --routes https://contoso-evergrant.azurewebsites.net"
    )]
    Doctor {
        /// Check only the routes of the app at this URL; needs no settings
        #[arg(long, value_name = "URL", value_parser = values::public_url)]
        routes: Option<BaseUrl>,
        /// Check only the assertion or bearer token in this file: which client it
        /// proves, and which claim does not fit
        #[arg(long, value_name = "FILE", conflicts_with = "routes")]
        assertion: Option<PathBuf>,
        /// Print one JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Check a deployed app; print its consent link and public key
    Status(status::Status),
    /// Print the public key for DocuSign's page Apps and Keys
    #[command(after_help = "Example:\n  evergrant public-key > signing-key.pem")]
    PublicKey,
    /// Print the link to give consent once
    #[command(after_help = "Example:\n  evergrant consent-url")]
    ConsentUrl,
    /// Create keys and settings to run Evergrant on this machine
    Init(init::Init),
    /// List, create, change and check registered clients
    #[command(subcommand, after_help = "Example:\n  evergrant client new nightly-report --in infra/clients.json")]
    Client(client::ClientCommand),
    /// Print the format of settings
    #[command(subcommand, after_help = "Example:\n  evergrant config schema")]
    Config(config::ConfigCommand),
    /// Write the files of a connector for a platform
    #[command(subcommand, after_help = "Example:\n  evergrant connector power-automate --out connector")]
    Connector(connector::ConnectorCommand),
    /// Write flows to import into a platform, with their connectors
    #[command(subcommand, after_help = "Example:\n  evergrant solution power-automate --out solution")]
    Solution(solution::SolutionCommand),
    /// Revoke one grant, or all grants of a client
    #[command(after_help = "Example:\n  evergrant revoke --client workfront")]
    Revoke(revoke::RevokeTarget),
    /// Print a shell completion script
    #[command(after_help = "Example:\n  source <(evergrant completions bash)")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of a command, as roff
    #[command(after_help = "Example:\n  evergrant man client new | man -l -")]
    Man(manual::ManPage),
}

/// The commands in the order in which `evergrant --help` lists them.
const GROUPS: [(&str, &[&str]); 3] = [
    ("Set up", &["init", "client", "public-key", "consent-url", "connector", "solution"]),
    ("Operate", &["serve", "status", "doctor", "token", "revoke"]),
    ("Reference", &["config", "completions", "man"]),
];

const MAX_COLUMNS: usize = 80;

/// `evergrant` with all its commands.
#[must_use]
pub fn command() -> clap::Command {
    let command = Arguments::command().max_term_width(MAX_COLUMNS);
    let groups = groups(&command);
    let template =
        format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}{{after-help}}");
    command.help_template(template)
}

/// clap lists all commands under one heading.
fn groups(command: &clap::Command) -> String {
    let header = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut text = String::new();
    for (group, names) in GROUPS {
        let _ = writeln!(text, "{header}{group}:{header:#}");
        for found in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = found.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {literal}{:<12}{literal:#} {about}", found.get_name());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let command = command();
        let all: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(listed.len(), all.len());
    }
}
