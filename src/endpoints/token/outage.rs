//! What a client reads when there is no token for it: never `invalid_grant`, never upstream's words. Pure.

use crate::docusign::tokens::slot::Unavailable;
use crate::oauth::client::SubjectKind;
use crate::oauth::error::Outage;
use crate::telemetry::{Answer, AnswerRecord};

/// 503, and what the log says of it.
pub fn answer(unavailable: &Unavailable, subject: SubjectKind) -> Answer {
    let outage =
        Outage { retry_after: unavailable.retry_after, error_description: unavailable.error.client_sentence(subject) };
    let record = AnswerRecord {
        error: Some(Outage::ERROR),
        cause: Some(unavailable.error.code()),
        ..AnswerRecord::of("token_unavailable")
    };
    Answer { response: outage.reply(), record }
}
