//! The recipients of an envelope and their fields.

use http::Method;
use serde_json::{Value, json};

use super::super::Docusign;
use super::EsignResult;
use super::envelope::{Envelope, Recipient, by_kind, guid};
use super::envelopes::wrong_status;
use super::request::{Call, EsignError, invalid_parameter, malformed};
use super::shapes::{CHANGED_RECIPIENTS, NEW_RECIPIENTS, TAB_KINDS, TABS};
use crate::server::json as json_reply;

/// The kinds of recipients.
const KINDS: [&str; 2] = ["signers", "carbonCopies"];

impl Docusign {
    pub(super) fn recipients(&self, method: &Method, id: &str, call: &Call) -> EsignResult {
        match *method {
            Method::GET => {
                call.check_parameters(&["include_tabs", "include_extended", "include_metadata"])?;
                self.in_envelope(id, |envelope| Ok(json_reply(200, &by_kind(&envelope.recipients))))
            }
            Method::POST => {
                call.check_parameters(&["resend_envelope"])?;
                let new = new_recipients(&call.body(NEW_RECIPIENTS)?);
                self.in_envelope(id, |envelope| add(envelope, new))
            }
            Method::PUT => {
                call.check_parameters(&["resend_envelope", "offline_signing", "combine_same_order_recipients"])?;
                let (changes, resend) = (call.body(CHANGED_RECIPIENTS)?, call.flag("resend_envelope")?);
                self.in_envelope(id, |envelope| correct(envelope, &changes, resend))
            }
            _ => Err(EsignError(405, "HTTP_METHOD_NOT_SUPPORTED", "This method is not supported.".to_owned())),
        }
    }

    pub(super) fn tabs(&self, method: &Method, id: &str, recipient: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[])?;
        let changes = if method == Method::PUT { call.body(TABS)? } else { json!({}) };
        self.in_envelope(id, |envelope| {
            let is_open = ["created", "sent"].contains(&envelope.status.as_str());
            let found = envelope.recipients.iter_mut().find(|known| known.id == recipient);
            let missing = "The recipientId specified is invalid.".to_owned();
            let found = found.ok_or(EsignError(400, "INVALID_RECIPIENT_ID", missing))?;
            if method == Method::PUT && !is_open {
                return Err(wrong_status("created or sent"));
            }
            for (kind, list) in changes.as_object().into_iter().flatten() {
                for change in list.as_array().into_iter().flatten() {
                    let tab =
                        found.tabs.iter_mut().find(|(known, tab)| known == kind && tab["tabId"] == change["tabId"]);
                    let (_, tab) = tab.ok_or_else(|| invalid_parameter("'tabId' is unknown."))?;
                    for (name, value) in change.as_object().into_iter().flatten() {
                        tab[name] = value.clone();
                    }
                }
            }
            Ok(json_reply(200, &found.tabs()))
        })
    }
}

fn add(envelope: &mut Envelope, new: Vec<Recipient>) -> EsignResult {
    if !["created", "sent"].contains(&envelope.status.as_str()) {
        return Err(wrong_status("created or sent"));
    }
    let before = envelope.recipients.len();
    for recipient in new {
        accept(envelope, recipient)?;
    }
    let added = &mut envelope.recipients[before..];
    for recipient in added.iter_mut() {
        recipient.status.clone_from(&envelope.status);
    }
    Ok(json_reply(201, &by_kind(added)))
}

fn correct(envelope: &mut Envelope, changes: &Value, resend: bool) -> EsignResult {
    if !["created", "sent"].contains(&envelope.status.as_str()) {
        return Err(wrong_status("created or sent"));
    }
    let mut results = Vec::new();
    for kind in KINDS {
        for change in changes[kind].as_array().into_iter().flatten() {
            let id = change["recipientId"].as_str().unwrap_or_default();
            let found = envelope.recipients.iter_mut().find(|known| known.kind == kind && known.id == id);
            let error = if let Some(recipient) = found {
                for (name, place) in [
                    ("name", &mut recipient.name),
                    ("email", &mut recipient.email),
                    ("routingOrder", &mut recipient.order),
                ] {
                    if let Some(new) = change[name].as_str() {
                        new.clone_into(place);
                    }
                }
                json!({"errorCode": "SUCCESS", "message": ""})
            } else {
                json!({"errorCode": "INVALID_RECIPIENT_ID", "message": "The recipientId specified is invalid."})
            };
            results.push(json!({"recipientId": id, "errorDetails": error}));
        }
    }
    envelope.sendings += u32::from(resend && envelope.status == "sent");
    Ok(json_reply(200, &json!({"recipientUpdateResults": results})))
}

/// The recipients in a body.
pub(super) fn new_recipients(body: &Value) -> Vec<Recipient> {
    let of =
        |kind: &'static str| body[kind].as_array().into_iter().flatten().map(move |value| new_recipient(kind, value));
    KINDS.into_iter().flat_map(of).collect()
}

fn new_recipient(kind: &'static str, value: &Value) -> Recipient {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Recipient {
        kind,
        id: text("recipientId"),
        name: text("name"),
        email: text("email"),
        role: text("roleName"),
        order: Some(text("routingOrder")).filter(|order| !order.is_empty()).unwrap_or_else(|| "1".to_owned()),
        client_user_id: value["clientUserId"].as_str().map(ToOwned::to_owned),
        status: "created".to_owned(),
        tabs: new_tabs(&value["tabs"]),
    }
}

/// The fields in a body, with their IDs.
pub(super) fn new_tabs(body: &Value) -> Vec<(String, Value)> {
    let mut tabs = Vec::new();
    for kind in TAB_KINDS {
        for tab in body[kind].as_array().into_iter().flatten() {
            let mut shown = json!({"tabId": guid(), "tabType": kind.trim_end_matches("Tabs").to_lowercase()});
            for name in ["tabLabel", "value", "selected", "documentId"] {
                if let Some(value) = tab.get(name) {
                    shown[name] = value.clone();
                }
            }
            tabs.push((kind.to_owned(), shown));
        }
    }
    tabs
}

/// Adds a recipient with a number of its own and an e-mail address.
pub(super) fn accept(envelope: &mut Envelope, recipient: Recipient) -> Result<(), EsignError> {
    let is_address = recipient.email.split('@').filter(|part| !part.is_empty()).count() == 2;
    if !is_address || recipient.email.matches('@').count() != 1 {
        let message = "The email address for the recipient is invalid.".to_owned();
        return Err(EsignError(400, "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT", message));
    }
    let is_number = recipient.id.parse::<u32>().is_ok_and(|id| id > 0);
    if !is_number || recipient.name.is_empty() || envelope.recipients.iter().any(|known| known.id == recipient.id) {
        return Err(malformed("A recipient needs a name, and a recipientId of its own, a positive number."));
    }
    envelope.recipients.push(recipient);
    Ok(())
}
