//! What is well-formed in a client's registration, and yet seldom meant. Told, never refused.

use std::fmt;

use url::Url;

use crate::oauth::client::{Client, GrantType, Profile};

/// A field to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pitfall {
    /// The field.
    pub field: &'static str,
    /// What comes of it, and what to do.
    pub told: &'static str,
}

impl fmt::Display for Pitfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.told)
    }
}

const SHARED_REDIRECT_URI: Pitfall = Pitfall {
    field: "redirect_uris",
    told: "https://global.consent.azure-apim.net/redirect is shared by connectors of every tenant; let the connector have its \
           own (redirectMode GlobalPerConnector), and register the redirect URL that its Security page shows once it was saved",
};
const SLASH_AT_POWER_PLATFORM: Pitfall = Pitfall {
    field: "redirect_uris",
    told: "Power Platform's have no slash at the end, and they are compared character by character",
};
const SLASH_TWINS: Pitfall = Pitfall {
    field: "redirect_uris",
    told: "two of them differ in a final slash only; they are compared character by character, so keep the one that is sent",
};
const SEVERAL_AT_WORKFRONT: Pitfall = Pitfall {
    field: "redirect_uris",
    told: "Workfront is not documented to send a redirect_uri, so there must be exactly one; make a client for each Workfront",
};
const NO_SIGN_IN: Pitfall = Pitfall {
    field: "grant_types",
    told: "this platform connects by authorization_code only; add it, or leave the profile out",
};
const NO_REFRESH: Pitfall = Pitfall {
    field: "grant_types",
    told: "without refresh_token the connection ends with its first access token, within the hour; add it",
};
const SECRETLESS: Pitfall = Pitfall {
    field: "secretless_refresh",
    told: "whoever has a refresh token needs no secret; leave it off unless refreshes come without one",
};
const QUERY: Pitfall = Pitfall {
    field: "token_request_in_query",
    told: "platforms write queries to their logs, secrets included; leave it off unless token requests come in the query",
};

/// The pitfalls of `client`, in the order of the README's table of fields.
#[must_use]
pub fn of(client: &Client) -> Vec<Pitfall> {
    let platform = client.profile != Profile::Standard;
    let uris = &client.redirect_uris;
    let power_platform: Vec<Url> = uris.iter().filter_map(|uri| power_platform(uri)).collect();
    [
        (NO_SIGN_IN, platform && !client.may_use(GrantType::AuthorizationCode)),
        (NO_REFRESH, platform && !client.may_use(GrantType::RefreshToken)),
        (SHARED_REDIRECT_URI, power_platform.iter().any(is_shared)),
        (SLASH_AT_POWER_PLATFORM, power_platform.iter().any(|url| url.path().ends_with('/'))),
        (SLASH_TWINS, uris.iter().any(|uri| uris.contains(&format!("{uri}/")))),
        (SEVERAL_AT_WORKFRONT, client.profile == Profile::Workfront && uris.len() > 1),
        (SECRETLESS, client.secretless_refresh && !client.is_public()),
        (QUERY, client.token_request_in_query),
    ]
    .into_iter()
    .filter_map(|(pitfall, met)| met.then_some(pitfall))
    .collect()
}

/// `uri`, if it leads to the service that takes the codes of Power Platform's connections.
fn power_platform(uri: &str) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    url.host_str()?.ends_with(".consent.azure-apim.net").then_some(url)
}

/// Logic Apps have hosts of their own, where the address without a connector is the right one.
fn is_shared(url: &Url) -> bool {
    let global = url.host_str().is_some_and(|host| host.starts_with("global"));
    global && url.path().trim_end_matches('/') == "/redirect"
}
