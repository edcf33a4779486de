//! What a client hears when no token can be had: never `invalid_grant`, never upstream's words. Pure.

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::tokens::slot::Unavailable;
use crate::oauth::client::SubjectKind;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};

/// 503, and what the log says of it.
pub fn answer(unavailable: &Unavailable, subject: SubjectKind) -> Answer {
    let outage =
        Outage { retry_after: unavailable.retry_after, error_description: describe(&unavailable.error, subject) };
    let record = AnswerRecord {
        error: Some(Outage::ERROR),
        cause: Some(unavailable.error.code()),
        ..AnswerRecord::of("token_unavailable")
    };
    Answer { response: outage.reply(), record }
}

/// What a client is told of an outage: who can mend it, and nothing that DocuSign or Key Vault said.
const fn describe(error: &MintError, subject: SubjectKind) -> &'static str {
    match error {
        MintError::Sign(_) => "the signing key cannot be used at the moment; an operator finds the cause in the log",
        MintError::Exchange(error) => match error {
            ExchangeError::ConsentRequired | ExchangeError::UserNotFound
                if matches!(subject, SubjectKind::SignedInUser) =>
            {
                "the DocuSign user of this connection has withdrawn the consent or is not active; that user can connect anew"
            }
            ExchangeError::ConsentRequired => {
                "consent is missing at DocuSign; an administrator can grant it once with the consent link"
            }
            ExchangeError::NoValidKeys => {
                "DocuSign does not know the signing key; an administrator has to upload its public key"
            }
            ExchangeError::IssuerNotFound | ExchangeError::UserNotFound | ExchangeError::ClientRefused => {
                "DocuSign does not accept the configured integration key or user; an operator has to correct the settings"
            }
            ExchangeError::AssertionExpired => "the clock of the server is off; an operator has to correct it",
            ExchangeError::UnsupportedGrantType | ExchangeError::Unexplained | ExchangeError::Undocumented { .. } => {
                "DocuSign refuses to issue a token; an operator finds the cause in the log"
            }
            ExchangeError::Throttled { .. } => "DocuSign limits the rate of requests at the moment",
            ExchangeError::ServerFailed { .. }
            | ExchangeError::Malformed
            | ExchangeError::NoAnswer
            | ExchangeError::TimedOut => "DocuSign cannot be reached at the moment",
        },
        MintError::Deadline | MintError::BrokenOff => "no token could be had in time",
    }
}
