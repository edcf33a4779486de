//! What the gateway says when it does not pass a request on, RFC 6750 §3.1. Pure.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::AuthenticationError;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::Body;
use crate::web::response::json;

/// Why a request is not passed on.
#[derive(Debug)]
pub enum GatewayError {
    /// No such API.
    NoSuchApi,
    /// The path could be read in more than one way.
    Ambiguous,
    /// The path names another account.
    OtherAccount,
    /// No rule of the client lets it through.
    NotAllowed,
    /// Nobody we know.
    Authentication(AuthenticationError),
    /// DocuSign did not answer.
    Api(ApiError),
}

impl From<AuthenticationError> for GatewayError {
    fn from(stranger: AuthenticationError) -> Self {
        match stranger {
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

const NOT_ALLOWED: &str = "no rule in gateway_allow of this client lets this method and path through; an operator adds one in \
    EVERGRANT_CLIENTS";
const NO_CREDENTIALS: &str =
    "send Authorization: Bearer with an access token of this server, or an API key in x-api-key";

impl GatewayError {
    /// The answer, and what the log says of it beside `record`.
    pub fn answer(&self, record: AnswerRecord) -> Answer<Body> {
        match self {
            Self::NoSuchApi => refuse(404, "not_found", "there is no such API behind the gateway", record),
            Self::Ambiguous => {
                refuse(400, "invalid_request", "the path could be read in more than one way: write it plainly", record)
            }
            Self::OtherAccount => {
                refuse(403, "access_denied", "the path names another account than the configured one", record)
            }
            Self::NotAllowed => refuse(403, "insufficient_scope", NOT_ALLOWED, record),
            Self::Authentication(AuthenticationError::MissingCredentials) => refuse(401, "", NO_CREDENTIALS, record),
            Self::Authentication(AuthenticationError::Malformed(told)) => refuse(400, "invalid_request", told, record),
            Self::Authentication(AuthenticationError::Refused(told)) => refuse(401, "invalid_token", told, record),
            Self::Authentication(AuthenticationError::SealingUnavailable) => {
                later(5, "sealing_key_unavailable", "the sealing key cannot be used at the moment", record)
            }
            Self::Api(ApiError::BodyBrokeOff) => refuse(400, "invalid_request", "the body broke off", record),
            Self::Api(error) | Self::Authentication(AuthenticationError::Unavailable(error)) => {
                later(error.retry_after(), error.code(), describe(error), record)
            }
        }
    }
}

/// Who can mend it, and nothing that DocuSign said.
const fn describe(error: &ApiError) -> &'static str {
    match error {
        ApiError::NoAccessToken(_) | ApiError::AccountUnknown(_) => {
            "no access token of DocuSign's can be had at the moment; an operator finds the cause in the log"
        }
        ApiError::NoUserList => "the integration user may not look users up; an operator runs evergrant doctor",
        ApiError::NoAccount | ApiError::NoClm | ApiError::Untrusted => {
            "the account or its CLM cannot be found; an operator runs evergrant doctor"
        }
        ApiError::AccessTokenReplaced => {
            "the access token of DocuSign's had ended and was replaced: send the request again"
        }
        ApiError::Throttled => "DocuSign limits the rate of requests at the moment",
        _ => "DocuSign's API cannot be reached at the moment",
    }
}

fn later(retry_after: u64, cause: &'static str, error_description: &'static str, record: AnswerRecord) -> Answer<Body> {
    let outage = Outage { retry_after, error_description };
    let record =
        AnswerRecord { event: Some("api_unavailable"), error: Some(Outage::ERROR), cause: Some(cause), ..record };
    Answer { response: outage.reply(), record }.into()
}

/// A refusal by the rules of RFC 6750: 401 and 403 carry a challenge; without any credentials it names no error.
fn refuse(status: u16, error: &'static str, error_description: &'static str, record: AnswerRecord) -> Answer<Body> {
    let named = if error.is_empty() { "unauthorized" } else { error };
    let body = GatewayErrorBody { error: named, error_description };
    let mut response = json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body);
    let challenge = match error {
        "" => Some("Bearer realm=\"evergrant\"".to_owned()),
        "invalid_token" | "insufficient_scope" => Some(format!("Bearer realm=\"evergrant\", error=\"{error}\"")),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    let record = AnswerRecord { event: Some("call_refused"), error: Some(named), ..record };
    Answer { response, record }.into()
}

#[cfg(test)]
impl PartialEq for GatewayError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
