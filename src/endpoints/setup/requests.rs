//! The redirect URIs that clients asked for and that are not registered, with the command that adds each. Pure.

use serde::Serialize;

use crate::clock::UnixSeconds;
use crate::endpoints::setup::shell::quoted;
use crate::oauth::client::ClientRegistry;
use crate::store::redirect_list::RedirectRequest;

/// A redirect URI to register.
#[derive(Debug, Serialize)]
pub struct RequestReport {
    /// The client that asked for it.
    pub client_id: String,
    /// The redirect URI, exactly as it was sent.
    pub redirect_uri: String,
    /// When it was asked for, in Unix seconds.
    pub asked_at: UnixSeconds,
    /// The command that adds it.
    pub command: String,
}

impl RequestReport {
    /// What is still to be registered in `clients`. `registry` is for the option `--in`.
    #[must_use]
    pub fn of(requests: Vec<RedirectRequest>, clients: &ClientRegistry, registry: &str) -> Vec<Self> {
        let is_open = |request: &RedirectRequest| {
            clients.find(&request.client_id).is_some_and(|client| !client.redirects_to(&request.redirect_uri))
        };
        let report = |RedirectRequest { client_id, redirect_uri, asked_at }| {
            let (id, uri) = (quoted(&client_id), quoted(&redirect_uri));
            let command = format!("evergrant client add-redirect-uri {id} {uri} --in {registry}");
            Self { client_id, redirect_uri, asked_at, command }
        };
        requests.into_iter().filter(is_open).map(report).collect()
    }

    /// How long ago it was asked for.
    #[must_use]
    pub fn age(&self, now: &UnixSeconds) -> String {
        match now.seconds_left(self.asked_at) / 60 {
            0 => "less than a minute ago".to_owned(),
            1 => "a minute ago".to_owned(),
            minutes @ 2..120 => format!("{minutes} minutes ago"),
            minutes => format!("{} hours ago", minutes / 60),
        }
    }
}
