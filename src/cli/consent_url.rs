//! `evergrant consent-url`: the link for the one-time consent.

use crate::app::App;
use crate::cli::terminal::{CommandError, explain, failed, print_line};
use crate::config::Settings;
use crate::docusign::consent_link::consent_url;
use crate::types::own_paths;

/// Prints the link on stdout, and instructions on stderr.
pub async fn run(settings: Settings) -> Result<(), CommandError> {
    let redirect_uri = settings.public_url.join(own_paths::CALLBACK);
    let url = link(settings).await?;
    explain("Open this link within a week, sign in as the integration user (DOCUSIGN_USER_ID) and press Allow.");
    explain(format_args!("In DocuSign, the integration key needs this redirect URI: {redirect_uri}"));
    print_line(url)
}

/// The link.
pub async fn link(settings: Settings) -> Result<String, CommandError> {
    let app = App::new(settings);
    let Settings { public_url, docusign, .. } = &app.settings;
    consent_url(public_url, docusign, &app.sealing, app.clock.now()).await.map_err(failed)
}
