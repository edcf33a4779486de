//! What each kind of sealed token carries.

use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
use crate::oauth::client::ClientId;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::sealing::Sealable;
use crate::types::Guid;

/// `state` of the one-time consent (way A).
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct ConsentState {}

/// `state` of a sign-in at DocuSign: the authorization request (RFC 6749 §4.1.1) that waits for it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct SignInState {
    /// Who asked.
    pub client_id: ClientId,
    /// Where the browser goes back to: one of the client's registered redirect URIs.
    pub redirect_uri: String,
    /// Whether the request named it, so that the token request has to repeat it (§4.1.3).
    pub redirect_uri_given: bool,
    /// The scope granted if all goes well.
    pub scope: Scope,
    /// The client's own `state`, returned unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Hexadecimal SHA-256 of the cookie that the browser was given.
    pub browser: String,
}

/// `state` of a sign-in at DocuSign after which a browser looks at something here.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct BrowsingState {
    /// The client through which it is looked at.
    pub client_id: ClientId,
    /// Where the browser goes back to: a path of ours, with its query.
    pub back: String,
    /// Hexadecimal SHA-256 of the cookie that the browser was given.
    pub browser: String,
}

/// Who signed in with a browser; its cookie.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct BrowserSession {
    /// The client through which something is looked at.
    pub client_id: ClientId,
    /// GUID of the DocuSign user.
    pub user: Guid,
}

/// What a person granted to a client: the reason for every token that follows.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Grant {
    /// Its name: what a revocation names, and audit lines tell. Not secret.
    pub grant_id: String,
    /// The client.
    pub client_id: ClientId,
    /// Whose tokens it is for.
    pub subject: Subject,
    /// The greatest scope.
    pub scope: Scope,
    /// When the person granted it, in unix seconds.
    pub granted_at: UnixSeconds,
}

/// An authorization code, RFC 6749 §1.3.1.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// What was granted.
    pub grant: Grant,
    /// The redirect URI, if the authorization request named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// The only process that may redeem it, where processes share no store.
    #[serde(rename = "home", default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
}

/// A refresh token, RFC 6749 §1.5.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct RefreshToken {
    /// What was granted.
    pub grant: Grant,
    /// How often it was rotated before; always 0 for confidential clients.
    #[serde(default)]
    pub generation: u64,
}

/// An access token that only our own routes accept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct SealedAccessToken {
    /// What was granted; the scope is the token's own, which may be narrower.
    pub grant: Grant,
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
