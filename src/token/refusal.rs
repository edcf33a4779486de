//! Why a token request gets no token, and how that is said: the grant's own fault, or nobody's.

use crate::docusign::slot::Unavailable;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::signing::sealing::OpenError;
use crate::store::StoreError;
use crate::telemetry::{Answer, Record};
use crate::token::outage;

/// Seconds after which a client may ask again when we cannot tell better.
const RETRY_AFTER: u64 = 5;

/// Why there is no token.
#[derive(Debug)]
pub enum Refusal {
    /// The client's fault, RFC 6749 §5.2.
    OAuth(OAuthError),
    /// DocuSign or the signing key.
    Unavailable(Unavailable),
    /// The sealing key.
    SealingUnavailable,
    /// The store of used codes.
    StoreUnavailable,
    /// It took too long.
    Deadline,
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

impl Refusal {
    /// What becomes of a code or refresh token that does not open. A key that cannot be used is an outage.
    pub fn of_unopened(error: &OpenError, bad: OAuthError) -> Self {
        match error {
            OpenError::Expired | OpenError::NotOurs => Self::OAuth(bad),
            OpenError::Unavailable(_) => Self::SealingUnavailable,
        }
    }

    /// The answer, and what the log says of it.
    pub fn answer(&self, client: Option<&Client>) -> Answer {
        match self {
            Self::OAuth(error) => refuse(*error, client),
            Self::Unavailable(unavailable) => by(outage::answer(unavailable), client),
            Self::SealingUnavailable => {
                by(later("sealing_key_unavailable", "the sealing key cannot be used at the moment"), client)
            }
            Self::StoreUnavailable => {
                by(later("store_unavailable", "the store of used codes cannot be reached at the moment"), client)
            }
            Self::Deadline => by(later("deadline", "no token could be had in time"), client),
        }
    }
}

fn refuse(error: OAuthError, client: Option<&Client>) -> Answer {
    let record = Record { error: Some(error.error.as_str()), ..Record::of("token_refused") };
    by(Answer { response: error.reply(), record }, client)
}

fn later(cause: &'static str, error_description: &'static str) -> Answer {
    let outage = Outage { retry_after: RETRY_AFTER, error_description };
    let record = Record { error: Some(Outage::ERROR), cause: Some(cause), ..Record::of("token_unavailable") };
    Answer { response: outage.reply(), record }
}

fn by(answer: Answer, client: Option<&Client>) -> Answer {
    let Answer { response, record } = answer;
    let record = match client {
        Some(client) => record.by(client),
        None => record,
    };
    Answer { response, record }
}

/// `invalid_grant`: the one error that makes a client throw its grant away.
pub const fn bad_grant(error_description: &'static str) -> OAuthError {
    ErrorCode::InvalidGrant.say(error_description)
}
