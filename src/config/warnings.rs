//! What is well-formed in a client's registration, and yet seldom meant. Told, never refused.

use std::fmt;

use url::Url;

use crate::oauth::client::{AccessTokenKind, Client, GrantType, Profile, SubjectKind};

/// A field to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field.
    pub field: &'static str,
    /// What comes of it, and what to do.
    pub message: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

const SHARED_REDIRECT_URI: Warning = Warning {
    field: "redirect_uris",
    message: "https://global.consent.azure-apim.net/redirect is shared by connectors of every tenant; let the connector have its \
           own (redirectMode GlobalPerConnector), and register the redirect URL that its Security page shows once it was saved",
};
const SLASH_AT_POWER_PLATFORM: Warning = Warning {
    field: "redirect_uris",
    message: "Power Platform's have no slash at the end, and they are compared character by character",
};
const SLASH_TWINS: Warning = Warning {
    field: "redirect_uris",
    message: "two of them differ in a final slash only; they are compared character by character, so keep the one that is sent",
};
const SEVERAL_AT_WORKFRONT: Warning = Warning {
    field: "redirect_uris",
    message: "Workfront is not documented to send a redirect_uri, so there must be exactly one; make a client for each Workfront",
};
const NO_SIGN_IN: Warning = Warning {
    field: "grant_types",
    message: "this platform connects by authorization_code only; add it, or leave the profile out",
};
const NO_REFRESH: Warning = Warning {
    field: "grant_types",
    message: "without refresh_token the connection ends with its first access token, within the hour; add it",
};
const SECRETLESS: Warning = Warning {
    field: "secretless_refresh",
    message: "whoever has a refresh token needs no secret; leave it off unless refreshes come without one",
};
const QUERY: Warning = Warning {
    field: "token_request_in_query",
    message: "platforms write queries to their logs, secrets included; leave it off unless token requests come in the query",
};
const DOCUSIGNS_AT_WORKFRONT: Warning = Warning {
    field: "access_token",
    message: "the document routes take sealed access tokens only, and Workfront would get DocuSign's own; make it sealed",
};
const ONE_FOR_ALL: Warning = Warning {
    field: "api_key_sha256",
    message: "everybody acts as the integration user, whoever Workfront names; the subject signed_in_user keeps each user's own \
           rights in CLM",
};
const NOTHING_PASSES: Warning = Warning {
    field: "gateway_allow",
    message: "the gateway lets nothing through for this client; add a rule such as GET /clm/",
};
const NOBODY_PASSES: Warning = Warning {
    field: "gateway_allow",
    message: "the gateway takes API keys and sealed access tokens only, and this client has neither; add an api_key_sha256, or make \
           access_token sealed",
};

/// The pitfalls of `client`, in the order of the README's table of fields.
#[must_use]
pub fn of(client: &Client) -> Vec<Warning> {
    // A client without a grant type has an API key, and nobody signs in.
    let platform = client.profile != Profile::Standard && !client.grant_types.is_empty();
    let workfront = client.profile == Profile::Workfront;
    let (key, sealed) = (!client.api_key_sha256.is_empty(), client.access_token == AccessTokenKind::Sealed);
    let everybody = key && workfront && client.subject == SubjectKind::IntegrationUser;
    let uris = &client.redirect_uris;
    let power_platform: Vec<Url> = uris.iter().filter_map(|uri| power_platform(uri)).collect();
    [
        (NO_SIGN_IN, platform && !client.may_use(GrantType::AuthorizationCode)),
        (NO_REFRESH, platform && !client.may_use(GrantType::RefreshToken)),
        (SHARED_REDIRECT_URI, power_platform.iter().any(is_shared)),
        (SLASH_AT_POWER_PLATFORM, power_platform.iter().any(|url| url.path().ends_with('/'))),
        (SLASH_TWINS, uris.iter().any(|uri| uris.contains(&format!("{uri}/")))),
        (SEVERAL_AT_WORKFRONT, workfront && uris.len() > 1),
        (SECRETLESS, client.secretless_refresh && !client.is_public()),
        (QUERY, client.token_request_in_query),
        (DOCUSIGNS_AT_WORKFRONT, workfront && !sealed && client.may_use(GrantType::AuthorizationCode)),
        (ONE_FOR_ALL, everybody),
        (NOTHING_PASSES, (key || sealed) && !workfront && client.gateway_allow.is_empty()),
        (NOBODY_PASSES, !key && !sealed && !client.gateway_allow.is_empty()),
    ]
    .into_iter()
    .filter_map(|(warning, met)| met.then_some(warning))
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
