//! Why a caller is not authenticated.

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::failures::TooManyFailuresError;
use crate::oauth::client::Client;
use crate::registry::issuers::IssuerKeysError;
use crate::sealing::keys::OpenError;
use crate::telemetry;

pub(super) const INVALID: AuthenticationError =
    AuthenticationError::Refused("the access token is invalid, expired or revoked");

/// Why a caller is not authenticated.
#[derive(Clone, Debug)]
pub enum AuthenticationError {
    /// No credentials.
    MissingCredentials,
    /// Credentials of two kinds, or unreadable ones.
    Malformed(&'static str),
    /// Wrong credentials, with a sentence that reveals nothing new to the caller.
    Refused(&'static str),
    /// The user lookup at DocuSign is unavailable.
    Unavailable(ApiError),
    /// The sealing key is unavailable.
    SealingUnavailable,
    /// The credentials are right, but do not lead to one caller.
    Forbidden(&'static str),
    /// The keys of the token's issuer are not available.
    IssuerUnavailable(IssuerKeysError),
    /// Wrong credentials, after too many others.
    TooManyFailures(TooManyFailuresError),
}

/// Why a credential is refused, and the client that it is about, if that is known.
pub(super) struct RefusedCaller<'c> {
    pub(super) error: AuthenticationError,
    pub(super) client: Option<&'c Client>,
    /// Whether the credential itself is wrong. An access token of ours that has expired is not: its owner must get the 401
    /// that leads to a new one.
    pub(super) is_wrong: bool,
}

impl RefusedCaller<'_> {
    pub(super) const fn of(error: AuthenticationError) -> Self {
        Self { error, client: None, is_wrong: false }
    }
}

impl From<AuthenticationError> for RefusedCaller<'_> {
    fn from(error: AuthenticationError) -> Self {
        Self::of(error)
    }
}

impl From<ApiError> for AuthenticationError {
    fn from(error: ApiError) -> Self {
        Self::Unavailable(error)
    }
}

/// Why an access token does not open. The log says more than the caller learns.
pub(super) fn unopened(error: &OpenError) -> RefusedCaller<'static> {
    let hint = match error {
        OpenError::Unavailable(_) => return AuthenticationError::SealingUnavailable.into(),
        OpenError::Expired => "the access token has expired",
        OpenError::NotOurs => "the access token was not issued here for this route; DocuSign's own are not accepted",
        OpenError::UnknownKey => "the access token names a sealing key that is not in use here",
        OpenError::OtherIssuer => "the access token was issued under another EVERGRANT_PUBLIC_URL",
    };
    telemetry::record_hint(hint);
    RefusedCaller { error: INVALID, client: None, is_wrong: !matches!(error, OpenError::Expired) }
}
