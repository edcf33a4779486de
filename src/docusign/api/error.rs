//! Why a call to one of DocuSign's APIs has no answer to pass on. Pure.

use thiserror::Error;

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::slot::Unavailable;
use crate::oauth::client::SubjectKind;
use crate::types::Explained as _;

/// Why there is no answer.
#[derive(Clone, Debug, Error)]
#[error("{}", self.line())]
pub enum ApiError {
    /// There is no access token to call with.
    NoAccessToken(Unavailable),
    /// The account could not be looked up.
    AccountUnknown(#[source] ExchangeError),
    /// The integration user is in no account, or not in the one of `DOCUSIGN_ACCOUNT_ID`.
    NoAccount,
    /// CLM does not know the account, or does not let the integration user in.
    NoClm,
    /// DocuSign named an address that is not one of its own hosts.
    Untrusted,
    /// DocuSign does not let the integration user list the account's users.
    NoUserList,
    /// An answer that says no, or that the service is down.
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// The limit of calls is used up.
    Throttled,
    /// An answer that could not be read.
    Malformed,
    /// No connection, or it broke off.
    NoAnswer,
    /// No answer in time.
    TimedOut,
    /// The sender of the body went away, or sent nothing for too long.
    BodyBrokeOff,
    /// The access token had ended; there is a new one, but the body cannot be sent twice.
    AccessTokenReplaced,
}

impl ApiError {
    /// One of each that is not about an access token, for the table in the documentation.
    pub const ALL: [Self; 11] = [
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
        Self::AccessTokenReplaced,
    ];

    /// The word for log lines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.explain().code
    }

    /// Is it up to the DocuSign user, where the call acts as `subject`?
    #[must_use]
    pub const fn is_up_to_the_user(&self, subject: SubjectKind) -> bool {
        matches!(self, Self::NoAccessToken(unavailable) if unavailable.error.is_up_to_the_user(subject))
    }

    /// The client's sentence, where its call acts as `subject`.
    #[must_use]
    pub fn client_sentence(&self, subject: SubjectKind) -> &'static str {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.error.client_sentence(subject),
            _ => self.explain().client,
        }
    }

    /// Seconds after which it is worth asking again.
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
