//! Classifies the error responses of DocuSign's account server. Pure.
//!
//! The codes in the body decide before the status, ignoring case. What DocuSign does not document may pass by itself, unless
//! DocuSign says more; its text is never sent to a client.

use thiserror::Error;

use crate::memory::failures::FailureKind;
use crate::oauth::subject::SubjectKind;
use crate::types::Explained as _;
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// The longest `Retry-After` of a 5xx that is honored, in seconds. Maintenance pages often name far too long a time; the
/// `Retry-After` of a rate limit (429) is exact.
const MAX_MAINTENANCE_SECONDS: u64 = 300;

/// Codes of a failure at DocuSign's side, whatever the status.
const FAILED_AT_DOCUSIGN: [&str; 5] =
    ["internal_server_error", "server_error", "temporarily_unavailable", "service_unavailable", "UNSPECIFIED_ERROR"];

/// Codes of a rate limit, whatever the status.
pub const RATE_LIMITS: [&str; 5] = [
    "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
    "BURST_APIINVOCATION_LIMIT_EXCEEDED",
    "POLLING_LIMIT_EXCEEDED",
    "too_many_requests",
    "rate_limit_exceeded",
];

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.line())]
pub enum ExchangeError {
    /// `consent_required`: no consent for this integration key, user and all of the scopes.
    ConsentRequired,
    /// `no_valid_keys_or_signatures`.
    NoValidKeys,
    /// `issuer_not_found`.
    IssuerNotFound,
    /// `user_not_found` and `invalid_subject`.
    UserNotFound,
    /// `expired_grant`: the assertion was too old on arrival.
    AssertionExpired,
    /// `unauthorized_client`: the code was issued to another client, or the secret key is wrong.
    ClientRefused,
    /// `unsupported_grant_type`: the form was changed on the way, for example by a proxy.
    UnsupportedGrantType,
    /// `invalid_grant` without a description.
    Unexplained,
    /// `invalid_scope`: DocuSign does not know a scope, or the account does not have it.
    ScopeRefused,
    /// `expired_client_token`: the code of a sign-in was too old or already used.
    CodeExpired,
    /// A code that DocuSign does not document.
    Undocumented {
        /// What it answered.
        answer: UpstreamAnswer,
    },
    /// An error without any code: perhaps not from DocuSign.
    Foreign {
        /// What answered.
        answer: UpstreamAnswer,
    },
    /// DocuSign does not say who the user of an access token is.
    UserUnnamed {
        /// What it answered.
        answer: UpstreamAnswer,
    },
    /// The rate limit, mostly with 429.
    Throttled {
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 5xx, or a code of a failure at DocuSign.
    ServerFailed {
        /// What it answered.
        answer: UpstreamAnswer,
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// A 200 without a usable access token.
    Malformed,
    /// No response: no connection, or the connection was lost.
    Unreachable(Obstacle),
    /// No response in time.
    TimedOut,
}

impl ExchangeError {
    /// Classifies a response that is not 200.
    #[must_use]
    pub fn classify(answer: UpstreamAnswer, retry_after: Option<u64>) -> Self {
        let status = answer.status();
        if status == Some(429) || answer.has(&RATE_LIMITS) {
            return Self::Throttled { retry_after };
        }
        match Self::documented(&answer) {
            Some(error) => error,
            None if status == Some(408) => Self::TimedOut,
            None if answer.is_server_error() || answer.has(&FAILED_AT_DOCUSIGN) => {
                Self::ServerFailed { answer, retry_after }
            }
            None if answer.codes().is_empty() => Self::Foreign { answer },
            None => Self::Undocumented { answer },
        }
    }

    /// The error for a code that `DocuSign` documents. It puts the code into `error_description` with `invalid_grant`, or
    /// sometimes into `error`.
    fn documented(answer: &UpstreamAnswer) -> Option<Self> {
        let documented = [
            (&["consent_required"][..], Self::ConsentRequired),
            (&["no_valid_keys_or_signatures"], Self::NoValidKeys),
            (&["issuer_not_found"], Self::IssuerNotFound),
            (&["user_not_found", "invalid_subject"], Self::UserNotFound),
            (&["expired_grant"], Self::AssertionExpired),
            (&["expired_client_token"], Self::CodeExpired),
            (&["unauthorized_client", "invalid_client"], Self::ClientRefused),
            (&["unsupported_grant_type"], Self::UnsupportedGrantType),
            (&["invalid_scope"], Self::ScopeRefused),
        ];
        let known = documented.into_iter().find(|(codes, _)| answer.has(codes)).map(|(_, error)| error);
        let unexplained = || (answer.codes() == ["invalid_grant"]).then_some(Self::Unexplained);
        known.or_else(unexplained)
    }

    /// Classifies the response to a look-up of the user, which says nothing about keys or consent.
    #[must_use]
    pub fn classify_userinfo(answer: UpstreamAnswer, retry_after: Option<u64>) -> Self {
        let error = Self::classify(answer.clone(), retry_after);
        if error.kind() == FailureKind::Permanent { Self::UserUnnamed { answer } } else { error }
    }

    /// What DocuSign answered, if it is not a documented error.
    #[must_use]
    pub const fn answer(&self) -> Option<&UpstreamAnswer> {
        match self {
            Self::Undocumented { answer }
            | Self::Foreign { answer }
            | Self::UserUnnamed { answer }
            | Self::ServerFailed { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// One of each variant, for the table in the documentation.
    pub const ALL: [Self; 18] = [
        Self::ConsentRequired,
        Self::NoValidKeys,
        Self::IssuerNotFound,
        Self::UserNotFound,
        Self::AssertionExpired,
        Self::ClientRefused,
        Self::UnsupportedGrantType,
        Self::ScopeRefused,
        Self::CodeExpired,
        Self::Unexplained,
        Self::Undocumented { answer: UpstreamAnswer::NONE },
        Self::Foreign { answer: UpstreamAnswer::NONE },
        Self::UserUnnamed { answer: UpstreamAnswer::NONE },
        Self::Throttled { retry_after: None },
        Self::ServerFailed { answer: UpstreamAnswer::NONE, retry_after: None },
        Self::Malformed,
        Self::Unreachable(Obstacle::Other(UpstreamAnswer::NONE)),
        Self::TimedOut,
    ];

    /// The code for log lines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.explain().code
    }

    /// Whether the DocuSign user has to fix it, if the connection acts as `subject`.
    #[must_use]
    pub const fn is_up_to_the_user(&self, subject: SubjectKind) -> bool {
        matches!((self, subject), (Self::ConsentRequired | Self::UserNotFound, SubjectKind::SignedInUser))
    }

    /// How the failure is cached.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::ConsentRequired
            | Self::NoValidKeys
            | Self::IssuerNotFound
            | Self::UserNotFound
            | Self::AssertionExpired
            | Self::ClientRefused
            | Self::UnsupportedGrantType
            | Self::ScopeRefused
            | Self::CodeExpired
            | Self::Unexplained
            | Self::Undocumented { .. } => FailureKind::Permanent,
            Self::Throttled { retry_after: Some(seconds) } => FailureKind::Throttled(*seconds),
            Self::ServerFailed { retry_after: Some(seconds), .. } => {
                FailureKind::Throttled(if *seconds < MAX_MAINTENANCE_SECONDS {
                    *seconds
                } else {
                    MAX_MAINTENANCE_SECONDS
                })
            }
            Self::Throttled { retry_after: None }
            | Self::ServerFailed { retry_after: None, .. }
            | Self::Foreign { .. }
            | Self::UserUnnamed { .. }
            | Self::Unreachable(_)
            | Self::Malformed
            | Self::TimedOut => FailureKind::Transient,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of a JSON answer.
    fn classify(status: u16, body: &str) -> (ExchangeError, UpstreamAnswer) {
        let answer = UpstreamAnswer::read(status, |_| None, body.as_bytes());
        (ExchangeError::classify(answer.clone(), None), answer)
    }

    #[test]
    fn every_documented_error_is_classified_by_its_code_whatever_the_status() {
        use ExchangeError as E;
        for (body, expected) in [
            (r#"{"error":"consent_required"}"#, E::ConsentRequired),
            (r#"{"error":"invalid_grant","error_description":"no_valid_keys_or_signatures"}"#, E::NoValidKeys),
            (r#"{"error":"invalid_grant","error_description":"Issuer_not_found"}"#, E::IssuerNotFound),
            (r#"{"error":"invalid_grant","error_description":"user_not_found"}"#, E::UserNotFound),
            (r#"{"error":"invalid_subject"}"#, E::UserNotFound),
            (r#"{"error":"invalid_grant","error_description":"invalid_subject"}"#, E::UserNotFound),
            (r#"{"error":"invalid_grant","error_description":"expired_grant"}"#, E::AssertionExpired),
            (r#"{"error":"invalid_grant","error_description":"expired_client_token"}"#, E::CodeExpired),
            (r#"{"error":"invalid_grant","error_description":"unauthorized_client"}"#, E::ClientRefused),
            (r#"{"error":"invalid_grant","error_description":"unsupported_grant_type"}"#, E::UnsupportedGrantType),
            (r#"{"error":"invalid_scope","error_description":"The scope is not valid"}"#, E::ScopeRefused),
            (r#"{"error":"invalid_grant"}"#, E::Unexplained),
        ] {
            for status in [400, 401, 403, 500] {
                assert_eq!(classify(status, body).0, expected, "{status} {body}");
            }
        }
    }

    #[test]
    fn every_other_error_keeps_what_came_and_gets_the_fix_of_its_kind() {
        use FailureKind::{Permanent, Transient};
        for (status, body, code, kind, found) in [
            (400, r#"{"error":"something_new"}"#, "undocumented_refusal", Permanent, "status 400, something_new"),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"brand_new"}"#,
                "undocumented_refusal",
                Permanent,
                "brand_new",
            ),
            (
                400,
                r#"{"errorCode":"PARTNER_AUTHENTICATION_FAILED","message":"No."}"#,
                "undocumented_refusal",
                Permanent,
                "PARTNER_AUTHENTICATION_FAILED",
            ),
            (
                401,
                r#"{"error":"internal_server_error","reference_id":"r-1"}"#,
                "server_failed",
                Transient,
                "status 401, internal_server_error, request id r-1",
            ),
            (400, r#"{"error":"temporarily_unavailable"}"#, "server_failed", Transient, "temporarily_unavailable"),
            (503, "<html>", "server_failed", Transient, "status 503, a web page"),
            (403, "<!doctype html><h1>Blocked</h1>", "foreign_answer", Transient, "status 403, a web page"),
            (407, "", "foreign_answer", Transient, "status 407"),
            (404, "not found", "foreign_answer", Transient, "status 404"),
            (302, "", "foreign_answer", Transient, "status 302"),
            (400, r#"{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}"#, "throttled", Transient, "limits"),
            (429, r#"{"error":"consent_required"}"#, "throttled", Transient, "limits"),
            (408, "", "timed_out", Transient, "in time"),
        ] {
            let (error, _) = classify(status, body);
            assert_eq!((error.code(), error.kind()), (code, kind), "{status} {body}");
            assert!(error.problem().contains(found), "{status} {body}: {}", error.problem());
            let fix = error.fix(&[]);
            assert_eq!(fix.contains("public key"), code == "undocumented_refusal", "{status} {body}: {fix}");
        }
    }

    #[test]
    fn a_look_up_of_the_user_never_blames_a_key() {
        for (status, body) in [
            (401, r#"{"error":"invalid_token"}"#),
            (401, r#"{"error":"internal_server_error"}"#),
            (400, r#"{"error":"invalid_grant"}"#),
            (403, r#"{"error":"consent_required"}"#),
        ] {
            let (_, answer) = classify(status, body);
            let error = ExchangeError::classify_userinfo(answer, None);
            assert_eq!(error.kind(), FailureKind::Transient, "{body}");
            assert!(!error.fix(&[]).contains("key") && error.problem().contains("status 40"), "{}", error.line());
        }
    }

    #[test]
    fn rate_limits_are_cached_for_the_time_in_retry_after() {
        let maintenance = |seconds| {
            let answer = UpstreamAnswer::of_status(503);
            ExchangeError::classify(answer, Some(seconds)).kind()
        };
        assert_eq!((maintenance(9), maintenance(7200)), (FailureKind::Throttled(9), FailureKind::Throttled(300)));
        let throttled = ExchangeError::classify(UpstreamAnswer::of_status(429), Some(7));
        assert_eq!(throttled.kind(), FailureKind::Throttled(7));
        assert_eq!(ExchangeError::Throttled { retry_after: None }.kind(), FailureKind::Transient);
    }
}
