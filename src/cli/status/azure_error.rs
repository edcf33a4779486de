//! What the Azure CLI's errors mean, and what to do about them. Pure.

use std::io;

use thiserror::Error;

/// More of an unknown error is not printed.
const MAX_CHARACTERS: usize = 500;

/// Why the Azure CLI returns nothing.
#[derive(Debug, Error)]
pub enum AzureError {
    #[error("the Azure CLI (az) is missing: install it (https://aka.ms/azure-cli), or run this in Azure Cloud Shell")]
    Missing,
    #[error("the Azure CLI (az) could not be started")]
    NotStarted(#[source] io::Error),
    #[error("no one is signed in to Azure, or the sign-in has expired. Sign in: az login")]
    NotSignedIn,
    #[error("this sign-in does not have the subscription. List the ones it has: az account list --output table")]
    NoSubscription,
    #[error(
        "there is no resource group {group} in this subscription. List the ones it has: az group list --query [].name --output tsv"
    )]
    NoGroup { group: String },
    #[error(
        "there is no function app {app} in the resource group {group}. List the ones it has: az functionapp list --resource-group {group} --query [].name --output tsv"
    )]
    NoApp { app: String, group: String },
    #[error(
        "you may not read the keys of {app}. Ask the owner of the resource group {group} for the role Website Contributor on the app"
    )]
    Forbidden { app: String, group: String },
    #[error(
        "the host of {app} does not return its keys: it is stopped, is starting or cannot start. Check its state: az functionapp show --resource-group {group} --name {app} --query state --output tsv"
    )]
    HostDown { app: String, group: String },
    #[error(
        "{app} has no default function key. Create one: az functionapp keys set --resource-group {group} --name {app} --key-type functionKeys --key-name default"
    )]
    NoKey { app: String, group: String },
    #[error("the Azure CLI failed: {0}")]
    Other(String),
}

impl AzureError {
    /// Why the process did not start.
    pub fn of_start(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Missing } else { Self::NotStarted(error) }
    }

    /// Whether every other command would fail too.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Missing | Self::NotStarted(_) | Self::NotSignedIn | Self::NoSubscription | Self::NoGroup { .. }
        )
    }

    /// The meaning of what `az` printed.
    pub fn of_message(message: &str, group: &str, app: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        let (app, group) = (app.to_owned(), group.to_owned());
        match () {
            () if has(&["az login", "AADSTS", "az account clear"]) => Self::NotSignedIn,
            () if has(&["SubscriptionNotFound", "doesn't exist in cloud", "InvalidSubscriptionId"]) => {
                Self::NoSubscription
            }
            () if has(&["ResourceGroupNotFound"]) => Self::NoGroup { group },
            () if has(&["AuthorizationFailed", "does not have authorization", "Forbidden"]) => {
                Self::Forbidden { app, group }
            }
            () if has(&["from host runtime", "ServiceUnavailable", "Bad Gateway", "Service Unavailable"]) => {
                Self::HostDown { app, group }
            }
            () if has(&["ResourceNotFound", "Not Found", "NotFound", "was not found", "could not be found"]) => {
                Self::NoApp { app, group }
            }
            () if cfg!(windows) && has(&["is not recognized"]) => Self::Missing,
            () => Self::Other(in_one_line(message)),
        }
    }
}

fn in_one_line(message: &str) -> String {
    let words = message.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    let line: String = line.trim_start_matches("ERROR: ").chars().take(MAX_CHARACTERS).collect();
    if line.is_empty() { "it printed no reason; run the same with az --debug".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_azure_cli_lead_to_what_to_do() {
        for (message, expected) in [
            ("ERROR: Please run 'az login' to setup account.", "Sign in: az login"),
            ("ERROR: AADSTS700082: The refresh token has expired due to inactivity.", "Sign in: az login"),
            ("ERROR: The subscription of 'x' doesn't exist in cloud 'AzureCloud'.", "az account list"),
            ("ERROR: (SubscriptionNotFound) The subscription 'x' could not be found.", "az account list"),
            ("ERROR: (ResourceGroupNotFound) Resource group 'g' could not be found.", "there is no resource group g"),
            (
                "ERROR: (ResourceNotFound) The Resource 'Microsoft.Web/sites/a' under resource group 'g' was not found.",
                "there is no function app a in the resource group g",
            ),
            ("ERROR: Operation returned an invalid status 'Not Found'", "there is no function app a"),
            (
                "ERROR: (AuthorizationFailed) The client 'me' does not have authorization to perform action 'host/listkeys/action'",
                "you may not read the keys of a",
            ),
            (
                "ERROR: Operation returned an invalid status 'Bad Request'\nEncountered an error (InternalServerError) from host runtime.",
                "cannot start",
            ),
            ("ERROR: something\u{1b}[31m\n  else\n", "the Azure CLI failed: something [31m else"),
            ("", "it printed no reason"),
        ] {
            let error = AzureError::of_message(message, "g", "a").to_string();
            assert!(error.contains(expected), "{message}: {error}");
        }
    }
}
