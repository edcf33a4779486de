//! The content of each kind of sealed token.

use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
use crate::oauth::client::ClientId;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::sealing::Sealable;
use crate::types::Guid;

/// `state` of the one-time consent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct ConsentState {}

/// `state` of a sign-in at DocuSign: the authorization request (RFC 6749 §4.1.1) that continues afterwards.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct SignInState {
    /// The client.
    pub client_id: ClientId,
    /// The redirect URI, one of the client's registered ones.
    pub redirect_uri: String,
    /// Whether the request had a redirect URI. If so, the token request must repeat it (§4.1.3).
    pub redirect_uri_given: bool,
    /// The scope to grant.
    pub scope: Scope,
    /// The client's own `state`, returned unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The PKCE challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Hexadecimal SHA-256 of the cookie that was set in the browser.
    pub browser: String,
}

/// `state` of a sign-in at DocuSign to view a page of Evergrant.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct BrowsingState {
    /// The client of the page.
    pub client_id: ClientId,
    /// The path and query to return to.
    pub back: String,
    /// Hexadecimal SHA-256 of the cookie that was set in the browser.
    pub browser: String,
}

/// The session of a browser, stored in its cookie.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct BrowserSession {
    /// The client of the page.
    pub client_id: ClientId,
    /// The GUID of the signed-in DocuSign user.
    pub user: Guid,
}

/// A user's grant to a client. All later tokens are based on it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Grant {
    /// The grant id in revocations and audit lines. Not secret.
    pub grant_id: String,
    /// The client.
    pub client_id: ClientId,
    /// Whose DocuSign access tokens it is for.
    pub subject: Subject,
    /// The granted scope.
    pub scope: Scope,
    /// When it was granted, in Unix seconds.
    pub granted_at: UnixSeconds,
}

/// An authorization code, RFC 6749 §1.3.1.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The grant.
    pub grant: Grant,
    /// The redirect URI, if the authorization request had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// The PKCE challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// The only process that may redeem it, if processes share no store.
    #[serde(rename = "home", default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
}

/// A refresh token, RFC 6749 §1.5.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct RefreshToken {
    /// The grant.
    pub grant: Grant,
    /// How often it has been rotated; always 0 for confidential clients.
    #[serde(default)]
    pub generation: u64,
}

/// An access token that only Evergrant's routes accept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct SealedAccessToken {
    /// The grant, with the token's scope, which may be narrower.
    pub grant: Grant,
}

/// What a polling trigger has delivered. It is part of an address, so names are short.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct TriggerCursor {
    /// A digest of the client, the user and the route.
    #[serde(rename = "b")]
    pub binding: String,
    /// The other parameters, as a query.
    #[serde(rename = "q")]
    pub query: String,
    /// What was delivered.
    #[serde(rename = "s")]
    pub state: String,
}

/// A CLM task that a caller waits for.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct WaitingTask {
    /// A digest of the client and the user.
    #[serde(rename = "b")]
    pub binding: String,
    /// The task's path below CLM's base URL.
    #[serde(rename = "p")]
    pub path: String,
}

impl Sealable for ConsentState {
    const TYP: &'static str = "evergrant-consent-state+jwt";
}

impl Sealable for SignInState {
    const TYP: &'static str = "evergrant-sign-in-state+jwt";
}

impl Sealable for BrowsingState {
    const TYP: &'static str = "evergrant-browsing-state+jwt";
}

impl Sealable for BrowserSession {
    const TYP: &'static str = "evergrant-browser-session+jwt";
}

impl Sealable for AuthorizationCode {
    const TYP: &'static str = "evergrant-code+jwt";
}

impl Sealable for RefreshToken {
    const TYP: &'static str = "evergrant-refresh-token+jwt";
}

impl Sealable for SealedAccessToken {
    const TYP: &'static str = "evergrant-access-token+jwt";
}

impl Sealable for TriggerCursor {
    const TYP: &'static str = "evergrant-trigger-cursor+jwt";
}

impl Sealable for WaitingTask {
    const TYP: &'static str = "evergrant-waiting-task+jwt";
}
