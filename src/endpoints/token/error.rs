//! Why a token request gets no token, and how that is said: the grant's own fault, or nobody's.

use crate::docusign::tokens::slot::Unavailable;
use crate::endpoints::token::outage;
use crate::oauth::client::{Client, SubjectKind};
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::sealing::keys::{OpenError, SEALING_UNAVAILABLE};
use crate::store::StoreError;
use crate::telemetry::{Answer, AnswerRecord};

/// Seconds after which a client may ask again when we cannot tell better.
const RETRY_AFTER: u64 = 5;

const UNKNOWN_SEALING_KEY: &str = "the refresh token names a sealing key that is not in use here; an operator has to list \
    it in EVERGRANT_SEALING_KEY_ID_PREVIOUS, or the connection has to be made anew";

const OTHER_ISSUER: &str = "the refresh token was issued under another EVERGRANT_PUBLIC_URL; an operator has to set that \
    back, or the connection has to be made anew";

/// Why there is no token.
#[derive(Debug)]
pub enum TokenError {
    /// The client's fault, RFC 6749 §5.2.
    OAuth(OAuthError),
    /// DocuSign or the signing key.
    Unavailable(Unavailable),
    /// The sealing key.
    SealingUnavailable,
    /// The settings do not list the sealing key that the refresh token names.
    UnknownSealingKey,
    /// The refresh token was issued under another `EVERGRANT_PUBLIC_URL`.
    OtherIssuer,
    /// The store of used codes.
    StoreUnavailable,
    /// It took too long.
    Deadline,
}

impl From<OAuthError> for TokenError {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<Unavailable> for TokenError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<StoreError> for TokenError {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

impl TokenError {
    /// What becomes of a code that does not open. A key that cannot be used is an outage.
    pub fn of_code(error: &OpenError) -> Self {
        match error {
            OpenError::Unavailable(_) => Self::SealingUnavailable,
            OpenError::Expired | OpenError::NotOurs | OpenError::UnknownKey | OpenError::OtherIssuer => {
                Self::OAuth(bad_grant("the code is not valid here, or has expired"))
            }
        }
    }

    /// What becomes of a refresh token that does not open. One that a setting makes unreadable is nobody's bad grant:
    /// whoever hears `invalid_grant` throws it away, and mending the setting would come too late.
    pub fn of_refresh_token(error: &OpenError) -> Self {
        match error {
            OpenError::Expired | OpenError::NotOurs => Self::OAuth(bad_grant("the refresh token is not valid here")),
            OpenError::UnknownKey => Self::UnknownSealingKey,
            OpenError::OtherIssuer => Self::OtherIssuer,
            OpenError::Unavailable(_) => Self::SealingUnavailable,
        }
    }

    /// The answer, and what the log says of it.
    pub fn answer(&self, client: Option<&Client>) -> Answer {
        let answer = match self {
            Self::OAuth(error) => refuse(*error),
            Self::Unavailable(unavailable) => {
                let subject = client.map_or(SubjectKind::IntegrationUser, |client| client.subject);
                outage::answer(unavailable, subject)
            }
            Self::SealingUnavailable => later(SEALING_UNAVAILABLE.code, SEALING_UNAVAILABLE.client),
            Self::UnknownSealingKey => later("sealing_key_unknown", UNKNOWN_SEALING_KEY),
            Self::OtherIssuer => later("other_issuer", OTHER_ISSUER),
            Self::StoreUnavailable => {
                later("store_unavailable", "the store of used codes cannot be reached at the moment")
            }
            Self::Deadline => later("deadline", "no token could be had in time"),
        };
        match client {
            Some(client) => Answer { record: answer.record.by(client), ..answer },
            None => answer,
        }
    }
}

fn refuse(error: OAuthError) -> Answer {
    let record = AnswerRecord { error: Some(error.error.as_str()), ..AnswerRecord::of("token_refused") };
    Answer { response: error.reply(), record }
}

fn later(cause: &'static str, error_description: &'static str) -> Answer {
    let outage = Outage { retry_after: RETRY_AFTER, error_description };
    let record =
        AnswerRecord { error: Some(Outage::ERROR), cause: Some(cause), ..AnswerRecord::of("token_unavailable") };
    Answer { response: outage.reply(), record }
}

/// `invalid_grant`: the one error that makes a client throw its grant away.
pub const fn bad_grant(error_description: &'static str) -> OAuthError {
    ErrorCode::InvalidGrant.say(error_description)
}
