//! Errors of calls to DocuSign's APIs. Pure.

use thiserror::Error;

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::slot::Unavailable;
use crate::oauth::client::SubjectKind;
use crate::types::Explained as _;

/// Why an API call failed.
#[derive(Clone, Debug, Error)]
#[error("{}", self.line())]
pub enum ApiError {
    /// No access token is available.
    NoAccessToken(Unavailable),
    /// The account lookup failed.
    AccountUnknown(#[source] ExchangeError),
    /// The integration user is in no account, or not in the one of `DOCUSIGN_ACCOUNT_ID`.
    NoAccount,
    /// The account has no CLM, or the integration user has no access to it.
    NoClm,
    /// DocuSign returned an address that is not on a DocuSign host.
    Untrusted,
    /// The integration user may not list the account's users.
    NoUserList,
    /// An error status.
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// DocuSign's rate limit is reached.
    Throttled,
    /// The response could not be parsed.
    Malformed,
    /// No connection, or the connection was lost.
    NoAnswer,
    /// No response in time.
    TimedOut,
    /// The caller closed the connection or sent nothing for too long.
    BodyBrokeOff,
    /// As many bodies as possible are being streamed.
    TooManyStreams,
    /// The access token was no longer accepted. There is a new one, but the body cannot be sent again.
    AccessTokenReplaced,
}

impl ApiError {
    /// One of each variant that is not about an access token, for the table in the documentation.
    pub const ALL: [Self; 12] = [
        Self::NoAccount,
        Self::NoClm,
        Self::Untrusted,
        Self::NoUserList,
        Self::Failed { status: 500 },
        Self::Throttled,
        Self::Malformed,
        Self::NoAnswer,
        Self::TimedOut,
        Self::BodyBrokeOff,
        Self::TooManyStreams,
        Self::AccessTokenReplaced,
    ];

    /// The code for log lines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.explain().code
    }

    /// Whether the DocuSign user has to fix it, if the call acts as `subject`.
    #[must_use]
    pub const fn is_up_to_the_user(&self, subject: SubjectKind) -> bool {
        matches!(self, Self::NoAccessToken(unavailable) if unavailable.error.is_up_to_the_user(subject))
    }

    /// The message for the client, if its call acts as `subject`.
    #[must_use]
    pub fn client_sentence(&self, subject: SubjectKind) -> &'static str {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.error.client_sentence(subject),
            _ => self.explain().client,
        }
    }

    /// `Retry-After` in seconds, if a retry can help.
    #[must_use]
    pub const fn retry_after(&self) -> u64 {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.retry_after,
            Self::AccessTokenReplaced => 1,
            Self::Throttled => 60,
            _ => 5,
        }
    }
}
