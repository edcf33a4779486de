//! What Workfront hears when something is wrong: `{"status":"error","error":…}` under 403, 404 or 500. Pure.

use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::docusign::api::error::ApiError;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;
use crate::endpoints::caller::AuthenticationError;
use crate::oauth::client::SubjectKind;
use crate::store::StoreError;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::Body;
use crate::web::response::json;

/// Why there is no answer.
#[derive(Debug)]
pub enum WorkfrontError {
    /// 404: the path is none of the vendor's.
    NoSuchOperation,
    /// 405: the path takes this method.
    WrongMethod(Method),
    /// 403: credentials, or rights, are missing.
    Forbidden(&'static str),
    /// 404: there is no such item, or it is not for this user's eyes.
    Missing(&'static str),
    /// 500: CLM says no, with the reason where it is known.
    Failed(&'static str),
    /// 500: CLM's answer could not be read.
    Unreadable,
    /// 500: nobody can tell who calls.
    SealingUnavailable,
    /// 500: what is remembered of uploads is out of reach.
    StoreUnavailable,
    /// 403 where the user has to consent, else 500.
    Api(ApiError),
}

impl From<AuthenticationError> for WorkfrontError {
    fn from(stranger: AuthenticationError) -> Self {
        match stranger {
            AuthenticationError::MissingCredentials => {
                Self::Forbidden("neither an access token nor an API key was sent")
            }
            AuthenticationError::Malformed(told) | AuthenticationError::Refused(told) => Self::Forbidden(told),
            AuthenticationError::Unavailable(error) => Self::Api(error),
            AuthenticationError::SealingUnavailable => Self::SealingUnavailable,
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
    /// What an answer of CLM's means that is no success. Status comes first, since one code means several things.
    #[must_use]
    pub fn of_clm(status: StatusCode, body: &[u8]) -> Self {
        let body: ClmErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let codes: Vec<u32> =
            body.validation_errors.iter().chain([&body.error]).map(|error| error.error_code).collect();
        let has = |wanted: &[u32]| codes.iter().any(|code| wanted.contains(code));
        match status.as_u16() {
            401 | 403 => Self::Forbidden("CLM does not let this user do that"),
            404 => Self::Missing("there is no item of this id in CLM, or this user may not see it"),
            429 => Self::Api(ApiError::Throttled),
            500.. => Self::Api(ApiError::Failed { status: status.as_u16() }),
            409 => Self::NAME_TAKEN,
            _ if has(&[106]) => Self::NAME_TAKEN,
            _ if has(&[1001, 129]) => Self::Failed("CLM does not take this name"),
            _ if has(&[1012, 1014]) => Self::Failed("the document is checked out, or out for signature, in CLM"),
            _ if has(&[116]) => Self::Failed("CLM takes no empty document"),
            _ if has(&[120, 121]) => Self::Forbidden("CLM allows neither uploads nor downloads here"),
            _ if has(&[130]) => Self::Failed("the document is too large for CLM"),
            _ => Self::Failed("CLM refused the request"),
        }
    }

    /// A name clash.
    pub const NAME_TAKEN: Self = Self::Failed("there is an item of this name in the folder already");

    /// The answer, and what the log says of it beside `record`.
    pub fn answer(&self, record: AnswerRecord) -> Answer<Body> {
        let (status, told, cause) = self.tell(record.subject_kind);
        let mut response = failure(status, told);
        if let Self::WrongMethod(method) = self {
            response.headers_mut().extend(HeaderValue::from_str(method.as_str()).ok().map(|method| (ALLOW, method)));
        }
        if let Self::Api(error) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(error.retry_after()));
        }
        let record = AnswerRecord { event: Some("call_refused"), error: Some(told), cause, ..record };
        Answer { response, record }
    }

    /// What is wrong, in words of ours.
    #[must_use]
    pub fn told(&self, subject: Option<SubjectKind>) -> &'static str {
        self.tell(subject).1
    }

    fn tell(&self, subject: Option<SubjectKind>) -> (u16, &'static str, Option<&'static str>) {
        match self {
            Self::NoSuchOperation => (404, "there is no such operation", None),
            Self::WrongMethod(_) => (405, "this operation takes another method", None),
            Self::Forbidden(told) => (403, told, None),
            Self::Missing(told) => (404, told, None),
            Self::Failed(told) => (500, told, None),
            Self::Unreadable => (500, "CLM's answer could not be read", Some("api_answer_malformed")),
            Self::SealingUnavailable => {
                (500, "the sealing key cannot be used at the moment", Some("sealing_key_unavailable"))
            }
            Self::StoreUnavailable => (500, "the store cannot be reached at the moment", Some("store_unavailable")),
            Self::Api(error) => {
                let (status, told) = describe(error, subject);
                (status, told, Some(error.code()))
            }
        }
    }
}

/// Who can mend it, and nothing that DocuSign said.
fn describe(error: &ApiError, subject: Option<SubjectKind>) -> (u16, &'static str) {
    match error {
        ApiError::NoAccessToken(unavailable) => match &unavailable.error {
            MintError::Exchange(ExchangeError::ConsentRequired | ExchangeError::UserNotFound)
                if subject == Some(SubjectKind::SignedInUser) =>
            {
                (
                    403,
                    "the DocuSign user is not active or has not consented: that user connects anew, or an administrator consents",
                )
            }
            _ => {
                (500, "no access token of DocuSign's can be had at the moment; an operator finds the cause in the log")
            }
        },
        ApiError::AccountUnknown(_) | ApiError::NoAccount | ApiError::NoClm | ApiError::Untrusted => {
            (500, "the account or its CLM cannot be found; an operator runs evergrant doctor")
        }
        ApiError::NoUserList => (500, "the integration user may not look users up; an operator runs evergrant doctor"),
        ApiError::BodyBrokeOff => (500, "the body broke off"),
        ApiError::Throttled => (500, "CLM limits the rate of requests at the moment"),
        _ => (500, "CLM cannot be reached at the moment"),
    }
}

#[derive(Serialize)]
struct WorkfrontErrorBody {
    status: &'static str,
    error: &'static str,
}

fn failure(status: u16, error: &'static str) -> http::Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, &WorkfrontErrorBody { status: "error", error }).map(Body::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clms_answers_become_what_workfront_understands() {
        let error = |code: u32| format!("{{\"Error\":{{\"ErrorCode\":{code}}}}}");
        let validation =
            |code: u32| format!("{{\"Error\":{{\"ErrorCode\":101}},\"ValidationErrors\":[{{\"ErrorCode\":{code}}}]}}");
        for (status, body, wanted, says) in [
            (401, error(103), 403, "does not let"),
            (403, error(103), 403, "does not let"),
            (404, error(104), 404, "no item"),
            (404, "<html>".to_owned(), 404, "no item"),
            (422, error(106), 500, "of this name"),
            (409, String::new(), 500, "of this name"),
            (422, validation(1001), 500, "does not take this name"),
            (422, validation(1012), 500, "checked out"),
            (422, error(116), 500, "empty"),
            (422, error(120), 403, "uploads"),
            (400, "{\"Message\":\"x\"}".to_owned(), 500, "refused"),
            (429, error(103), 500, "rate"),
            (503, String::new(), 500, "cannot be reached"),
        ] {
            let refusal = WorkfrontError::of_clm(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            let (told_status, told, _) = refusal.tell(None);
            assert_eq!(told_status, wanted, "{status} {body}");
            assert!(told.contains(says), "{status} {body}: {told}");
        }
    }
}
