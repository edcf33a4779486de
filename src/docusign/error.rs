//! Classifies the error responses of DocuSign's account server. Pure.
//!
//! The pair of `error` and `error_description` decides, ignoring case. Unknown pairs count as permanent failures, and their
//! text is never sent to a client.

use serde::Deserialize;
use thiserror::Error;

use crate::docusign::error_table;
use crate::memory::failures::FailureKind;
use crate::oauth::client::SubjectKind;
use crate::types::Explained as _;

/// The longest `Retry-After` of a 5xx that is honored, in seconds. Maintenance pages often name far too long a time; the
/// `Retry-After` of a rate limit (429) is exact.
const MAX_MAINTENANCE_SECONDS: u64 = 300;

/// Why an exchange failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
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
    /// A 4xx that DocuSign does not document.
    Undocumented {
        /// The HTTP status.
        status: u16,
    },
    /// 429, the rate limit.
    Throttled {
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 5xx.
    ServerFailed {
        /// The HTTP status.
        status: u16,
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// A 200 without a usable access token.
    Malformed,
    /// No response: no connection, or the connection was lost.
    NoAnswer,
    /// No response in time.
    TimedOut,
}

/// The error body. Both members are optional in DocuSign's documentation.
#[derive(Default, Deserialize)]
struct DocusignErrorBody {
    error: Option<String>,
    error_description: Option<String>,
}

impl ExchangeError {
    /// Classifies a response that is not 200.
    #[must_use]
    pub fn classify(status: u16, body: &[u8], retry_after: Option<u64>) -> Self {
        match status {
            429 => Self::Throttled { retry_after },
            408 => Self::TimedOut,
            500.. => Self::ServerFailed { status, retry_after },
            _ => classify_refusal(status, &serde_json::from_slice(body).unwrap_or_default()),
        }
    }

    /// One of each variant, for the table in the documentation.
    pub const ALL: [Self; 14] = [
        Self::ConsentRequired,
        Self::NoValidKeys,
        Self::IssuerNotFound,
        Self::UserNotFound,
        Self::AssertionExpired,
        Self::ClientRefused,
        Self::UnsupportedGrantType,
        Self::Unexplained,
        Self::Undocumented { status: 400 },
        Self::Throttled { retry_after: None },
        Self::ServerFailed { status: 503, retry_after: None },
        Self::Malformed,
        Self::NoAnswer,
        Self::TimedOut,
    ];

    /// The code for log lines.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.explain().code
    }

    /// Whether the DocuSign user has to fix it, if the connection acts as `subject`.
    #[must_use]
    pub const fn is_up_to_the_user(self, subject: SubjectKind) -> bool {
        matches!((self, subject), (Self::ConsentRequired | Self::UserNotFound, SubjectKind::SignedInUser))
    }

    /// The message for the client, if its connection acts as `subject`.
    #[must_use]
    pub fn client_sentence(self, subject: SubjectKind) -> &'static str {
        if self.is_up_to_the_user(subject) { error_table::UP_TO_THE_USER } else { self.explain().client }
    }

    /// How the failure is cached.
    #[must_use]
    pub const fn kind(self) -> FailureKind {
        match self {
            Self::ConsentRequired
            | Self::NoValidKeys
            | Self::IssuerNotFound
            | Self::UserNotFound
            | Self::AssertionExpired
            | Self::ClientRefused
            | Self::UnsupportedGrantType
            | Self::Unexplained
            | Self::Undocumented { .. } => FailureKind::Permanent,
            Self::Throttled { retry_after: Some(seconds) } => FailureKind::Throttled(seconds),
            Self::ServerFailed { retry_after: Some(seconds), .. } => {
                FailureKind::Throttled(if seconds < MAX_MAINTENANCE_SECONDS {
                    seconds
                } else {
                    MAX_MAINTENANCE_SECONDS
                })
            }
            Self::Throttled { retry_after: None }
            | Self::ServerFailed { retry_after: None, .. }
            | Self::Malformed
            | Self::NoAnswer
            | Self::TimedOut => FailureKind::Transient,
        }
    }
}

/// DocuSign's `error`, if it is a short lower-case code and therefore safe to log.
#[must_use]
pub fn loggable_code(body: &[u8]) -> Option<String> {
    let error = serde_json::from_slice::<DocusignErrorBody>(body).ok()?.error?;
    let plain = (1..=40).contains(&error.len()) && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    plain.then_some(error)
}

fn classify_refusal(status: u16, body: &DocusignErrorBody) -> ExchangeError {
    let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    let (error, description) = (lower(&body.error), lower(&body.error_description));
    // DocuSign puts the code into `error_description` with `invalid_grant`, or sometimes into `error`.
    let code = if error == "invalid_grant" { description.as_str() } else { error.as_str() };
    match code {
        "consent_required" => ExchangeError::ConsentRequired,
        "no_valid_keys_or_signatures" => ExchangeError::NoValidKeys,
        "issuer_not_found" => ExchangeError::IssuerNotFound,
        "user_not_found" | "invalid_subject" => ExchangeError::UserNotFound,
        "expired_grant" => ExchangeError::AssertionExpired,
        "unauthorized_client" | "invalid_client" => ExchangeError::ClientRefused,
        "unsupported_grant_type" => ExchangeError::UnsupportedGrantType,
        "" if error == "invalid_grant" => ExchangeError::Unexplained,
        _ => ExchangeError::Undocumented { status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_error_is_classified() {
        use ExchangeError as E;
        let undocumented = E::Undocumented { status: 400 };
        for (body, expected) in [
            (r#"{"error":"consent_required"}"#, E::ConsentRequired),
            (r#"{"error":"invalid_grant","error_description":"no_valid_keys_or_signatures"}"#, E::NoValidKeys),
            (r#"{"error":"invalid_grant","error_description":"Issuer_not_found"}"#, E::IssuerNotFound),
            (r#"{"error":"invalid_grant","error_description":"user_not_found"}"#, E::UserNotFound),
            (r#"{"error":"invalid_subject"}"#, E::UserNotFound),
            (r#"{"error":"invalid_grant","error_description":"invalid_subject"}"#, E::UserNotFound),
            (r#"{"error":"invalid_grant","error_description":"expired_grant"}"#, E::AssertionExpired),
            (r#"{"error":"invalid_grant","error_description":"unauthorized_client"}"#, E::ClientRefused),
            (r#"{"error":"invalid_grant","error_description":"unsupported_grant_type"}"#, E::UnsupportedGrantType),
            (r#"{"error":"invalid_grant"}"#, E::Unexplained),
            (r#"{"error":"something_new"}"#, undocumented),
            ("not json", undocumented),
            ("", undocumented),
            (r#"{"error":5}"#, undocumented),
        ] {
            assert_eq!(E::classify(400, body.as_bytes(), None), expected, "{body}");
        }
    }

    #[test]
    fn rate_limits_and_server_errors_are_classified_by_status() {
        use ExchangeError as E;
        let body = br#"{"error":"consent_required"}"#;
        assert_eq!(E::classify(429, body, Some(7)), E::Throttled { retry_after: Some(7) });
        assert_eq!(E::classify(503, body, Some(9)), E::ServerFailed { status: 503, retry_after: Some(9) });
        assert_eq!(E::classify(401, body, None), E::ConsentRequired);
        assert_eq!(E::classify(302, b"", None), E::Undocumented { status: 302 });
    }

    #[test]
    fn rate_limits_are_cached_for_the_time_in_retry_after() {
        let maintenance = |seconds| ExchangeError::ServerFailed { status: 503, retry_after: Some(seconds) }.kind();
        assert_eq!((maintenance(9), maintenance(7200)), (FailureKind::Throttled(9), FailureKind::Throttled(300)));
        let throttled = ExchangeError::Throttled { retry_after: Some(7) };
        assert_eq!(throttled.kind(), FailureKind::Throttled(7));
        assert_eq!(ExchangeError::Throttled { retry_after: None }.kind(), FailureKind::Transient);
    }
}
