//! Error responses of triggers, as the gateway's. Pure.

use http::StatusCode;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::answers::{
    api_unavailable, not_authenticated, refuse, registry_unavailable, sealing_unavailable, unavailable,
};
use crate::endpoints::caller::error::AuthenticationError;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Explained as _;
use crate::web::retry_after::USUAL_WAIT;
use crate::web::upstream::UpstreamAnswer;

/// Why a poll has no result.
#[derive(Clone, Debug)]
pub enum TriggerError {
    /// The path names no trigger.
    NoSuchTrigger,
    /// A parameter is missing or wrong.
    Invalid(&'static str),
    /// The cursor, or the name of a task, is not ours or not this caller's.
    BadCursor,
    /// No rule of the client allows it.
    NotAllowed,
    /// The caller is not authenticated.
    Authentication(AuthenticationError),
    /// The user may not read it.
    Forbidden,
    /// It does not exist, or the user may not see it.
    Missing,
    /// There was no good version of the client registry yet.
    RegistryUnavailable,
    /// The sealing key cannot be used.
    SealingUnavailable,
    /// The list changed so often while it was read that something could be missing.
    Unsteady,
    /// DocuSign did not respond.
    Api(ApiError),
}

impl From<AuthenticationError> for TriggerError {
    fn from(error: AuthenticationError) -> Self {
        Self::Authentication(error)
    }
}

impl From<ApiError> for TriggerError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// How long an outage is cached, and a refusal or a rate limit, which another call would not change, in seconds.
const FAILURE_LIFETIME: u64 = 5;
const REFUSAL_LIFETIME: u64 = 30;

/// CLM's codes for an id that it cannot read.
const UNREADABLE_IDS: [&str; 2] = ["114", "115"];

const NO_SUCH_TRIGGER: &str = "there is no such trigger: expected /triggers/clm/documents, /triggers/clm/workitems, \
    /triggers/clm/workflow or /triggers/esignature/envelopes";
const BAD_CURSOR: &str = "the cursor does not belong to this caller, this trigger or these parameters; poll once without it to \
    begin again";
const NOT_ALLOWED: &str = "no gateway_allow rule of this client allows this trigger; the operator can add one, such as \
    GET /triggers/clm/documents, to EVERGRANT_CLIENTS";
const FORBIDDEN: &str = "DocuSign does not let this user read it";
const MISSING: &str = "it does not exist in DocuSign, or this user may not see it";
const UNSTEADY: &str = "the list changes too fast to be read at the moment; try again later";

impl TriggerError {
    /// The error for CLM's or eSignature's answer with an error status.
    #[must_use]
    pub fn of_docusign(answer: UpstreamAnswer) -> Self {
        match answer.status() {
            Some(401 | 403) if !answer.is_html() => Self::Forbidden,
            Some(404) if !answer.is_html() => Self::Missing,
            Some(400 | 422) if answer.has(&UNREADABLE_IDS) => Self::Missing,
            _ => Self::Api(ApiError::of_answer(answer)),
        }
    }

    /// The response, with `record` completed for the log.
    #[must_use]
    pub fn answer(&self, record: AnswerRecord) -> Answer {
        match self {
            Self::NoSuchTrigger => refuse(StatusCode::NOT_FOUND, "not_found", NO_SUCH_TRIGGER, record),
            Self::Invalid(message) => refuse(StatusCode::BAD_REQUEST, "invalid_request", message, record),
            Self::BadCursor => refuse(StatusCode::BAD_REQUEST, "invalid_request", BAD_CURSOR, record),
            Self::NotAllowed => refuse(StatusCode::FORBIDDEN, "insufficient_scope", NOT_ALLOWED, record),
            Self::Authentication(error) => not_authenticated(error, record),
            Self::Forbidden => refuse(StatusCode::FORBIDDEN, "access_denied", FORBIDDEN, record),
            Self::Missing => refuse(StatusCode::NOT_FOUND, "not_found", MISSING, record),
            Self::RegistryUnavailable => registry_unavailable(record),
            Self::SealingUnavailable => sealing_unavailable(record),
            Self::Unsteady => unavailable(USUAL_WAIT, "list_unsteady", UNSTEADY, record),
            Self::Api(error) => api_unavailable(error, record),
        }
    }

    /// How long it is cached, in seconds.
    #[must_use]
    pub fn cached_for(&self) -> u64 {
        match self {
            Self::Forbidden | Self::Missing => REFUSAL_LIFETIME,
            Self::Api(ApiError::Throttled { retry_after, .. }) => REFUSAL_LIFETIME.max(retry_after.unwrap_or(0)),
            _ => FAILURE_LIFETIME,
        }
    }

    /// What it says in the log.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Api(error) => error.line(),
            Self::Unsteady => UNSTEADY.to_owned(),
            _ => String::new(),
        }
    }
}
