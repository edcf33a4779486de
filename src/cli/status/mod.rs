//! `evergrant status`: the health checks of a deployed app, its consent link and its public key. [`azure`] runs `az` for the
//! app's address and function key, [`setup_page`] asks the app, and [`report`] prints what it answers.

mod azure;
mod azure_error;
mod browser;
mod handover;
mod report;
mod setup_page;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::app::check_routes;
use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::{CommandError, explain, failed};
use crate::config::Environment;
use crate::oauth::query;
use crate::types::{BaseUrl, own_paths};
use azure::AzureCli;
use report::RunningApp;
use setup_page::{SetupPageError, SetupPages};

/// The app.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant status --app contoso-evergrant --resource-group evergrant
  evergrant status --app contoso-evergrant --resource-group evergrant --json \\
    | jq -r .consent_url

It runs the Azure CLI (az login) for the app's address and its function key,
which it neither shows nor stores.")]
pub struct Status {
    /// The function app
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Its resource group
    #[arg(long, value_name = "GROUP")]
    resource_group: String,
    /// Its subscription [default: the Azure CLI's]
    #[arg(long, value_name = "ID")]
    subscription: Option<String>,
    /// Print one JSON object instead of lines
    #[arg(long)]
    json: bool,
    /// Open the setup page in the browser
    #[arg(long)]
    open: bool,
}

/// Azure names no address of the app.
#[derive(Debug, Error)]
#[error("Azure returns no address for the function app {0}: check that it is deployed, with ./deploy")]
struct NoAddress(String);

/// Asks the app, and prints its report.
pub async fn run(options: Status, env: &dyn Environment, progress: Progress) -> Result<(), CommandError> {
    let Status { app, resource_group, subscription, json, open } = options;
    let azure = AzureCli { app, group: resource_group, subscription };
    let key = progress.wait("the function key, from az", azure.function_key()).await.map_err(failed)?;
    let (base, mut running) = ask(&azure, &key, progress).await?;
    if !running.is_not_configured() {
        let url = running.public_url().unwrap_or_else(|| base.clone());
        running.add(progress.wait("Routes", check_routes(&url)).await);
    }
    let printed = if json { running.print_json() } else { running.print() };
    let page = || query::append(&base.join(own_paths::SETUP), &[("code", key.expose_secret())]);
    if open && !browser::open(&page(), env.var("BROWSER").as_deref()).await {
        explain(format_args!(
            "No browser could be opened. Open {} with ?code= and the function key, which this prints:\n  {}",
            base.join(own_paths::SETUP),
            azure.key_command()
        ));
    }
    printed
}

/// Asks the setup page at the first address that leads to the app.
async fn ask(azure: &AzureCli, key: &SecretString, progress: Progress) -> Result<(BaseUrl, RunningApp), CommandError> {
    let pages = SetupPages::new(key);
    let (mut asked, mut first_error) = (Vec::new(), None);
    for source in azure::ADDRESSES {
        let address = progress.wait("the app's address, from az", azure.address(source)).await;
        let Some(base) = address.filter(|base| !asked.contains(base)) else { continue };
        match progress.wait("the app's health checks", pages.ask(&base)).await {
            Ok(running) => return Ok((base, running)),
            Err(error) if error.is_of_app() => return Err(failed(error)),
            Err(error) => first_error = first_error.or(Some(error)),
        }
        asked.push(base);
    }
    let explained = |error: SetupPageError| failed(error.with_names(&azure.group, &azure.app));
    Err(first_error.map_or_else(|| failed(NoAddress(azure.app.clone())), explained))
}
