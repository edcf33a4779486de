//! The gateway's own error responses, RFC 6750 §3.1. Pure.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::AuthenticationError;
use crate::oauth::client::SubjectKind;
use crate::oauth::error::Outage;
use crate::registry::{REGISTRY_UNAVAILABLE, RETRY_AFTER};
use crate::sealing::keys::SEALING_UNAVAILABLE;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Explained as _;
use crate::web::body::Body;
use crate::web::response::json;

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
        match error {
            AuthenticationError::Unavailable(error) => Self::Api(error),
            other => Self::Authentication(other),
        }
    }
}

impl From<ApiError> for GatewayError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

#[derive(Serialize)]
struct GatewayErrorBody {
    error: &'static str,
    error_description: &'static str,
}

const NOT_ALLOWED: &str = "no gateway_allow rule of this client allows this method and path; the operator can add one to \
    EVERGRANT_CLIENTS";
const NO_CREDENTIALS: &str = "no credentials: send an access token of this server in Authorization: Bearer, or an API key in \
    x-api-key";
const NO_SUCH_API: &str = "there is no such API behind the gateway: expected /gateway/clm/, /gateway/clm-upload/, \
    /gateway/clm-download/, /gateway/esign/, /gateway/navigator/v1/accounts/{account}/agreements or \
    /gateway/maestro/v1/accounts/{account}/workflows";
const REPEATED_HEADER: &str =
    "a header that may occur only once, such as Content-Type or Range, has two different values";
const AMBIGUOUS: &str = "the path is ambiguous: it must not contain empty or dot segments, backslashes, semicolons, or an encoded \
    slash or percent sign";

/// `error` for a request without credentials. Its challenge has no error code, RFC 6750 §3.1.
const UNAUTHORIZED: &str = "unauthorized";

impl GatewayError {
    /// The response, with `record` completed for the log.
    pub fn answer(&self, record: AnswerRecord) -> Answer<Body> {
        match self {
            Self::NoSuchApi => refuse(StatusCode::NOT_FOUND, "not_found", NO_SUCH_API, record),
            Self::Ambiguous => refuse(StatusCode::BAD_REQUEST, "invalid_request", AMBIGUOUS, record),
            Self::RepeatedHeader => refuse(StatusCode::BAD_REQUEST, "invalid_request", REPEATED_HEADER, record),
            Self::OtherAccount => refuse(
                StatusCode::FORBIDDEN,
                "access_denied",
                "the path names an account that is not configured",
                record,
            ),
            Self::NotAllowed => refuse(StatusCode::FORBIDDEN, "insufficient_scope", NOT_ALLOWED, record),
            Self::Authentication(AuthenticationError::MissingCredentials) => {
                refuse(StatusCode::UNAUTHORIZED, UNAUTHORIZED, NO_CREDENTIALS, record)
            }
            Self::Authentication(AuthenticationError::Malformed(message)) => {
                refuse(StatusCode::BAD_REQUEST, "invalid_request", message, record)
            }
            Self::Authentication(AuthenticationError::Refused(message)) => {
                refuse(StatusCode::UNAUTHORIZED, "invalid_token", message, record)
            }
            Self::SealingUnavailable | Self::Authentication(AuthenticationError::SealingUnavailable) => {
                unavailable(5, SEALING_UNAVAILABLE.code, SEALING_UNAVAILABLE.client, record)
            }
            Self::RegistryUnavailable => {
                unavailable(RETRY_AFTER, REGISTRY_UNAVAILABLE.code, REGISTRY_UNAVAILABLE.client, record)
            }
            Self::Api(error @ ApiError::BodyBrokeOff) => {
                refuse(StatusCode::BAD_REQUEST, "invalid_request", error.explain().client, record)
            }
            Self::Api(error) | Self::Authentication(AuthenticationError::Unavailable(error)) => {
                let subject = record.subject_kind.unwrap_or(SubjectKind::IntegrationUser);
                unavailable(error.retry_after(), error.code(), error.client_sentence(subject), record)
            }
        }
    }
}

/// 503: DocuSign or a key is unavailable.
fn unavailable(
    retry_after: u64,
    cause: &'static str,
    error_description: &'static str,
    record: AnswerRecord,
) -> Answer<Body> {
    let outage = Outage { retry_after, error_description };
    let record = AnswerRecord { event: Some("api_unavailable"), cause: Some(cause), ..record };
    Answer { response: outage.reply(), record: record.refused(Outage::ERROR, error_description) }.into()
}

/// The response to a rejected request. Authentication and authorization errors have a challenge, RFC 6750 §3.
fn refuse(
    status: StatusCode,
    error: &'static str,
    error_description: &'static str,
    record: AnswerRecord,
) -> Answer<Body> {
    let mut response = json(status, &GatewayErrorBody { error, error_description });
    let challenge = match error {
        UNAUTHORIZED => Some("Bearer realm=\"evergrant\"".to_owned()),
        "invalid_token" | "insufficient_scope" => Some(format!("Bearer realm=\"evergrant\", error=\"{error}\"")),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    let record = AnswerRecord { event: Some("call_refused"), ..record };
    Answer { response, record: record.refused(error, error_description) }.into()
}

#[cfg(test)]
impl PartialEq for GatewayError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
