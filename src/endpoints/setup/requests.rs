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
    /// How long ago that was.
    #[serde(skip)]
    pub age: String,
    /// The command that adds it.
    pub command: String,
}

impl RequestReport {
    /// What is still to be registered in `clients`. `registry` is for the option `--in`.
    #[must_use]
    pub fn of(requests: Vec<RedirectRequest>, clients: &ClientRegistry, registry: &str, now: UnixSeconds) -> Vec<Self> {
        let is_open = |request: &RedirectRequest| {
            clients.find(&request.client_id).is_some_and(|client| !client.redirects_to(&request.redirect_uri))
        };
        let report = |RedirectRequest { client_id, redirect_uri, asked_at }| {
            let (id, uri) = (quoted(&client_id), quoted(&redirect_uri));
            let command = format!("evergrant client add-redirect-uri {id} {uri} --in {registry}");
            Self { client_id, redirect_uri, asked_at, age: age(asked_at, now), command }
        };
        requests.into_iter().filter(is_open).map(report).collect()
    }
}

/// How long ago `asked_at` was.
fn age(asked_at: UnixSeconds, now: UnixSeconds) -> String {
    match now.seconds_left(asked_at) / 60 {
        0 => "less than a minute ago".to_owned(),
        1 => "a minute ago".to_owned(),
        minutes @ 2..120 => format!("{minutes} minutes ago"),
        minutes => format!("{} hours ago", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_in_minutes_then_in_hours() {
        let asked_at = UnixSeconds(1_000_000);
        for (seconds, expected) in [
            (0, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "a minute ago"),
            (7199, "119 minutes ago"),
            (7200, "2 hours ago"),
            (86_399, "23 hours ago"),
        ] {
            assert_eq!(age(asked_at, asked_at.plus(seconds)), expected);
        }
        assert_eq!(age(asked_at.plus(30), asked_at), "less than a minute ago", "another instance's clock is ahead");
    }
}
