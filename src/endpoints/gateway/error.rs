//! The gateway's own error responses, RFC 6750 §3.1. Pure.

use http::StatusCode;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::answers::{
    api_unavailable, not_authenticated, refuse, registry_unavailable, sealing_unavailable,
};
use crate::endpoints::caller::error::AuthenticationError;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Explained as _;
use crate::web::body::Body;

/// Why a request is not forwarded.
#[derive(Debug)]
pub enum GatewayError {
    /// The path does not name an API.
    NoSuchApi,
    /// Servers could read the path in different ways.
    Ambiguous,
    /// The path names another account.
    OtherAccount,
    /// A header that may occur once has two values.
    RepeatedHeader,
    /// No rule of the client allows it.
    NotAllowed,
    /// The caller is not authenticated.
    Authentication(AuthenticationError),
    /// There was no good version of the client registry yet.
    RegistryUnavailable,
    /// The sealing key cannot be used, so nothing can be begun that is waited for.
    SealingUnavailable,
    /// DocuSign did not respond.
    Api(ApiError),
}

impl From<AuthenticationError> for GatewayError {
    fn from(error: AuthenticationError) -> Self {
        Self::Authentication(error)
    }
}

impl From<ApiError> for GatewayError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

const NOT_ALLOWED: &str = "no gateway_allow rule of this client allows this method and path; the operator can add one to \
    EVERGRANT_CLIENTS";
const OTHER_ACCOUNT: &str = "the path names an account that is not configured";
const NO_SUCH_API: &str = "there is no such API behind the gateway: expected /gateway/clm/, /gateway/clm-upload/, \
    /gateway/clm-download/, /gateway/esign/, /gateway/navigator/v1/accounts/{account}/agreements or \
    /gateway/maestro/v1/accounts/{account}/workflows";
const REPEATED_HEADER: &str =
    "a header that may occur only once, such as Content-Type or Range, has two different values";
const AMBIGUOUS: &str = "the path is ambiguous: it must not contain empty or dot segments, backslashes, semicolons, or an encoded \
    slash or percent sign";

impl GatewayError {
    /// The response, with `record` completed for the log.
    #[must_use]
    pub fn answer(&self, record: AnswerRecord) -> Answer<Body> {
        let bad_request = |message, record| refuse(StatusCode::BAD_REQUEST, "invalid_request", message, record);
        let answer = match self {
            Self::NoSuchApi => refuse(StatusCode::NOT_FOUND, "not_found", NO_SUCH_API, record),
            Self::Ambiguous => bad_request(AMBIGUOUS, record),
            Self::RepeatedHeader => bad_request(REPEATED_HEADER, record),
            Self::OtherAccount => refuse(StatusCode::FORBIDDEN, "access_denied", OTHER_ACCOUNT, record),
            Self::NotAllowed => refuse(StatusCode::FORBIDDEN, "insufficient_scope", NOT_ALLOWED, record),
            Self::Authentication(error) => not_authenticated(error, record),
            Self::SealingUnavailable => sealing_unavailable(record),
            Self::RegistryUnavailable => registry_unavailable(record),
            Self::Api(error @ ApiError::BodyBrokeOff) => bad_request(error.explain().client, record),
            Self::Api(error) => api_unavailable(error, record),
        };
        answer.into()
    }
}

#[cfg(test)]
impl PartialEq for GatewayError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
