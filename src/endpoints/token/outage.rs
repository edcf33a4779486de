//! The response when no token is available: never `invalid_grant`, never text from DocuSign or Azure. Pure.

use crate::docusign::tokens::slot::AccessTokenError;
use crate::oauth::client::SubjectKind;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};

/// The 503 response and its log record.
pub fn answer(unavailable: &AccessTokenError, subject: SubjectKind) -> Answer {
    let outage =
        Outage { retry_after: unavailable.retry_after, error_description: unavailable.error.client_sentence(subject) };
    let record = AnswerRecord { cause: Some(unavailable.error.code()), ..AnswerRecord::of("token_unavailable") };
    let record = record.refused(Outage::ERROR, outage.error_description);
    Answer { response: outage.reply(), record }
}
