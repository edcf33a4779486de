//! `evergrant revoke`: revokes one grant, or all grants of a client.

use std::time::Duration;

use thiserror::Error;

use crate::app::App;
use crate::cli::terminal::{CommandError, failed, print_line, usage};
use crate::clock::UnixSeconds;
use crate::config::{Settings, StoreSetting};
use crate::store::StoreError;

/// What to revoke.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct RevokeTarget {
    /// The grant with this `grant_id`, from the log
    #[arg(long, value_name = "GRANT_ID")]
    grant: Option<String>,
    /// Every grant of this client so far; later connections work
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
}

/// Why nothing was revoked.
#[derive(Debug, Error)]
enum RevokeError {
    #[error(
        "EVERGRANT_STORE is memory, so the running process would not learn of it: use POST /oauth/revoke, or remove the \
         client from EVERGRANT_CLIENTS"
    )]
    OnlyInMemory,
    #[error("no client in EVERGRANT_CLIENTS has this client_id; tokens of an unregistered client are refused anyway")]
    UnknownClient,
    #[error(
        "this is no grant_id; expected 22 letters, digits, hyphens and underscores, as in log lines with event token_issued"
    )]
    NoGrantId,
    #[error("the client registry could not be read; evergrant doctor shows why")]
    NoRegistry,
    #[error("the revocation could not be stored")]
    Store(#[source] StoreError),
}

/// Revokes, and prints what was revoked.
pub async fn run(settings: Settings, target: RevokeTarget) -> Result<(), CommandError> {
    if settings.store == StoreSetting::Memory {
        return Err(usage(RevokeError::OnlyInMemory));
    }
    let app = App::new(settings);
    if let Some(grant_id) = target.grant {
        if !is_grant_id(&grant_id) {
            return Err(usage(RevokeError::NoGrantId));
        }
        app.revocations.revoke(&grant_id, None).await.map_err(|error| failed(RevokeError::Store(error)))?;
        print_line(format_args!("The grant {grant_id} is revoked."))?;
    }
    if let Some(client_id) = target.client {
        app.registry.read_again().await;
        let clients = app.registry.loaded().ok_or_else(|| failed(RevokeError::NoRegistry))?;
        clients.find(&client_id).ok_or(usage(RevokeError::UnknownClient))?;
        revoke_all(&app, &client_id).await.map_err(failed)?;
        print_line(format_args!("Every grant of {client_id} so far is revoked."))?;
    }
    print_line(
        "Running instances apply it within a minute. Access tokens that DocuSign issued expire within an hour.",
    )?;
    Ok(())
}

/// Revokes what was granted before the next full second, and waits for it, so that grants made after this command are valid.
async fn revoke_all(app: &App, client_id: &str) -> Result<(), RevokeError> {
    let cut: UnixSeconds = app.clock.now().plus(1);
    app.revocations.revoke_all_before(client_id, cut).await.map_err(RevokeError::Store)?;
    while app.clock.now() < cut {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn is_grant_id(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
