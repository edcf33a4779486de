//! Lists, creates, shows and changes envelopes, with their custom fields, form data and audit events.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::Docusign;
use super::EsignResult;
use super::envelope::{Envelope, EnvelopeDocument, guid, text};
use super::recipients::{accept, new_recipients};
use super::request::{Call, EsignError, invalid_parameter, malformed};
use super::shapes::{CUSTOM_FIELDS, ENVELOPE, ENVELOPE_CHANGES};
use super::template::{self, Template};
use crate::server::json as json_reply;

/// The parameters of which a list needs one.
const FILTERS: [&str; 3] = ["from_date", "envelope_ids", "transaction_ids"];
/// The other parameters of a list.
const LIST_PARAMETERS: [&str; 9] =
    ["to_date", "status", "from_to_status", "include", "order", "order_by", "count", "start_position", "folder_ids"];
const STATUSES: [&str; 8] = ["any", "created", "sent", "delivered", "signed", "completed", "declined", "voided"];
const ORDERS: [&str; 12] = [
    "last_modified",
    "action_required",
    "created",
    "completed",
    "envelope_name",
    "expire",
    "sent",
    "signer_list",
    "status",
    "subject",
    "user_name",
    "status_changed",
];
/// What a list without a filter gets.
const NO_FILTER: &str = "Query parameter 'from_date' must be set to a valid DateTime, or 'envelope_ids' or 'transaction_ids' must \
    be specified.";
/// What an envelope gets that has a part missing.
const INCOMPLETE: &str =
    "The Envelope is not Complete. A Complete Envelope Requires Documents, Recipients, Tabs, and a Subject Line.";

impl Docusign {
    /// Signs an envelope as all its recipients, or ends it in another way: `completed` or `declined`.
    ///
    /// # Panics
    /// If there is no such envelope.
    pub fn end_envelope(&self, id: &str, status: &str) {
        self.in_envelope(id, |envelope| {
            envelope.become_at(status, OffsetDateTime::now_utc());
            Ok(())
        })
        .expect("an envelope");
    }

    /// Does something with an envelope.
    pub(super) fn in_envelope<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Envelope) -> Result<T, EsignError>,
    ) -> Result<T, EsignError> {
        let mut state = self.state();
        let envelope = state.envelopes.iter_mut().find(|envelope| envelope.id == id);
        let missing = "The envelope specified does not exist.".to_owned();
        act(envelope.ok_or(EsignError(404, "ENVELOPE_DOES_NOT_EXIST", missing))?)
    }

    pub(super) fn list_envelopes(&self, call: &Call) -> EsignResult {
        call.check_parameters(&[&FILTERS[..], &LIST_PARAMETERS].concat())?;
        if FILTERS.iter().all(|name| call.parameter(name).is_none()) {
            return Err(invalid_parameter(NO_FILTER));
        }
        let mut found = filtered(self.envelopes(), call)?;
        match call.choice("order_by", &ORDERS)?.as_deref() {
            Some("created") => found.sort_by_key(|envelope| envelope.since("created")),
            Some("subject" | "envelope_name") => found.sort_by_key(|envelope| envelope.subject.clone()),
            Some("status") => found.sort_by_key(|envelope| envelope.status.clone()),
            _ => found.sort_by_key(Envelope::changed),
        }
        if call.choice("order", &["asc", "desc"])?.as_deref() == Some("desc") {
            found.reverse();
        }
        let found: Vec<Value> = found.iter().map(|envelope| envelope.json(with_fields(call))).collect();
        Ok(json_reply(200, &call.page("envelopes", &found)?))
    }

    pub(super) fn create_envelope(&self, call: &Call) -> EsignResult {
        call.check_parameters(&[
            "cdse_mode",
            "change_routing_order",
            "completed_documents_only",
            "merge_roles_on_draft",
        ])?;
        let envelope = envelope(&call.body(ENVELOPE)?)?;
        let answer = json_reply(201, &envelope.summary());
        self.state().envelopes.push(envelope);
        Ok(answer)
    }

    pub(super) fn show_envelope(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&["include", "advanced_update"])?;
        self.in_envelope(id, |envelope| Ok(json_reply(200, &envelope.json(with_fields(call)))))
    }

    pub(super) fn update_envelope(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&["resend_envelope", "advanced_update"])?;
        let (changes, resend) = (call.body(ENVELOPE_CHANGES)?, call.flag("resend_envelope")?);
        self.in_envelope(id, |envelope| {
            if let Some(subject) = changes["emailSubject"].as_str() {
                subject.clone_into(&mut envelope.subject);
            }
            match changes["status"].as_str() {
                Some("sent") if envelope.status != "created" => return Err(wrong_status("created")),
                Some("sent") => send(envelope)?,
                Some("voided") => void(envelope, &changes)?,
                _ => {}
            }
            if resend && envelope.status != "sent" {
                return Err(wrong_status("sent"));
            }
            envelope.sendings += u32::from(resend);
            Ok(json_reply(200, &json!({"envelopeId": envelope.id})))
        })
    }

    pub(super) fn custom_fields(&self, method: &Method, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[])?;
        let fields = if method == Method::GET { json!({}) } else { call.body(CUSTOM_FIELDS)? };
        let fields = fields["textCustomFields"].as_array().cloned().unwrap_or_default();
        let text = |field: &Value, name: &str| field[name].as_str().unwrap_or_default().to_owned();
        self.in_envelope(id, |envelope| match *method {
            Method::GET => Ok(json_reply(200, &envelope.custom_fields())),
            Method::POST => {
                let number = envelope.fields.len() + 1;
                let new = fields.iter().zip(number..);
                envelope
                    .fields
                    .extend(new.map(|(field, id)| (id.to_string(), text(field, "name"), text(field, "value"))));
                Ok(json_reply(201, &envelope.custom_fields()))
            }
            Method::PUT => {
                for field in &fields {
                    let known = envelope.fields.iter_mut().find(|(id, _, _)| *id == text(field, "fieldId"));
                    let (_, _, value) = known.ok_or_else(|| invalid_parameter("'fieldId' is unknown."))?;
                    *value = text(field, "value");
                }
                Ok(json_reply(200, &envelope.custom_fields()))
            }
            _ => Err(EsignError(405, "HTTP_METHOD_NOT_SUPPORTED", "This method is not supported.".to_owned())),
        })
    }

    pub(super) fn form_data(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[])?;
        self.in_envelope(id, |envelope| {
            let mut all = Vec::new();
            let mut each = Vec::new();
            for recipient in &envelope.recipients {
                let filled = recipient.tabs.iter().filter(|(kind, _)| kind == "textTabs");
                let fields: Vec<Value> =
                    filled.map(|(_, tab)| json!({"name": tab["tabLabel"], "value": tab["value"]})).collect();
                all.extend(fields.clone());
                each.push(json!({"recipientId": recipient.id, "name": recipient.name, "email": recipient.email,
                                 "formData": fields}));
            }
            let sent = envelope.since("sent").map(text);
            let mut form = json!({"envelopeId": envelope.id, "status": envelope.status, "emailSubject": envelope.subject,
                                  "formData": all, "recipientFormData": each});
            if let Some(sent) = sent {
                form["sentDateTime"] = json!(sent);
            }
            Ok(json_reply(200, &form))
        })
    }

    pub(super) fn audit_events(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&["locale"])?;
        self.in_envelope(id, |envelope| {
            let event = |(status, at): &(String, OffsetDateTime)| {
                let fields =
                    [("logTime", text(*at)), ("Action", status.clone()), ("UserName", "Integration Robot".to_owned())];
                json!({"eventFields": fields.map(|(name, value)| json!({"name": name, "value": value}))})
            };
            Ok(json_reply(200, &json!({"auditEvents": envelope.history.iter().map(event).collect::<Vec<_>>()})))
        })
    }
}

/// The envelopes that a list is for: by their last change, their status and their ID.
fn filtered(mut envelopes: Vec<Envelope>, call: &Call) -> Result<Vec<Envelope>, EsignError> {
    let (from, to) = (call.date("from_date")?, call.date("to_date")?);
    let list = |name: &str| {
        call.parameter(name).map(|list| list.split(',').map(|one| one.trim().to_lowercase()).collect::<Vec<_>>())
    };
    let (ids, statuses) = (list("envelope_ids"), list("status").filter(|all| !all.contains(&"any".to_owned())));
    if statuses.iter().flatten().any(|status| !STATUSES.contains(&status.as_str())) {
        return Err(invalid_parameter("'status' has an unknown status."));
    }
    envelopes.retain(|envelope| {
        from.is_none_or(|from| from <= envelope.changed())
            && to.is_none_or(|to| envelope.changed() <= to)
            && ids.as_ref().is_none_or(|ids| ids.contains(&envelope.id))
            && statuses.as_ref().is_none_or(|statuses| statuses.contains(&envelope.status))
    });
    Ok(envelopes)
}

fn with_fields(call: &Call) -> bool {
    call.parameter("include").is_some_and(|include| include.split(',').any(|part| part == "custom_fields"))
}

/// The envelope that a definition describes, if all its parts are there and well formed.
fn envelope(definition: &Value) -> Result<Envelope, EsignError> {
    let text = |name: &str| definition[name].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut envelope = Envelope::new(text("emailSubject"));
    envelope.blurb = text("emailBlurb");
    let documents = list(&definition["documents"]).iter().map(document).collect::<Result<Vec<_>, _>>()?;
    envelope.documents.extend(documents);
    for recipient in new_recipients(&definition["recipients"]) {
        accept(&mut envelope, recipient)?;
    }
    if let Some(id) = definition["templateId"].as_str() {
        template::apply(Template::find(id)?, &list(&definition["templateRoles"]), &mut envelope)?;
    }
    for (field, id) in list(&definition["customFields"]["textCustomFields"]).iter().zip(1..) {
        let part = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
        envelope.fields.push((i32::to_string(&id), part("name"), part("value")));
    }
    if text("status") == "sent" {
        send(&mut envelope)?;
    }
    Ok(envelope)
}

fn send(envelope: &mut Envelope) -> Result<(), EsignError> {
    if envelope.subject.is_empty() || envelope.documents.is_empty() || envelope.signers().is_empty() {
        return Err(EsignError(400, "ENVELOPE_IS_INCOMPLETE", INCOMPLETE.to_owned()));
    }
    envelope.become_at("sent", OffsetDateTime::now_utc());
    Ok(())
}

fn void(envelope: &mut Envelope, changes: &Value) -> Result<(), EsignError> {
    let reason = changes["voidedReason"].as_str().filter(|reason| !reason.is_empty() && reason.len() <= 200);
    let Some(reason) = reason else { return Err(malformed("'voidedReason' must have 1 to 200 characters.")) };
    if envelope.status != "sent" {
        let message = "Only envelopes in the 'Sent' or 'Delivered' states may be voided.".to_owned();
        return Err(EsignError(400, "ENVELOPE_CANNOT_VOID_INVALID_STATE", message));
    }
    envelope.voided_reason = Some(reason.to_owned());
    envelope.become_at("voided", OffsetDateTime::now_utc());
    Ok(())
}

pub(super) fn wrong_status(expected: &str) -> EsignError {
    EsignError(400, "ENVELOPE_INVALID_STATUS", format!("Invalid Envelope status. It must be {expected}."))
}

/// A document of a definition. Only PDF is accepted, because nothing is converted here.
fn document(value: &Value) -> Result<EnvelopeDocument, EsignError> {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let content = STANDARD.decode(text("documentBase64")).map_err(|_| malformed("documentBase64 is not base64."))?;
    if !text("documentId").parse::<u32>().is_ok_and(|id| id > 0) {
        return Err(malformed("documentId must be a positive integer."));
    }
    if !content.starts_with(b"%PDF-") {
        let message = "System was unable to convert this document to a PDF.";
        return Err(EsignError(400, "UNABLE_TO_CONVERT_DOCUMENT", message.to_owned()));
    }
    let name = Some(text("name")).filter(|name| !name.is_empty()).unwrap_or_else(guid);
    Ok(EnvelopeDocument { id: text("documentId"), name, content })
}
