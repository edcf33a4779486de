//! Registered clients, RFC 6749 §2.

pub mod authentication;
pub mod claimed;
pub mod credential_hint;
pub mod credentials;
pub mod gateway_path;
pub mod gateway_preset;
pub mod gateway_rule;
pub mod redirect_uri;
pub mod trust;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::oauth::client::gateway_rule::GatewayRule;
use crate::oauth::client::redirect_uri::differ_in_port_only;
use crate::oauth::client::trust::{OwnKeys, Trust, TrustedIssuer};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::secret::{Sha256, is_among, matches_any, sha256};

/// A client identifier, RFC 6749 §2.2: printable ASCII, not secret. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// Accepts 1 to 200 characters of `%x21-7E` without `:`, which separates id and secret in HTTP Basic.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=200).contains(&text.len());
        let clean = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        (fits && clean).then(|| Self(text.into()))
    }

    /// The text of the identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ClientId> for String {
    fn from(client_id: ClientId) -> Self {
        client_id.as_str().to_owned()
    }
}

impl TryFrom<String> for ClientId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a client identifier")
    }
}

/// Grant types a client may be registered for, RFC 6749 §4 and §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// `authorization_code`, §4.1.
    AuthorizationCode,
    /// `refresh_token`, §6.
    RefreshToken,
    /// `client_credentials`, §4.4.
    ClientCredentials,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// Parses the value of the protocol.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant_type| grant_type.as_str() == text)
    }

    /// The value in the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// The platform whose documented deviations from the standards are allowed for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// None.
    Standard,
    /// Power Platform custom connectors.
    PowerAutomate,
    /// Adobe Workfront document webhooks.
    Workfront,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::PowerAutomate, Self::Workfront];

    /// Parses the value in the settings.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text)
    }

    /// The value in the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::PowerAutomate => "power_automate",
            Self::Workfront => "workfront",
        }
    }
}

/// The kind of access token that a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokenKind {
    /// DocuSign's access token, for clients that call DocuSign directly.
    Docusign,
    /// A token that only Evergrant's routes accept.
    Sealed,
}

/// A registered client: one entry of `EVERGRANT_CLIENTS`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each one is a separate setting")]
pub struct Client {
    /// Its identifier.
    pub client_id: ClientId,
    /// Digests of its accepted secrets: two during a rotation, none for a public client.
    pub client_secret_sha256: Vec<Sha256>,
    /// Exact redirect URIs.
    pub redirect_uris: Vec<String>,
    /// The grant types that it may use.
    pub grant_types: Vec<GrantType>,
    /// Whose DocuSign access tokens it gets.
    pub subject: SubjectKind,
    /// Its maximum and default scope.
    pub scope: Scope,
    /// Its platform.
    pub profile: Profile,
    /// The kind of access token it gets.
    pub access_token: AccessTokenKind,
    /// Whether it must use PKCE.
    pub require_pkce: bool,
    /// Digests of its API keys for the gateway and Workfront routes.
    pub api_key_sha256: Vec<Sha256>,
    /// Lifetime of its refresh tokens in seconds; `None` means forever.
    pub refresh_token_lifetime: Option<u64>,
    /// Whether it may refresh without its secret.
    pub secretless_refresh: bool,
    /// Whether its authorization responses contain `iss` (RFC 9207).
    pub authorization_response_iss: bool,
    /// Whether token requests may have their parameters in the query, because some platforms send them there.
    pub token_request_in_query: bool,
    /// The users that an API key may act as: e-mail addresses, or `@` and a domain, in lower case. Empty means every active
    /// user of the account.
    pub api_key_usernames: Vec<String>,
    /// The calls it may make through the gateway, and the triggers it may poll; none if empty.
    pub gateway_allow: Vec<GatewayRule>,
    /// What it may prove itself by in place of a secret.
    pub trust: Vec<Trust>,
}

impl Client {
    /// Whether it is a public client, which cannot prove itself (RFC 6749 §2.1).
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.client_secret_sha256.is_empty() && self.trust.is_empty()
    }

    /// `iss` for its authorization responses (RFC 9207), unless it is disabled.
    #[must_use]
    pub fn response_iss<'a>(&self, issuer: &'a str) -> Option<&'a str> {
        self.authorization_response_iss.then_some(issuer)
    }

    /// The issuers whose tokens prove it.
    pub fn trusted_issuers(&self) -> impl Iterator<Item = &TrustedIssuer> {
        self.trust.iter().filter_map(|trust| match trust {
            Trust::Issuer(issuer) => Some(issuer),
            Trust::OwnKeys(_) => None,
        })
    }

    /// Its own public keys.
    pub fn own_keys(&self) -> impl Iterator<Item = &OwnKeys> {
        self.trust.iter().filter_map(|trust| match trust {
            Trust::Issuer(_) => None,
            Trust::OwnKeys(keys) => Some(keys),
        })
    }

    /// Whether `presented` is one of the client's secrets, compared in constant time.
    #[must_use]
    pub fn has_secret(&self, presented: &str) -> bool {
        matches_any(presented, &self.client_secret_sha256)
    }

    /// Whether the client's API keys may act as `username`, an e-mail address.
    #[must_use]
    pub fn may_name(&self, username: &str) -> bool {
        let username = username.to_lowercase();
        let domain = username.rfind('@').map_or("", |at| &username[at..]);
        let named = &self.api_key_usernames;
        named.is_empty() || named.iter().any(|known| *known == username || known == domain)
    }

    /// Whether `uri` is one of the client's redirect URIs, compared as exact strings (RFC 9700 §4.1.3). For public clients,
    /// such as native apps, the port of a loopback address may differ (RFC 8252 §7.3).
    #[must_use]
    pub fn redirects_to(&self, uri: &str) -> bool {
        let native = self.is_public();
        self.redirect_uris.iter().any(|known| known == uri || (native && differ_in_port_only(known, uri)))
    }

    /// Whether the client may use `grant_type`.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }
}

/// All registered clients. Cheap to clone, because clones share the list.
#[derive(Clone, Debug, Default)]
pub struct ClientRegistry(Arc<[Client]>);

impl ClientRegistry {
    /// A registry of `clients`, which have different identifiers.
    #[must_use]
    pub fn new(clients: Vec<Client>) -> Self {
        Self(clients.into())
    }

    /// The client with this `client_id`.
    #[must_use]
    pub fn find(&self, client_id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.client_id.as_str() == client_id)
    }

    /// The client of `api_key`. Compares with every key of every client in constant time, so that timing reveals nothing.
    #[must_use]
    pub fn by_api_key(&self, api_key: &str) -> Option<&Client> {
        let presented = sha256(api_key.as_bytes());
        let holds = |client: &Client| is_among(&presented, &client.api_key_sha256);
        // Do not stop at a match, so that the time is always the same.
        self.0.iter().fold(None, |found, client| if holds(client) { Some(client) } else { found })
    }

    /// Whether a client trusts an issuer.
    #[must_use]
    pub fn trusts_an_issuer(&self) -> bool {
        self.iter().any(|client| client.trusted_issuers().next().is_some())
    }

    /// All clients, in the order of the registry.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.0.iter()
    }
}
