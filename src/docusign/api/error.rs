//! Errors of calls to DocuSign's APIs. Pure.

use thiserror::Error;

use crate::docusign::error::{ExchangeError, RATE_LIMITS};
use crate::docusign::tokens::slot::AccessTokenError;
use crate::memory::failures::FailureKind;
use crate::oauth::subject::SubjectKind;
use crate::types::Explained as _;
use crate::web::obstacle::Obstacle;
use crate::web::retry_after::USUAL_WAIT;
use crate::web::upstream::UpstreamAnswer;

/// Seconds to wait at a rate limit that does not say when it ends.
const UNKNOWN_LIMIT: u64 = 60;

/// Codes for a user or a token without the right to list users.
const MAY_NOT_LIST: [&str; 8] = [
    "USER_LACKS_PERMISSIONS",
    "USER_LACKS_MEMBERSHIP",
    "USER_NOT_ACCOUNT_ADMIN",
    "ACCOUNT_LACKS_PERMISSIONS",
    "USER_AUTHENTICATION_FAILED",
    "AUTHORIZATION_INVALID_TOKEN",
    "INVALID_TOKEN_SCOPE",
    "INSUFFICIENT_SCOPE",
];

/// Why an API call failed.
#[derive(Clone, Debug, Error)]
#[error("{}", self.line())]
pub enum ApiError {
    /// No access token is available.
    NoAccessToken(AccessTokenError),
    /// The account lookup failed.
    AccountUnknown(#[source] ExchangeError),
    /// The integration user is in no account, or not in the one of `DOCUSIGN_ACCOUNT_ID`.
    NoAccount,
    /// The account has no CLM, or the integration user has no access to it.
    NoClm {
        /// What CLM answered.
        answer: UpstreamAnswer,
    },
    /// DocuSign returned an address that is not on a DocuSign host.
    Untrusted,
    /// The integration user may not list the account's users.
    NoUserList {
        /// What DocuSign answered.
        answer: UpstreamAnswer,
    },
    /// An error status.
    Failed {
        /// What came.
        answer: UpstreamAnswer,
    },
    /// DocuSign's rate limit is reached.
    Throttled {
        /// What came.
        answer: UpstreamAnswer,
        /// Seconds to wait, if DocuSign says so.
        retry_after: Option<u64>,
    },
    /// The response could not be parsed.
    Malformed,
    /// No connection, or the connection was lost.
    Unreachable(Obstacle),
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
    /// One of each variant that is not about an access token or its user, for the table in the documentation.
    pub const ALL: [Self; 12] = [
        Self::NoAccount,
        Self::NoClm { answer: UpstreamAnswer::NONE },
        Self::Untrusted,
        Self::NoUserList { answer: UpstreamAnswer::NONE },
        Self::Failed { answer: UpstreamAnswer::NONE },
        Self::Throttled { answer: UpstreamAnswer::NONE, retry_after: None },
        Self::Malformed,
        Self::Unreachable(Obstacle::Other(UpstreamAnswer::NONE)),
        Self::TimedOut,
        Self::BodyBrokeOff,
        Self::TooManyStreams,
        Self::AccessTokenReplaced,
    ];

    /// The error for an answer with an error status.
    #[must_use]
    pub fn of_answer(answer: UpstreamAnswer) -> Self {
        if answer.status() == Some(429) || answer.has(&RATE_LIMITS) {
            Self::Throttled { answer, retry_after: None }
        } else {
            Self::Failed { answer }
        }
    }

    /// The same error. If it is a rate limit, calls may resume after this many seconds.
    #[must_use]
    pub fn after(self, retry_after: Option<u64>) -> Self {
        match self {
            Self::Throttled { answer, .. } => Self::Throttled { answer, retry_after },
            other => other,
        }
    }

    /// The error for an answer to a look-up of users. Only DocuSign's own words prove that the user may not do it.
    #[must_use]
    pub fn of_user_look_up(answer: UpstreamAnswer) -> Self {
        match Self::of_answer(answer) {
            Self::Failed { answer } if answer.has(&MAY_NOT_LIST) => Self::NoUserList { answer },
            other => other,
        }
    }

    /// The error for an answer to CLM's account discovery. Only an answer of CLM proves that there is no access.
    #[must_use]
    pub fn of_discovery(answer: UpstreamAnswer) -> Self {
        match Self::of_answer(answer) {
            Self::Failed { answer }
                if matches!(answer.status(), Some(401 | 403)) && !answer.is_html() && !answer.codes().is_empty() =>
            {
                Self::NoClm { answer }
            }
            other => other,
        }
    }

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

    /// When another try can help.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::AccountUnknown(error) => error.kind(),
            Self::Throttled { retry_after: Some(seconds), .. } => FailureKind::Throttled(*seconds),
            Self::Throttled { retry_after: None, .. } => FailureKind::Throttled(UNKNOWN_LIMIT),
            Self::NoAccount | Self::NoClm { .. } | Self::Untrusted | Self::NoUserList { .. } => FailureKind::Permanent,
            // The cache of access tokens remembers why there is none, and forgets it when that is fixed.
            Self::NoAccessToken(_)
            | Self::Failed { .. }
            | Self::Malformed
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::BodyBrokeOff
            | Self::TooManyStreams
            | Self::AccessTokenReplaced => FailureKind::Transient,
        }
    }

    /// `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(&self) -> u64 {
        match (self, self.kind()) {
            (Self::NoAccessToken(unavailable), _) => unavailable.retry_after,
            (Self::AccessTokenReplaced, _) => 1,
            (_, FailureKind::Transient) => USUAL_WAIT,
            (_, kind) => kind.cached_for(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Classify = fn(UpstreamAnswer) -> ApiError;

    #[test]
    fn the_code_decides_and_without_proof_no_one_is_blamed() {
        let (users, discovery): (Classify, Classify) = (ApiError::of_user_look_up, ApiError::of_discovery);
        let denied = r#"{"Error":{"HttpStatusCode":401,"UserMessage":"Access Denied","ErrorCode":103}}"#;
        for (classify, status, body, code, found) in [
            (
                users,
                401,
                r#"{"errorCode":"USER_AUTHENTICATION_FAILED","message":"No."}"#,
                "no_user_list",
                "USER_AUTHENTICATION_FAILED",
            ),
            (users, 403, r#"{"errorCode":"USER_LACKS_PERMISSIONS"}"#, "no_user_list", "USER_LACKS_PERMISSIONS"),
            (users, 400, r#"{"errorCode":"ACCOUNT_LACKS_PERMISSIONS"}"#, "no_user_list", "ACCOUNT_LACKS_PERMISSIONS"),
            (users, 400, r#"{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}"#, "api_throttled", "limits the rate"),
            (users, 400, r#"{"errorCode":"INVALID_REQUEST_PARAMETER"}"#, "api_failed", "INVALID_REQUEST_PARAMETER"),
            (users, 403, "<html>", "api_failed", "a web page"),
            (users, 401, "", "api_failed", "status 401"),
            (users, 500, r#"{"errorCode":"UNSPECIFIED_ERROR"}"#, "api_failed", "UNSPECIFIED_ERROR"),
            (users, 429, "", "api_throttled", "limits the rate"),
            (discovery, 401, denied, "no_clm", "CLM does not know"),
            (discovery, 403, "<!doctype html>", "api_failed", "a web page"),
            (discovery, 403, "", "api_failed", "status 403"),
            (discovery, 429, denied, "api_throttled", "limits the rate"),
            (discovery, 503, denied, "api_failed", "103"),
        ] {
            let error = classify(UpstreamAnswer::read(status, |_| None, body.as_bytes()));
            assert_eq!(error.code(), code, "{status} {body}");
            assert!(error.problem().contains(found), "{status} {body}: {}", error.problem());
            let may_pass = error.fix(&[]).contains("may pass by itself");
            assert_eq!(may_pass, code == "api_failed", "{status} {body}: {}", error.fix(&[]));
        }
    }
}
