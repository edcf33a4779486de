//! Views of an envelope: addresses at which a person continues in the browser.

use serde_json::json;
use url::Url;

use super::super::Docusign;
use super::EsignResult;
use super::envelope::Envelope;
use super::envelopes::wrong_status;
use super::request::{Call, EsignError, malformed};
use super::shapes::{CORRECT_VIEW, RECIPIENT_VIEW, SENDER_VIEW};
use crate::server::json as json_reply;
use crate::wire::random;

impl Docusign {
    /// A view for sending a draft, for correcting an envelope, or for signing it.
    pub(super) fn create_view(&self, id: &str, kind: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[])?;
        let (members, status) = match kind {
            "sender" => (SENDER_VIEW, "created"),
            "correct" => (CORRECT_VIEW, "sent"),
            "recipient" => (RECIPIENT_VIEW, "sent"),
            _ => return Err(EsignError(404, "RESOURCE_NOT_FOUND", "There is no such view.".to_owned())),
        };
        let body = call.body(members)?;
        if body.get("returnUrl").is_some_and(|url| url.as_str().is_none_or(|url| Url::parse(url).is_err())) {
            return Err(malformed("'returnUrl' must be a URL."));
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let is_recipient = |envelope: &Envelope| {
            envelope.recipients.iter().any(|recipient| {
                let same = recipient.name == text("userName") && recipient.email == text("email");
                same && recipient.client_user_id.as_deref() == body["clientUserId"].as_str()
            })
        };
        self.in_envelope(id, |envelope| {
            if envelope.status != status {
                return Err(wrong_status(status));
            }
            if kind == "recipient" && !is_recipient(envelope) {
                let message = "The recipient you have identified is not a valid recipient of the specified envelope.";
                return Err(EsignError(400, "UNKNOWN_ENVELOPE_RECIPIENT", message.to_owned()));
            }
            let url =
                format!("{}/{}?token={}", self.url(), if kind == "recipient" { "Signing" } else { "Member" }, random());
            Ok(json_reply(201, &json!({"url": url})))
        })
    }
}
