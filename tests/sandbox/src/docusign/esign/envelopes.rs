//! Envelopes and their documents: `listStatusChanges`, `createEnvelope` and `getDocument` in DocuSign's SDKs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::Docusign;
use super::{invalid_parameter, refusal};
use crate::server::{self, Body, json as json_reply, reply};
use crate::wire::{parameter, random};

/// The parameters of which a list needs one.
const FILTERS: [&str; 3] = ["from_date", "envelope_ids", "transaction_ids"];
/// What a list without a filter gets.
const NO_FILTER: &str = "Query parameter 'from_date' must be set to a valid DateTime, or 'envelope_ids' or 'transaction_ids' must \
    be specified.";
/// What an envelope gets that has a part missing.
const INCOMPLETE: &str =
    "The Envelope is not Complete. A Complete Envelope Requires Documents, Recipients, Tabs, and a Subject Line.";

/// An envelope.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// GUID.
    pub id: String,
    /// `created` or `sent`.
    pub status: String,
    /// The subject of its e-mails.
    pub subject: String,
    /// Its documents.
    pub documents: Vec<EnvelopeDocument>,
    /// The e-mail addresses of its signers.
    pub signers: Vec<String>,
    /// When it was created.
    at: OffsetDateTime,
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

/// DocuSign's code and message for a definition that it does not accept.
struct DefinitionError(&'static str, String);

impl Docusign {
    pub(super) fn list_envelopes(&self, query: &str) -> Response<Body> {
        let [from_date, ids, _] = FILTERS.map(|name| parameter(query, name));
        let from = from_date.as_deref().map(date);
        if from == Some(None) || FILTERS.iter().all(|name| parameter(query, name).is_none()) {
            return invalid_parameter(NO_FILTER);
        }
        let is_requested = |envelope: &Envelope| {
            from.flatten().is_none_or(|from| from <= envelope.at)
                && ids.as_ref().is_none_or(|ids| ids.split(',').any(|id| id == envelope.id))
        };
        let found: Vec<Value> =
            self.envelopes().iter().filter(|envelope| is_requested(envelope)).map(summary).collect();
        let (total, last) = (found.len().to_string(), found.len().saturating_sub(1).to_string());
        json_reply(
            200,
            &json!({"envelopes": found, "resultSetSize": total, "totalSetSize": total, "startPosition": "0",
                    "endPosition": last, "nextUri": "", "previousUri": ""}),
        )
    }

    pub(super) async fn create_envelope(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let is_json =
            head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        let definition = serde_json::from_slice(&server::read(body).await).ok().filter(|_| is_json);
        match definition.ok_or_else(|| malformed("")).and_then(|definition| envelope(&definition)) {
            Ok(envelope) => {
                let answer = json_reply(201, &summary(&envelope));
                self.state().envelopes.push(envelope);
                answer
            }
            Err(DefinitionError(code, message)) => refusal(400, code, &message),
        }
    }

    /// A document as PDF, or in base64 if the caller asks for that. `combined` is all documents.
    pub(super) fn envelope_document(&self, id: &str, document: &str, headers: &HeaderMap) -> Response<Body> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(envelope) = self.envelopes().into_iter().find(|envelope| envelope.id == id) else {
            return refusal(404, "ENVELOPE_DOES_NOT_EXIST", "The envelope specified does not exist.");
        };
        let is_wanted = |found: &&EnvelopeDocument| document == "combined" || found.id == document;
        let Some(found) = envelope.documents.iter().find(is_wanted) else {
            return refusal(404, "DOCUMENT_DOES_NOT_EXIST", "The document specified was not found.");
        };
        if !text(ACCEPT.as_str()).split(',').any(|kind| matches!(kind.trim(), "application/pdf" | "*/*" | "")) {
            return refusal(406, "INVALID_CONTENT_TYPE", "The document is available as application/pdf.");
        }
        let is_base64 = text("content-transfer-encoding") == "base64";
        let content = if is_base64 { STANDARD.encode(&found.content).into_bytes() } else { found.content.clone() };
        let mut answer = reply(200, "application/pdf", content);
        if is_base64 {
            answer.headers_mut().insert("content-transfer-encoding", HeaderValue::from_static("base64"));
        }
        // DocuSign's own disposition type, and the name as it is.
        let disposition = format!("file; filename=\"{}\"; documentid=\"{document}\"", found.name);
        answer
            .headers_mut()
            .insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(disposition.as_bytes()).expect("a name"));
        answer
    }
}

/// The envelope that a definition describes, if all its parts are there and well formed.
fn envelope(definition: &Value) -> Result<Envelope, DefinitionError> {
    let text = |name: &str| definition[name].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let documents = list(&definition["documents"]).iter().map(document).collect::<Result<Vec<_>, _>>()?;
    let signers = list(&definition["recipients"]["signers"]).iter().map(signer).collect::<Result<Vec<_>, _>>()?;
    let (status, subject) = (text("status"), text("emailSubject"));
    if !["created", "sent"].contains(&status.as_str()) {
        return Err(malformed("'status' must be created or sent."));
    }
    if status == "sent" && (subject.is_empty() || documents.is_empty() || signers.is_empty()) {
        return Err(DefinitionError("ENVELOPE_IS_INCOMPLETE", INCOMPLETE.to_owned()));
    }
    Ok(Envelope { id: guid(), status, subject, documents, signers, at: OffsetDateTime::now_utc() })
}

/// A document of a definition. Only PDF is accepted, because nothing is converted here.
fn document(value: &Value) -> Result<EnvelopeDocument, DefinitionError> {
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (Some(id), Some(name), Some(base64)) = (text("documentId"), text("name"), text("documentBase64")) else {
        return Err(malformed("A document needs documentId, name and documentBase64."));
    };
    let content = STANDARD.decode(base64).map_err(|_| malformed("documentBase64 is not base64."))?;
    if !id.parse::<u32>().is_ok_and(|id| id > 0) {
        return Err(malformed("documentId must be a positive integer."));
    }
    if !content.starts_with(b"%PDF-") {
        let message = "System was unable to convert this document to a PDF.";
        return Err(DefinitionError("UNABLE_TO_CONVERT_DOCUMENT", message.to_owned()));
    }
    Ok(EnvelopeDocument { id, name, content })
}

/// The e-mail address of a signer.
fn signer(value: &Value) -> Result<String, DefinitionError> {
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
    if text("recipientId").is_none() || text("name").is_none() {
        return Err(malformed("A signer needs recipientId and name."));
    }
    let email = text("email").filter(|email| email.split('@').filter(|part| !part.is_empty()).count() == 2);
    let message = "The email address for the recipient is invalid.";
    email
        .map(ToOwned::to_owned)
        .ok_or_else(|| DefinitionError("INVALID_EMAIL_ADDRESS_FOR_RECIPIENT", message.to_owned()))
}

fn malformed(reason: &str) -> DefinitionError {
    let message = format!("The request body is missing or improperly formatted. {reason}");
    DefinitionError("INVALID_REQUEST_BODY", message.trim_end().to_owned())
}

fn summary(envelope: &Envelope) -> Value {
    let at = envelope.at.format(&Rfc3339).expect("a date");
    let uri = format!("/envelopes/{}", envelope.id);
    json!({"envelopeId": envelope.id, "status": envelope.status, "emailSubject": envelope.subject, "uri": uri,
           "statusDateTime": at, "createdDateTime": at, "documentsUri": format!("{uri}/documents")})
}

/// A day or a point in time, as in RFC 3339.
fn date(text: &str) -> Option<OffsetDateTime> {
    let text = if text.len() == "2031-01-01".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

fn guid() -> String {
    let hex = random();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
