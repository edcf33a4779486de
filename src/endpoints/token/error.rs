//! Token request errors and their responses. Only a bad grant gets `invalid_grant`; outages get 503.

use crate::docusign::tokens::slot::AccessTokenError;
use crate::endpoints::caller::clients::ClientError;
use crate::endpoints::caller::failures::TooManyFailuresError;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::subject::SubjectKind;
use crate::registry::{REGISTRY_UNAVAILABLE, issuers};
use crate::sealing::keys::{OpenError, SEALING_UNAVAILABLE};
use crate::store::{STORE_UNAVAILABLE, StoreError};
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Explained as _;
use crate::web::retry_after::USUAL_WAIT;

const UNKNOWN_SEALING_KEY: &str = "the refresh token names a sealing key that is not in use here; an operator has to list \
    it in EVERGRANT_SEALING_KEY_ID_PREVIOUS, or the connection must be created again";

const OTHER_ISSUER: &str = "the refresh token was issued under another EVERGRANT_PUBLIC_URL; an operator has to change that \
    back, or the connection must be created again";

/// Why no token was issued.
#[derive(Debug)]
pub enum TokenError {
    /// The request or the grant is wrong, RFC 6749 §5.2.
    OAuth(OAuthError),
    /// DocuSign or the signing key is unavailable.
    Unavailable(AccessTokenError),
    /// There was no good version of the client registry yet.
    RegistryUnavailable,
    /// The sealing key is unavailable.
    SealingUnavailable,
    /// The settings do not list the sealing key that the refresh token names.
    UnknownSealingKey,
    /// The refresh token was issued under another `EVERGRANT_PUBLIC_URL`.
    OtherIssuer,
    /// The store of used codes is unavailable.
    StoreUnavailable,
    /// Too many authentications have failed.
    TooManyFailures(TooManyFailuresError),
    /// The keys of the assertion's issuer are not available.
    IssuerUnavailable(issuers::IssuerKeysError),
    /// It took too long.
    Deadline,
}

impl From<ClientError> for TokenError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::OAuth(error) => Self::OAuth(error),
            ClientError::TooManyFailures(failures) => Self::TooManyFailures(failures),
            ClientError::IssuerUnavailable(unavailable) => Self::IssuerUnavailable(unavailable),
            ClientError::StoreUnavailable => Self::StoreUnavailable,
        }
    }
}

impl From<OAuthError> for TokenError {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<AccessTokenError> for TokenError {
    fn from(unavailable: AccessTokenError) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<StoreError> for TokenError {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

impl TokenError {
    /// The error for a code that could not be opened. An unavailable key is an outage.
    pub fn of_code(error: &OpenError) -> Self {
        match error {
            OpenError::Unavailable(_) => Self::SealingUnavailable,
            OpenError::Expired | OpenError::NotOurs | OpenError::UnknownKey | OpenError::OtherIssuer => {
                Self::OAuth(bad_grant("the code is not valid here, or has expired"))
            }
        }
    }

    /// The error for a refresh token that could not be opened. A wrong setting is not `invalid_grant`: clients delete a
    /// grant on `invalid_grant`, so fixing the setting would not bring the connection back.
    pub fn of_refresh_token(error: &OpenError) -> Self {
        match error {
            OpenError::Expired | OpenError::NotOurs => Self::OAuth(bad_grant("the refresh token is not valid here")),
            OpenError::UnknownKey => Self::UnknownSealingKey,
            OpenError::OtherIssuer => Self::OtherIssuer,
            OpenError::Unavailable(_) => Self::SealingUnavailable,
        }
    }

    /// The response and its log record.
    pub fn answer(&self, client: Option<&Client>) -> Answer {
        let answer = match self {
            Self::OAuth(error) => refuse(error),
            Self::Unavailable(unavailable) => {
                let subject = client.map_or(SubjectKind::IntegrationUser, |client| client.subject);
                let AccessTokenError { error, retry_after } = unavailable;
                later_after(*retry_after, error.code(), error.client_sentence(subject))
            }
            Self::RegistryUnavailable => later(REGISTRY_UNAVAILABLE.code, REGISTRY_UNAVAILABLE.client),
            Self::SealingUnavailable => later(SEALING_UNAVAILABLE.code, SEALING_UNAVAILABLE.client),
            Self::UnknownSealingKey => later("sealing_key_unknown", UNKNOWN_SEALING_KEY),
            Self::OtherIssuer => later("other_issuer", OTHER_ISSUER),
            Self::StoreUnavailable => {
                later(STORE_UNAVAILABLE.code, "the store of used codes cannot be reached at the moment")
            }
            Self::TooManyFailures(failures) => too_many(*failures),
            Self::IssuerUnavailable(issuers::IssuerKeysError { error, retry_after }) => {
                later_after(*retry_after, error.explain().code, error.explain().client)
            }
            Self::Deadline => later("deadline", "could not get a token in time"),
        };
        match client {
            Some(client) => Answer { record: answer.record.for_client(client), ..answer },
            None => answer,
        }
    }
}

fn refuse(error: &OAuthError) -> Answer {
    let record = AnswerRecord::of("token_refused").refused(error.error.as_str(), error.error_description.clone());
    Answer { response: error.reply(), record }
}

fn too_many(failures: TooManyFailuresError) -> Answer {
    let answer = later_after(failures.retry_after, TooManyFailuresError::CAUSE, TooManyFailuresError::SENTENCE);
    let record = AnswerRecord { event: Some("token_refused"), ..answer.record };
    Answer { response: failures.reply(answer.response), record }
}

fn later(cause: &'static str, error_description: &'static str) -> Answer {
    later_after(USUAL_WAIT, cause, error_description)
}

fn later_after(retry_after: u64, cause: &'static str, error_description: &'static str) -> Answer {
    let outage = Outage { retry_after, error_description };
    let record = AnswerRecord { cause: Some(cause), ..AnswerRecord::of("token_unavailable") };
    let record = record.refused(Outage::ERROR, error_description);
    Answer { response: outage.reply(), record }
}

/// `invalid_grant`, the only error that makes clients delete their grant.
pub const fn bad_grant(error_description: &'static str) -> OAuthError {
    ErrorCode::InvalidGrant.with_description(error_description)
}
