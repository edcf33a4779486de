//! Envelopes: their parts, and how they look.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::shapes::TAB_KINDS;
use crate::registry::{INTEGRATION_EMAIL, INTEGRATION_USER};
use crate::wire::random;

/// An envelope.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// GUID.
    pub id: String,
    /// `created`, `sent`, `completed`, `declined` or `voided`.
    pub status: String,
    /// The subject of its e-mails.
    pub subject: String,
    /// The text of its e-mails.
    pub blurb: String,
    /// Its documents.
    pub documents: Vec<EnvelopeDocument>,
    /// Its recipients.
    pub recipients: Vec<Recipient>,
    /// Its custom fields: id, name and value.
    pub fields: Vec<(String, String, String)>,
    /// The folder that it was moved to.
    pub folder: Option<String>,
    /// Why it was voided.
    pub voided_reason: Option<String>,
    /// How often its e-mails were sent.
    pub sendings: u32,
    /// When it got each of its statuses, in order.
    pub history: Vec<(String, OffsetDateTime)>,
}

/// A document of an envelope.
#[derive(Clone, Debug)]
pub struct EnvelopeDocument {
    /// Its number in the envelope.
    pub id: String,
    /// Its file name.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// A recipient of an envelope, or a role of a template.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// `signers` or `carbonCopies`.
    pub kind: &'static str,
    /// Its number in the envelope.
    pub id: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Its role in the template.
    pub role: String,
    /// Who comes first.
    pub order: String,
    /// The ID of a recipient who signs in an application.
    pub client_user_id: Option<String>,
    /// `created`, `sent`, `completed` or `declined`.
    pub status: String,
    /// Its fields: kind, and the field itself.
    pub tabs: Vec<(String, Value)>,
}

impl Envelope {
    /// A new draft.
    pub(super) fn new(subject: String) -> Self {
        let mut envelope = Self {
            id: guid(),
            status: String::new(),
            subject,
            blurb: String::new(),
            documents: Vec::new(),
            recipients: Vec::new(),
            fields: Vec::new(),
            folder: None,
            voided_reason: None,
            sendings: 0,
            history: Vec::new(),
        };
        envelope.become_at("created", OffsetDateTime::now_utc());
        envelope
    }

    /// Changes the status; the recipients follow.
    pub(super) fn become_at(&mut self, status: &str, at: OffsetDateTime) {
        status.clone_into(&mut self.status);
        self.history.push((self.status.clone(), at));
        self.sendings += u32::from(status == "sent");
        for recipient in self.recipients.iter_mut().filter(|_| status != "voided") {
            status.clone_into(&mut recipient.status);
        }
    }

    /// The e-mail addresses of its signers.
    #[must_use]
    pub fn signers(&self) -> Vec<&str> {
        let signers = self.recipients.iter().filter(|recipient| recipient.kind == "signers");
        signers.map(|signer| signer.email.as_str()).collect()
    }

    /// When its status last changed.
    #[must_use]
    pub fn changed(&self) -> OffsetDateTime {
        self.history.last().map_or(OffsetDateTime::UNIX_EPOCH, |(_, at)| *at)
    }

    /// When it first got `status`.
    pub(super) fn since(&self, status: &str) -> Option<OffsetDateTime> {
        self.history.iter().find(|(known, _)| known == status).map(|(_, at)| *at)
    }

    /// As the answer to its creation.
    pub(super) fn summary(&self) -> Value {
        json!({"envelopeId": self.id, "status": self.status, "statusDateTime": text(self.changed()),
               "uri": format!("/envelopes/{}", self.id)})
    }

    /// As in lists, with its custom fields if they are asked for.
    pub(super) fn json(&self, with_fields: bool) -> Value {
        let uri = format!("/envelopes/{}", self.id);
        let mut json = json!({
            "envelopeId": self.id, "status": self.status, "emailSubject": self.subject, "emailBlurb": self.blurb,
            "sender": {"userName": "Integration Robot", "userId": INTEGRATION_USER, "email": INTEGRATION_EMAIL},
            "statusChangedDateTime": text(self.changed()), "lastModifiedDateTime": text(self.changed()),
            "purgeState": "unpurged", "envelopeUri": uri, "documentsUri": format!("{uri}/documents"),
            "documentsCombinedUri": format!("{uri}/documents/combined"), "recipientsUri": format!("{uri}/recipients"),
            "certificateUri": format!("{uri}/documents/certificate"), "customFieldsUri": format!("{uri}/custom_fields"),
        });
        for (status, at) in &self.history {
            json[format!("{status}DateTime")] = json!(text(*at));
        }
        if let Some(reason) = &self.voided_reason {
            json["voidedReason"] = json!(reason);
        }
        if with_fields {
            json["customFields"] = self.custom_fields();
        }
        json
    }

    /// Its custom fields.
    pub(super) fn custom_fields(&self) -> Value {
        let fields = self.fields.iter().map(|(id, name, value)| {
            json!({"fieldId": id, "name": name, "value": value, "show": "false", "required": "false"})
        });
        json!({"textCustomFields": fields.collect::<Vec<_>>(), "listCustomFields": []})
    }
}

impl Recipient {
    /// As in lists.
    pub(super) fn json(&self) -> Value {
        let kind = if self.kind == "signers" { "signer" } else { "carboncopy" };
        let mut json = json!({"recipientId": self.id, "recipientType": kind, "name": self.name, "email": self.email,
                              "roleName": self.role, "routingOrder": self.order, "status": self.status});
        if let Some(id) = &self.client_user_id {
            json["clientUserId"] = json!(id);
        }
        json
    }

    /// Its fields by their kinds.
    pub(super) fn tabs(&self) -> Value {
        let mut tabs = Map::new();
        for kind in TAB_KINDS {
            let found: Vec<_> = self.tabs.iter().filter(|(known, _)| known == kind).map(|(_, tab)| tab).collect();
            if !found.is_empty() {
                tabs.insert(kind.to_owned(), json!(found));
            }
        }
        tabs.into()
    }
}

/// The recipients by their kinds.
pub(super) fn by_kind(recipients: &[Recipient]) -> Value {
    let of = |kind: &str| -> Vec<Value> {
        recipients.iter().filter(|recipient| recipient.kind == kind).map(Recipient::json).collect()
    };
    json!({"signers": of("signers"), "carbonCopies": of("carbonCopies"), "recipientCount": recipients.len().to_string(),
           "currentRoutingOrder": "1"})
}

/// A point in time as in DocuSign's answers.
pub(super) fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).expect("a date")
}

pub(super) fn guid() -> String {
    let hex = random();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
