//! The templates of the account.

use serde_json::{Value, json};

use super::EsignResult;
use super::envelope::{Envelope, EnvelopeDocument, Recipient, by_kind};
use super::recipients::{accept, new_tabs};
use super::request::{Call, EsignError, invalid_parameter};
use crate::registry::{INTEGRATION_EMAIL, INTEGRATION_USER};
use crate::server::json as json_reply;

/// A template with one document.
pub(super) struct Template {
    id: &'static str,
    name: &'static str,
    subject: &'static str,
    /// The kind of recipient, its role, and its text fields.
    roles: &'static [(&'static str, &'static str, &'static [&'static str])],
}

const TEMPLATES: [Template; 2] = [
    Template {
        id: "7e3a0001-5b1c-4d2e-8f30-4a5b6c7d8e9f",
        name: "Supplier agreement",
        subject: "Supplier agreement to sign",
        roles: &[("signers", "Supplier", &["Amount", "Cost center"]), ("carbonCopies", "Archive", &[])],
    },
    Template {
        id: "7e3a0002-5b1c-4d2e-8f30-4a5b6c7d8e9f",
        name: "Non-disclosure agreement",
        subject: "Please sign the NDA",
        roles: &[("signers", "Partner", &[])],
    },
];

impl Template {
    /// The template with this ID.
    pub fn find(id: &str) -> Result<&'static Self, EsignError> {
        let missing = EsignError(400, "TEMPLATE_ID_INVALID", "Invalid template ID.".to_owned());
        TEMPLATES.iter().find(|template| template.id == id).ok_or(missing)
    }

    fn recipients(&self) -> Vec<Recipient> {
        let recipient = |((kind, role, fields), number): (&(&'static str, &str, &[&str]), usize)| {
            let fields: Vec<Value> = fields.iter().map(|label| json!({"tabLabel": label, "value": ""})).collect();
            let signs: &[Value] = if *kind == "signers" { &[json!({"tabLabel": "Signature"})] } else { &[] };
            Recipient {
                kind,
                id: number.to_string(),
                name: String::new(),
                email: String::new(),
                role: (*role).to_owned(),
                order: "1".to_owned(),
                client_user_id: None,
                status: "created".to_owned(),
                tabs: new_tabs(&json!({"signHereTabs": signs, "textTabs": fields})),
            }
        };
        self.roles.iter().zip(1..).map(recipient).collect()
    }

    fn json(&self) -> Value {
        json!({"templateId": self.id, "name": self.name, "emailSubject": self.subject, "shared": "true",
               "created": "2031-01-02T03:04:05.67Z", "lastModified": "2031-01-03T03:04:05.67Z",
               "uri": format!("/templates/{}", self.id),
               "owner": {"userName": "Integration Robot", "userId": INTEGRATION_USER, "email": INTEGRATION_EMAIL}})
    }
}

/// The templates, page by page.
pub(super) fn list_templates(call: &Call) -> EsignResult {
    call.check_parameters(&["count", "start_position", "search_text", "order", "order_by", "include", "folder_ids"])?;
    call.choice("order_by", &["name", "modified", "used"])?;
    call.choice("order", &["asc", "desc"])?;
    let wanted = call.parameter("search_text").unwrap_or_default().to_lowercase();
    let found: Vec<Value> = TEMPLATES
        .iter()
        .filter(|template| template.name.to_lowercase().contains(&wanted))
        .map(Template::json)
        .collect();
    Ok(json_reply(200, &call.page("envelopeTemplates", &found)?))
}

/// A template.
pub(super) fn show_template(id: &str, call: &Call) -> EsignResult {
    call.check_parameters(&["include"])?;
    let missing = |_| EsignError(404, "TEMPLATE_NOT_FOUND", "The template specified does not exist.".to_owned());
    let template = Template::find(id).map_err(missing)?;
    let include = call.parameter("include").unwrap_or_default();
    let mut json = template.json();
    for part in include.split(',').filter(|part| !part.is_empty()) {
        match part {
            "recipients" => json["recipients"] = by_kind(&template.recipients()),
            "documents" => {
                json["documents"] = json!([{"documentId": "1", "name": template.name, "order": "1"}]);
            }
            _ => return Err(invalid_parameter("'include' has an unknown part.")),
        }
    }
    Ok(json_reply(200, &json))
}

/// Makes an envelope from a template, with people in all its roles for signers.
pub(super) fn apply(template: &Template, people: &[Value], envelope: &mut Envelope) -> Result<(), EsignError> {
    if envelope.subject.is_empty() {
        template.subject.clone_into(&mut envelope.subject);
    }
    let (id, name) = ("1".to_owned(), format!("{}.pdf", template.name));
    envelope.documents.push(EnvelopeDocument { id, name, content: b"%PDF-1.7 from a template".to_vec() });
    let mut roles = template.recipients();
    for person in people {
        let found = roles.iter().position(|role| person["roleName"] == *role.role);
        let mut recipient = roles.remove(found.ok_or_else(|| invalid_parameter("'roleName' is not in the template."))?);
        let text = |name: &str| person[name].as_str().unwrap_or_default().to_owned();
        (recipient.name, recipient.email) = (text("name"), text("email"));
        recipient.client_user_id = person["clientUserId"].as_str().map(ToOwned::to_owned);
        for filled in person["tabs"]["textTabs"].as_array().into_iter().flatten() {
            let tab = recipient.tabs.iter_mut().find(|(_, tab)| tab["tabLabel"] == filled["tabLabel"]);
            let (_, tab) = tab.ok_or_else(|| invalid_parameter("'tabLabel' is not in the template."))?;
            tab["value"] = filled["value"].clone();
        }
        accept(envelope, recipient)?;
    }
    Ok(())
}
