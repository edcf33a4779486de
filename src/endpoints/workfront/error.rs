//! Error responses for Workfront: `{"status":"error","error":…}` with 403, 404 or 500 as Adobe defines them, and with 400, 405
//! or 503 for cases that Adobe does not mention. Pure.

use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::error::AuthenticationError;
use crate::endpoints::caller::failures::TooManyFailuresError;
use crate::endpoints::sign_in::SECRET_KEY_MISSING;
use crate::oauth::subject::SubjectKind;
use crate::registry::REGISTRY_UNAVAILABLE;
use crate::sealing::keys::SEALING_UNAVAILABLE;
use crate::store::STORE_UNAVAILABLE;
use crate::store::StoreError;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Explained as _;
use crate::web::body::Body;
use crate::web::response::json;
use crate::web::retry_after;
use crate::web::upstream::UpstreamAnswer;

/// Why an operation failed.
#[derive(Debug)]
pub enum WorkfrontError {
    /// 404: the specification has no operation with this path.
    NoSuchOperation,
    /// 405: the operation requires this method.
    WrongMethod(Method),
    /// 400: the request can be read in two ways.
    Ambiguous(&'static str),
    /// 403: credentials or rights are missing.
    Forbidden(&'static str),
    /// 404: there is no such item, or this user may not see it.
    Missing(&'static str),
    /// 500: CLM rejects the request.
    Failed(&'static str),
    /// 500: CLM's response could not be parsed.
    Unreadable,
    /// 429: too many authentications have failed.
    TooManyFailures(TooManyFailuresError),
    /// 503: there was no good version of the client registry yet.
    RegistryUnavailable,
    /// 500: the caller cannot be identified without the sealing key.
    SealingUnavailable,
    /// 500: no one can sign in without DocuSign's secret key.
    SecretKeyMissing,
    /// 500: the store with the announced uploads cannot be reached.
    StoreUnavailable,
    /// 403 if the user has to consent, otherwise 500.
    Api(ApiError),
}

impl From<AuthenticationError> for WorkfrontError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::MissingCredentials => {
                Self::Forbidden("neither an access token nor an API key was sent")
            }
            AuthenticationError::Malformed(message)
            | AuthenticationError::Refused(message)
            | AuthenticationError::Forbidden(message) => Self::Forbidden(message),
            AuthenticationError::Unavailable(error) => Self::Api(error),
            AuthenticationError::SealingUnavailable => Self::SealingUnavailable,
            AuthenticationError::IssuerUnavailable(unavailable) => Self::Failed(unavailable.error.explain().client),
            AuthenticationError::TooManyFailures(failures) => Self::TooManyFailures(failures),
        }
    }
}

impl From<ApiError> for WorkfrontError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for WorkfrontError {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

/// CLM's error body.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ClmErrorBody {
    error: ClmError,
    validation_errors: Vec<ClmError>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ClmError {
    error_code: u32,
}

impl WorkfrontError {
    /// The error for CLM's error response. The status is checked first, because CLM's codes are ambiguous.
    #[must_use]
    pub fn of_clm(status: StatusCode, body: &[u8]) -> Self {
        let answer = || UpstreamAnswer::read(status.as_u16(), |_| None, body);
        let error: ClmErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let codes: Vec<u32> =
            error.validation_errors.iter().chain([&error.error]).map(|error| error.error_code).collect();
        let has = |any_of: &[u32]| codes.iter().any(|code| any_of.contains(code));
        match status.as_u16() {
            401 | 403 => Self::Forbidden("CLM does not allow this user to do that"),
            404 => Self::Missing("there is no item with this id in CLM, or this user may not see it"),
            429 | 500.. => Self::Api(ApiError::of_answer(answer())),
            409 => Self::NAME_TAKEN,
            _ if has(&[106]) => Self::NAME_TAKEN,
            _ if has(&[1001, 129]) => Self::Failed("CLM does not accept this name"),
            _ if has(&[1012, 1014]) => Self::Failed("the document is checked out, or out for signature, in CLM"),
            _ if has(&[116]) => Self::Failed("CLM does not accept empty documents"),
            _ if has(&[120, 121]) => Self::Forbidden("CLM allows no uploads or downloads here"),
            _ if has(&[130]) => Self::Failed("the document is too large for CLM"),
            _ => Self::Failed("CLM refused the request"),
        }
    }

    /// The name is in use.
    pub const NAME_TAKEN: Self = Self::Failed("the folder already has an item with this name");

    /// A parameter has two values.
    pub const TWO_VALUES: Self = Self::Ambiguous("a parameter of this request has two different values");

    /// The content type says JSON.
    pub const NO_JSON_OBJECT: Self = Self::Ambiguous("the body of this request is not a JSON object");

    /// The response, with `record` completed for the log.
    #[must_use]
    pub fn answer(&self, record: AnswerRecord) -> Answer<Body> {
        let (status, message, cause) = self.explain(record.subject_kind);
        let mut response = error_response(status, message);
        if let Self::WrongMethod(method) = self {
            response.headers_mut().extend(HeaderValue::from_str(method.as_str()).ok().map(|method| (ALLOW, method)));
        }
        let wait = match self {
            Self::Api(error) => Some(error.retry_after()),
            Self::RegistryUnavailable => Some(retry_after::USUAL_WAIT),
            Self::TooManyFailures(failures) => Some(failures.retry_after),
            _ => None,
        };
        if let Some(seconds) = wait {
            retry_after::set(response.headers_mut(), seconds);
        }
        let record = AnswerRecord { event: Some("call_refused"), cause, ..record };
        Answer { response, record: record.refused(message, message) }
    }

    /// The message for Workfront or the user in the browser.
    #[must_use]
    pub fn message(&self, subject: Option<SubjectKind>) -> &'static str {
        self.explain(subject).1
    }

    /// Status, message and the cause for the log.
    fn explain(&self, subject: Option<SubjectKind>) -> (StatusCode, &'static str, Option<&'static str>) {
        match self {
            Self::NoSuchOperation => (StatusCode::NOT_FOUND, "there is no such operation", None),
            Self::WrongMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, "this operation requires another method", None),
            Self::Ambiguous(message) => (StatusCode::BAD_REQUEST, message, None),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, message, None),
            Self::Missing(message) => (StatusCode::NOT_FOUND, message, None),
            Self::Failed(message) => (FAILED, message, None),
            Self::Unreadable => (FAILED, "CLM's answer could not be read", Some(ApiError::Malformed.code())),
            Self::TooManyFailures(_) => {
                (StatusCode::TOO_MANY_REQUESTS, TooManyFailuresError::SENTENCE, Some(TooManyFailuresError::CAUSE))
            }
            Self::RegistryUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, REGISTRY_UNAVAILABLE.client, Some(REGISTRY_UNAVAILABLE.code))
            }
            Self::SealingUnavailable => (FAILED, SEALING_UNAVAILABLE.client, Some(SEALING_UNAVAILABLE.code)),
            Self::SecretKeyMissing => (FAILED, SECRET_KEY_MISSING.client, Some(SECRET_KEY_MISSING.code)),
            Self::StoreUnavailable => (FAILED, STORE_UNAVAILABLE.client, Some(STORE_UNAVAILABLE.code)),
            Self::Api(error) => {
                let subject = subject.unwrap_or(SubjectKind::IntegrationUser);
                let status = match error {
                    ApiError::TooManyStreams => StatusCode::SERVICE_UNAVAILABLE,
                    error if error.is_up_to_the_user(subject) => StatusCode::FORBIDDEN,
                    _ => FAILED,
                };
                (status, error.client_sentence(subject), Some(error.code()))
            }
        }
    }
}

/// Workfront handles 403 and 404; everything else is 500.
const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

#[derive(Serialize)]
struct WorkfrontErrorBody {
    status: &'static str,
    error: &'static str,
}

fn error_response(status: StatusCode, error: &'static str) -> http::Response<Body> {
    json(status, &WorkfrontErrorBody { status: "error", error }).map(Body::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clms_errors_become_workfronts() {
        let error = |code: u32| format!("{{\"Error\":{{\"ErrorCode\":{code}}}}}");
        let validation =
            |code: u32| format!("{{\"Error\":{{\"ErrorCode\":101}},\"ValidationErrors\":[{{\"ErrorCode\":{code}}}]}}");
        for (status, body, expected) in [
            (401, error(103), 403),
            (403, error(103), 403),
            (404, error(104), 404),
            (404, "<html>".to_owned(), 404),
            (422, error(106), 500),
            (409, String::new(), 500),
            (422, validation(1001), 500),
            (422, validation(1012), 500),
            (422, error(116), 500),
            (422, error(120), 403),
            (400, "{\"Message\":\"x\"}".to_owned(), 500),
            (429, error(103), 500),
            (503, String::new(), 500),
        ] {
            let error = WorkfrontError::of_clm(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert_eq!(error.explain(None).0, expected, "{status} {body}");
        }
    }
}
