//! Runs `az` as the person who is signed in.

use std::process::{Command, Output, Stdio};

use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::cli::status::azure_error::AzureError;
use crate::cli::terminal::{shell_quoted, values};
use crate::types::{BaseUrl, is_loopback, own_paths};

/// On Windows, `az` is a script.
const PROGRAM: &[&str] = if cfg!(windows) { &["cmd", "/C", "az"] } else { &["az"] };

/// A command of the Azure CLI, and what to take from its output.
type Query = (&'static [&'static str], &'static str);

/// The default key of all functions, or the key of the setup page's own function.
const KEYS: [Query; 2] = [
    (&["functionapp", "keys", "list"], "functionKeys.default"),
    (&["functionapp", "function", "keys", "list", "--function-name", "setup-function"], "default"),
];

/// Where the app is: at Azure's name for it, at the URL that callers use, or where the deployment put it.
pub const ADDRESSES: [Address; 3] = [Address::HostName, Address::PublicUrl, Address::Deployment];

/// A source of the app's address.
#[derive(Clone, Copy, Debug)]
pub enum Address {
    HostName,
    PublicUrl,
    Deployment,
}

impl Address {
    const fn query(self) -> Query {
        match self {
            Self::HostName => (&["functionapp", "show"], "defaultHostName"),
            Self::PublicUrl => {
                (&["functionapp", "config", "appsettings", "list"], "[?name=='EVERGRANT_PUBLIC_URL'].value")
            }
            Self::Deployment => (&["deployment", "group", "show"], "properties.outputs.setupUrl.value"),
        }
    }
}

/// The Azure CLI, asked about one app.
pub struct AzureCli {
    pub app: String,
    pub group: String,
    pub subscription: Option<String>,
}

impl AzureCli {
    /// The function key of the setup page.
    ///
    /// # Errors
    /// [`AzureError`], which says what to do.
    pub async fn function_key(&self) -> Result<SecretString, AzureError> {
        let is_key = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut first_error = None;
        for query in KEYS {
            match self.run(query, &self.app).await {
                Ok(key) if is_key(&key) => return Ok(key.into()),
                Ok(_) => {}
                Err(error) if error.is_final() => return Err(error),
                // Some roles may read only the keys of functions.
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| AzureError::NoKey { app: self.app.clone(), group: self.group.clone() }))
    }

    /// The app's base URL, if this source has it. The key is sent there, so it is https, or on this machine.
    pub async fn address(&self, source: Address) -> Option<BaseUrl> {
        // `./deploy` gives the deployment this name.
        let name = if matches!(source, Address::Deployment) { "evergrant" } else { &self.app };
        let text = self.run(source.query(), name).await.ok()?;
        let text = text.trim_end_matches(own_paths::SETUP);
        let local = |text: &str| url::Url::parse(&format!("http://{text}")).is_ok_and(|url| is_loopback(&url));
        let scheme = match text {
            "" => return None,
            url if url.contains("://") => "",
            host if local(host) => "http://",
            _ => "https://",
        };
        values::public_url(&format!("{scheme}{text}")).ok()
    }

    /// The command that prints the key, for a person.
    pub fn key_command(&self) -> String {
        let (group, app) = (shell_quoted(&self.group), shell_quoted(&self.app));
        format!(
            "az functionapp keys list --resource-group {group} --name {app} --query functionKeys.default --output tsv"
        )
    }

    /// What the command prints about `name`.
    async fn run(&self, (command, query): Query, name: &str) -> Result<String, AzureError> {
        let mut words: Vec<String> = command.iter().copied().map(ToOwned::to_owned).collect();
        let more = ["--resource-group", &self.group, "--name", name, "--query", query, "--output", "tsv"];
        words.extend(more.map(ToOwned::to_owned));
        words.push("--only-show-errors".to_owned());
        words.extend(self.subscription.iter().flat_map(|id| ["--subscription".to_owned(), id.clone()]));
        let output = spawn_blocking(move || output_of(&words)).await;
        let output = output.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let output = output.map_err(AzureError::of_start)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(AzureError::of_message(&String::from_utf8_lossy(&output.stderr), &self.group, &self.app))
    }
}

fn output_of(words: &[String]) -> std::io::Result<Output> {
    Command::new(PROGRAM[0]).args(&PROGRAM[1..]).args(words).stdin(Stdio::null()).output()
}
