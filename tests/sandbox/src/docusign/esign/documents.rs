//! The documents of an envelope: `getDocument` in DocuSign's SDKs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_DISPOSITION};
use serde_json::{Value, json};

use super::super::Docusign;
use super::EsignResult;
use super::envelope::Envelope;
use super::request::{Call, EsignError};
use crate::server::{json as json_reply, reply};

/// The certificate of completion.
const CERTIFICATE: &[u8] = b"%PDF-1.7 certificate of completion";

impl Docusign {
    pub(super) fn list_documents(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&["documents_by_userid", "include_metadata", "include_tabs", "recipient_id"])?;
        self.in_envelope(id, |envelope| {
            let uri = |document: &str| format!("/envelopes/{}/documents/{document}", envelope.id);
            let mut all: Vec<Value> = envelope
                .documents
                .iter()
                .map(|document| {
                    json!({"documentId": document.id, "name": document.name, "type": "content", "uri": uri(&document.id),
                           "order": document.id, "includeInDownload": "true", "display": "inline"})
                })
                .collect();
            if envelope.status == "completed" {
                all.push(json!({"documentId": "certificate", "name": "Summary", "type": "summary",
                                "uri": uri("certificate"), "order": "999"}));
            }
            Ok(json_reply(200, &json!({"envelopeId": envelope.id, "envelopeDocuments": all})))
        })
    }

    /// A document as PDF, or in base64 if the caller asks for that. `combined` is all documents.
    pub(super) fn envelope_document(&self, id: &str, document: &str, call: &Call) -> EsignResult {
        call.check_parameters(&["certificate", "encoding", "encrypt", "language", "show_changes", "watermark"])?;
        let certificate = call.flag("certificate")?;
        let (name, content) = self.in_envelope(id, |envelope| content(envelope, document, certificate))?;
        let text = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !text(ACCEPT.as_str()).split(',').any(|kind| matches!(kind.trim(), "application/pdf" | "*/*" | "")) {
            let message = "The document is available as application/pdf.".to_owned();
            return Err(EsignError(406, "INVALID_CONTENT_TYPE", message));
        }
        let is_base64 = text("content-transfer-encoding") == "base64";
        let content = if is_base64 { STANDARD.encode(&content).into_bytes() } else { content };
        let mut answer = reply(200, "application/pdf", content);
        if is_base64 {
            answer.headers_mut().insert("content-transfer-encoding", HeaderValue::from_static("base64"));
        }
        // DocuSign's own disposition type, and the name as it is.
        let disposition = format!("file; filename=\"{name}\"; documentid=\"{document}\"");
        answer
            .headers_mut()
            .insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(disposition.as_bytes()).expect("a name"));
        Ok(answer)
    }
}

/// The name and the content of a document.
fn content(envelope: &Envelope, document: &str, certificate: bool) -> Result<(String, Vec<u8>), EsignError> {
    let missing = || EsignError(404, "DOCUMENT_DOES_NOT_EXIST", "The document specified was not found.".to_owned());
    match document {
        "certificate" if envelope.status == "created" => Err(missing()),
        "certificate" => Ok(("Summary.pdf".to_owned(), CERTIFICATE.to_owned())),
        "combined" => {
            let mut all: Vec<_> = envelope.documents.iter().map(|document| document.content.as_slice()).collect();
            all.extend(certificate.then_some(CERTIFICATE));
            let name = envelope.documents.first().ok_or_else(missing)?.name.clone();
            Ok((name, all.concat()))
        }
        _ => {
            let found = envelope.documents.iter().find(|known| known.id == document).ok_or_else(missing)?;
            Ok((found.name.clone(), found.content.clone()))
        }
    }
}
