//! `evergrant token`: mint once and tell what came of it.

use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::cli::{Failure, failed};
use crate::config::Settings;

/// Mints a token of the integration user for all of `DOCUSIGN_SCOPES`.
#[expect(clippy::print_stdout, reason = "the command's result")]
pub async fn run(settings: Settings, show: bool) -> Result<(), Failure> {
    let app = App::new(settings);
    let docusign = &app.settings.docusign;
    let access_token = app.access_tokens.mint_anew(&docusign.user_id, &docusign.scopes).await.map_err(failed)?;
    if show {
        println!("{}", access_token.secret.expose_secret());
        return Ok(());
    }
    let user = app.account_server.userinfo(&access_token.secret).await.map_err(failed)?;
    println!("DocuSign issued an access token.");
    println!("  user     {} ({})", user.name, user.email);
    println!("  account  {}", user.account().map_or("none", |account| &account.name));
    println!("  scope    {}", docusign.scopes);
    println!("  expires  in {} s", access_token.expires_at.seconds_left(app.clock.now()));
    println!("Not shown: the token itself. Run `evergrant token --show` to print it.");
    Ok(())
}
