//! Why a call to one of DocuSign's APIs brought no answer worth passing on. Pure.

use thiserror::Error;

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::slot::Unavailable;

/// Why there is no answer.
#[derive(Clone, Debug, Error)]
pub enum ApiError {
    /// There is no access token to call with.
    #[error("no access token of DocuSign's could be had")]
    NoAccessToken(Unavailable),
    /// The account could not be looked up.
    #[error("DocuSign did not tell the integration user's account")]
    AccountUnknown(#[source] ExchangeError),
    /// The integration user is in no account, or not in the one of `DOCUSIGN_ACCOUNT_ID`.
    #[error("the integration user does not belong to the account: check DOCUSIGN_ACCOUNT_ID and DOCUSIGN_USER_ID")]
    NoAccount,
    /// CLM does not know the account, or does not let the integration user in.
    #[error(
        "CLM does not let the integration user into the account: has the account CLM, and DOCUSIGN_SCOPES spring_read?"
    )]
    NoClm,
    /// An address that DocuSign told is not one of its own.
    #[error("DocuSign told an address that is none of its own hosts: no access token was sent there")]
    Untrusted,
    /// DocuSign does not let the integration user list the account's users.
    #[error("the integration user may not list the account's users, which API keys with user names need")]
    NoUserList,
    /// An answer that says no, or that the service is down.
    #[error("the API answered with status {status}")]
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// The limit of calls is used up.
    #[error("the API throttles")]
    Throttled,
    /// An answer that could not be read.
    #[error("the API's answer could not be read")]
    Malformed,
    /// No connection, or it broke off.
    #[error("no answer from the API: connection failed")]
    NoAnswer,
    /// No answer in time.
    #[error("no answer from the API in time")]
    TimedOut,
    /// The sender of the body went away, or stood still.
    #[error("the body of the request broke off")]
    BodyBrokeOff,
    /// The access token had ended; there is a new one, but the body cannot be sent twice.
    #[error("the access token had to be replaced while a body was on its way")]
    AccessTokenReplaced,
}

impl ApiError {
    /// The word for log lines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.error.code(),
            Self::AccountUnknown(error) => error.code(),
            Self::NoAccount => "no_account",
            Self::NoClm => "no_clm",
            Self::NoUserList => "no_user_list",
            Self::Untrusted => "untrusted_address",
            Self::Failed { .. } => "api_failed",
            Self::Throttled => "api_throttled",
            Self::Malformed => "api_answer_malformed",
            Self::NoAnswer => "api_no_answer",
            Self::TimedOut => "api_timed_out",
            Self::BodyBrokeOff => "body_broke_off",
            Self::AccessTokenReplaced => "access_token_replaced",
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
