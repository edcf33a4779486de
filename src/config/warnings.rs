//! Warnings about a client that is valid, but probably not what the operator meant. They are only shown.

use std::fmt;

use url::Url;

use crate::oauth::client::trust::{OwnKeys, RequiredClaim, Trust, TrustedIssuer};
use crate::oauth::client::{AccessTokenKind, Client, GrantType, Profile};
use crate::oauth::subject::SubjectKind;

/// A field that needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field.
    pub field: &'static str,
    /// What happens because of it, and what to do.
    pub message: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

const SHARED_REDIRECT_URI: Warning = Warning {
    field: "redirect_uris",
    message: "https://global.consent.azure-apim.net/redirect is shared by connectors of every tenant; give the connector its own \
           (redirectMode GlobalPerConnector), and register the redirect URL that its Security page shows after saving",
};
const SLASH_AT_POWER_PLATFORM: Warning = Warning {
    field: "redirect_uris",
    message: "redirect URLs of Power Platform have no slash at the end, and they are compared character by character",
};
const SLASH_TWINS: Warning = Warning {
    field: "redirect_uris",
    message: "two of them differ only in a final slash; they are compared character by character, so keep the one that is sent",
};
const SEVERAL_AT_WORKFRONT: Warning = Warning {
    field: "redirect_uris",
    message: "Workfront is not documented to send a redirect_uri, so there must be exactly one; create a client for each Workfront",
};
const NO_SIGN_IN: Warning = Warning {
    field: "grant_types",
    message: "this platform connects only with authorization_code; add it, or leave the profile out",
};
const NO_REFRESH: Warning = Warning {
    field: "grant_types",
    message: "without refresh_token the connection ends with its first access token, within an hour; add it",
};
const SECRETLESS: Warning = Warning {
    field: "secretless_refresh",
    message: "anyone with a refresh token can use it without the secret; leave it off unless the platform refreshes without one",
};
const QUERY: Warning = Warning {
    field: "token_request_in_query",
    message: "platforms log queries, secrets included; leave it off unless token requests come in the query",
};
const DOCUSIGNS_AT_WORKFRONT: Warning = Warning {
    field: "access_token",
    message: "the document routes accept only sealed access tokens, but Workfront would get DocuSign's own; set it to sealed",
};
const ONE_FOR_ALL: Warning = Warning {
    field: "api_key_sha256",
    message: "everyone acts as the integration user, also if Workfront names another user; the subject signed_in_user keeps \
           each user's own rights in CLM",
};
const NOTHING_PASSES: Warning = Warning {
    field: "gateway_allow",
    message: "the gateway lets nothing through for this client; add a rule such as GET /clm/",
};
const NO_CALLER_PASSES: Warning = Warning {
    field: "gateway_allow",
    message: "the gateway accepts API keys, tokens of trusted issuers and sealed access tokens, and this client has none; add an \
           api_key_sha256 or trust, or set access_token to sealed",
};
const WILDCARD: Warning = Warning {
    field: "trust",
    message: "a claim ends with *, so everyone who can choose the rest of its value can act as this client; write whole values",
};
const EVERYONES: Warning = Warning {
    field: "trust",
    message: "everyone at GitHub or GitLab gets tokens of this issuer, and no claim names the repository; add repository (at \
           GitLab project_path) to the claims",
};
const HTTP: Warning = Warning {
    field: "trust",
    message: "an issuer or a jwks_uri begins with http://, which is for tests on this machine only",
};

/// The warnings about `client`, in the order of the documented fields.
#[must_use]
pub fn of(client: &Client) -> Vec<Warning> {
    // A client without grant types has only an API key, and no user signs in.
    let platform = client.profile != Profile::Standard && !client.grant_types.is_empty();
    let workfront = client.profile == Profile::Workfront;
    let (key, sealed) = (!client.api_key_sha256.is_empty(), client.access_token == AccessTokenKind::Sealed);
    let acts_for_all = key && workfront && client.subject == SubjectKind::IntegrationUser;
    let has_issuer = client.trusted_issuers().next().is_some();
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
        (ONE_FOR_ALL, acts_for_all),
        (NOTHING_PASSES, (key || sealed) && !workfront && client.gateway_allow.is_empty()),
        (NO_CALLER_PASSES, !key && !sealed && !has_issuer && !client.gateway_allow.is_empty()),
        (WILDCARD, client.trusted_issuers().any(|trusted| trusted.claims.iter().any(RequiredClaim::has_wildcard))),
        (EVERYONES, client.trusted_issuers().any(is_everyones)),
        (HTTP, client.trust.iter().any(is_over_http)),
    ]
    .into_iter()
    .filter_map(|(warning, met)| met.then_some(warning))
    .collect()
}

/// The issuers of workflows of everyone, and what has to say whose workflow it is: `sub`, or one of these claims.
const SHARED_ISSUERS: [&str; 2] = ["https://token.actions.githubusercontent.com", "https://gitlab.com"];
const OWNERS: [&str; 12] = [
    "sub",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "workflow_ref",
    "job_workflow_ref",
    "project_id",
    "project_path",
    "namespace_id",
    "namespace_path",
    "ci_config_ref_uri",
];

fn is_everyones(trusted: &TrustedIssuer) -> bool {
    let names_owner = |claim: &RequiredClaim| OWNERS.contains(&claim.name.as_str());
    SHARED_ISSUERS.contains(&trusted.issuer.as_str()) && !trusted.claims.iter().any(names_owner)
}

fn is_over_http(trust: &Trust) -> bool {
    match trust {
        Trust::Issuer(trusted) => trusted.issuer.starts_with("http://"),
        Trust::OwnKeys(OwnKeys::At(url)) => url.starts_with("http://"),
        Trust::OwnKeys(OwnKeys::Registered(_)) => false,
    }
}

/// `uri`, if it leads to the service that receives the codes of Power Platform's connections.
fn power_platform(uri: &str) -> Option<Url> {
    let url = Url::parse(uri).ok()?;
    url.host_str()?.ends_with(".consent.azure-apim.net").then_some(url)
}

/// Logic Apps have their own hosts, where the address without a connector is right.
fn is_shared(url: &Url) -> bool {
    let global = url.host_str().is_some_and(|host| host.starts_with("global"));
    global && url.path().trim_end_matches('/') == "/redirect"
}
