//! What people are told beside a secret: on stderr, so that stdout is the secret alone.

use std::io::{self, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::client::registry::Credential;
use crate::cli::{CommandError, failed};
use crate::config::warnings;
use crate::oauth::client::{Client, ClientRegistry};

/// The registry that `./deploy` reads, from the repository's root.
pub const DEPLOYED: &str = "infra/clients.json";

/// The secret or key is lost, though its digest may stand in the registry.
#[derive(Debug, Error)]
#[error("the {} could not be written to stdout: take its digest out of the registry again, and make another", what.as_str())]
struct ShowError {
    what: Credential,
    source: io::Error,
}

/// Shows `secret`, which is a `what`, for the only time.
#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
pub fn show_once(client_id: &str, what: Credential, secret: &SecretString) -> Result<(), CommandError> {
    let name = what.as_str();
    eprintln!("The {name} of {client_id}, shown once and kept nowhere. Put it where the client keeps it:\n");
    let mut stdout = io::stdout().lock();
    let shown = writeln!(stdout, "{}", secret.expose_secret()).and_then(|()| stdout.flush());
    shown.map_err(|source| failed(ShowError { what, source }))?;
    eprintln!();
    Ok(())
}

/// Tells how the registry in `file` comes to be in force. Either way has the same result. An app setting is one line,
/// which the registry can be made, since JSON has no line feeds inside its strings.
#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
pub fn how_to_deploy(file: &Path) {
    if file.ends_with(DEPLOYED) {
        eprintln!("Deploy it:\n  ./deploy --resource-group <group>\nOr at once:");
    }
    let file = quoted(&file.display().to_string());
    eprintln!(
        "Put the whole registry into the running app, which restarts it:\n  \
         az functionapp config appsettings set --resource-group <group> --name <function app> --output none \
         --settings \"EVERGRANT_CLIENTS=$(tr -d '\\r\\n' <{file})\""
    );
}

/// Tells the pitfalls of the client.
#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
pub fn warnings_of(clients: &ClientRegistry, client_id: &str) {
    for warning in clients.find(client_id).map(|client: &Client| warnings::of(client)).unwrap_or_default() {
        eprintln!("warning: {warning}");
    }
}

/// `word` as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_quoted_where_a_shell_would_stumble() {
        assert_eq!(quoted("infra/clients.json"), "infra/clients.json");
        assert_eq!(quoted("my clients.json"), "'my clients.json'");
        assert_eq!(quoted("a'b"), r"'a'\''b'");
    }
}
