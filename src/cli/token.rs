//! `evergrant token`: mint an access token and describe it.

use std::time::{Duration, UNIX_EPOCH};

use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::cli::terminal::{CommandError, GOOD, failed, print_line};
use crate::clock::UnixSeconds;
use crate::config::Settings;
use crate::docusign::userinfo::AccountInfo;

/// Mints a token of the integration user for all of `DOCUSIGN_SCOPES`.
pub async fn run(settings: Settings, show: bool) -> Result<(), CommandError> {
    let app = App::new(settings);
    let docusign = &app.settings.docusign;
    let access_token = app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await.map_err(failed)?;
    if show {
        print_line(access_token.secret.expose_secret())?;
        return Ok(());
    }
    let user = app.account_server.userinfo(&access_token.secret).await.map_err(failed)?;
    print_line(format_args!("{GOOD}DocuSign issued an access token.{GOOD:#}"))?;
    print_line(format_args!("  user     {} ({})", user.name, user.email))?;
    print_line(format_args!(
        "  account  {}",
        user.account().map_or_else(|| "none".to_owned(), |AccountInfo { name, id, .. }| format!("{name} ({id})"))
    ))?;
    print_line(format_args!("  scope    {}", docusign.scopes))?;
    let expires_at = access_token.expires_at;
    print_line(format_args!(
        "  expires  in {} s, {}",
        expires_at.seconds_left(app.clock.now()),
        http_date(expires_at)
    ))?;
    print_line("The token itself is not shown. To print it, run `evergrant token --show`.")?;
    Ok(())
}

/// Date and time in HTTP's format.
fn http_date(instant: UnixSeconds) -> String {
    // The last instant that can be written: an absurd lifetime must not stop the command.
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(instant.0.min(LAST)))
}
