//! What callers of the gateway and of triggers hear about their credentials and about outages, RFC 6750 §3.1. Pure.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::error::AuthenticationError;
use crate::endpoints::caller::failures::TooManyFailuresError;
use crate::oauth::error::Outage;
use crate::oauth::subject::SubjectKind;
use crate::registry::REGISTRY_UNAVAILABLE;
use crate::sealing::keys::SEALING_UNAVAILABLE;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::{Explained as _, Explanation};
use crate::web::response::json;
use crate::web::retry_after::USUAL_WAIT;

const NO_CREDENTIALS: &str = "no credentials: send an access token of this server in Authorization: Bearer, or an API key in \
    x-api-key";

/// `error` for a request without credentials. Its challenge has no error code.
const UNAUTHORIZED: &str = "unauthorized";

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

/// The response to a caller who is not authenticated.
#[must_use]
pub fn not_authenticated(error: &AuthenticationError, record: AnswerRecord) -> Answer {
    match error {
        AuthenticationError::MissingCredentials => {
            refuse(StatusCode::UNAUTHORIZED, UNAUTHORIZED, NO_CREDENTIALS, record)
        }
        AuthenticationError::Malformed(message) => refuse(StatusCode::BAD_REQUEST, "invalid_request", message, record),
        AuthenticationError::Refused(message) => refuse(StatusCode::UNAUTHORIZED, "invalid_token", message, record),
        AuthenticationError::Forbidden(message) => refuse(StatusCode::FORBIDDEN, "access_denied", message, record),
        AuthenticationError::TooManyFailures(failures) => {
            let record = AnswerRecord { cause: Some(TooManyFailuresError::CAUSE), ..record };
            let answer = refuse(StatusCode::TOO_MANY_REQUESTS, Outage::ERROR, TooManyFailuresError::SENTENCE, record);
            Answer { response: failures.reply(answer.response), ..answer }
        }
        AuthenticationError::SealingUnavailable => sealing_unavailable(record),
        AuthenticationError::IssuerUnavailable(unknown) => {
            let Explanation { code, client, .. } = unknown.error.explain();
            unavailable(unknown.retry_after, code, client, record)
        }
        AuthenticationError::Unavailable(error) => api_unavailable(error, record),
    }
}

/// 503: DocuSign did not respond.
#[must_use]
pub fn api_unavailable(error: &ApiError, record: AnswerRecord) -> Answer {
    let subject = record.subject_kind.unwrap_or(SubjectKind::IntegrationUser);
    unavailable(error.retry_after(), error.code(), error.client_sentence(subject), record)
}

/// 503: the sealing key cannot be used.
#[must_use]
pub fn sealing_unavailable(record: AnswerRecord) -> Answer {
    unavailable(USUAL_WAIT, SEALING_UNAVAILABLE.code, SEALING_UNAVAILABLE.client, record)
}

/// 503: there was no good version of the client registry yet.
#[must_use]
pub fn registry_unavailable(record: AnswerRecord) -> Answer {
    unavailable(USUAL_WAIT, REGISTRY_UNAVAILABLE.code, REGISTRY_UNAVAILABLE.client, record)
}

/// 503 with these words, `cause` for the log.
#[must_use]
pub fn unavailable(
    retry_after: u64,
    cause: &'static str,
    error_description: &'static str,
    record: AnswerRecord,
) -> Answer {
    let outage = Outage { retry_after, error_description };
    let record = AnswerRecord { event: Some("api_unavailable"), cause: Some(cause), ..record };
    Answer { response: outage.reply(), record: record.refused(Outage::ERROR, error_description) }
}

/// The response to a rejected request. Authentication and authorization errors have a challenge, RFC 6750 §3.
#[must_use]
pub fn refuse(
    status: StatusCode,
    error: &'static str,
    error_description: &'static str,
    record: AnswerRecord,
) -> Answer {
    let mut response = json(status, &ErrorBody { error, error_description });
    let challenge = match error {
        UNAUTHORIZED => Some("Bearer realm=\"evergrant\"".to_owned()),
        "invalid_token" | "insufficient_scope" => Some(format!("Bearer realm=\"evergrant\", error=\"{error}\"")),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    let record = AnswerRecord { event: Some("call_refused"), ..record };
    Answer { response, record: record.refused(error, error_description) }
}
