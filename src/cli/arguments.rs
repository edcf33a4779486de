//! What may be typed: commands, options and their help. No secret is ever taken as an argument.

use clap::{Parser, Subcommand};

use crate::cli::{client, config, connector, manual, revoke};

/// DocuSign connections that never expire.
#[derive(Parser)]
#[command(version, about, long_about = None)]
#[command(
    after_help = "Example:\n  evergrant doctor\n\nSettings are read from the environment; the README lists them."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Port to listen on at 127.0.0.1 when the Functions host names none [default: 8080]
    #[arg(long)]
    pub port: Option<u16>,
}

/// What to do.
#[derive(Clone, Subcommand)]
pub enum Command {
    /// Serve HTTP on 127.0.0.1; what happens without a command
    #[command(after_help = "Example:\n  evergrant serve --port 7071")]
    Serve {
        /// Port to listen on when the Functions host names none [default: 8080]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Mint a DocuSign access token and tell what it is good for
    #[command(after_help = "Example:\n  evergrant token\n  access_token=$(evergrant token --show)")]
    Token {
        /// Print the access token itself, and nothing else, on stdout
        #[arg(long)]
        show: bool,
    },
    /// Check everything this installation depends on, and tell how to mend what is broken
    #[command(after_help = "Example:\n  evergrant doctor\n  evergrant doctor --json | jq .healthy")]
    Doctor {
        /// Print one JSON object on stdout instead of lines for people
        #[arg(long)]
        json: bool,
    },
    /// Print the signing key's public half, for DocuSign's "Apps and Keys" page
    #[command(after_help = "Example:\n  evergrant public-key > signing-key.pem")]
    PublicKey,
    /// Print the link a person opens once to give consent
    #[command(after_help = "Example:\n  evergrant consent-url")]
    ConsentUrl,
    /// Work with the client registry
    #[command(subcommand, after_help = "Example:\n  evergrant client new nightly-report --in infra/clients.json")]
    Client(client::ClientCommand),
    /// Tell what settings look like
    #[command(subcommand, after_help = "Example:\n  evergrant config schema")]
    Config(config::ConfigCommand),
    /// Write the files of a connector for a platform
    #[command(subcommand, after_help = "Example:\n  evergrant connector power-automate --out connector")]
    Connector(connector::ConnectorCommand),
    /// Revoke one grant, or all grants of a client, in the store that all instances share
    #[command(after_help = "Example:\n  evergrant revoke --client contoso-workfront")]
    Revoke(revoke::RevokeTarget),
    /// Print a script that completes commands and options in a shell
    #[command(after_help = "Example:\n  source <(evergrant completions bash)")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of a command, as roff
    #[command(after_help = "Example:\n  evergrant man client new | man -l -")]
    Man(manual::ManPage),
}
