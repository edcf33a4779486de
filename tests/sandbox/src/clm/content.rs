//! The upload and the download host.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Response};

use crate::clm::documents::DOCUMENT_NAME;
use crate::clm::error::{Refusal, guid};
use crate::clm::folders::check_name;
use crate::clm::request::Call;
use crate::clm::state::{Document, Version};
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::docusign::unix_now;
use crate::server::{Body, json as json_reply, reply};

impl Clm {
    pub(super) fn upload(&self, call: &Call, path: &[&str]) -> Answer {
        match (&call.method, path) {
            (&Method::POST, ["folders", id, "documents"]) => self.upload_document(call, id),
            (&Method::POST, ["documents", id]) => self.upload_version(call, id),
            (_, ["folders", _, "documents"] | ["documents", _]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }

    /// A name that is taken makes a second document of that name: what CLM does is not documented.
    fn upload_document(&self, call: &Call, folder: &str) -> Answer {
        let mut state = self.state();
        let folder = state.folder(folder)?.id.clone();
        let name = call.parameter("name").ok_or(Refusal::new(422, 129))?;
        check_name(&name, DOCUMENT_NAME)?;
        check_stream(call)?;
        let id = state.add_document(&name, &folder, call.body.clone());
        Ok(json_reply(201, &self.document_json(state.document(&id)?)))
    }

    /// Answered with 200; 201 would fit the documents as well.
    fn upload_version(&self, call: &Call, id: &str) -> Answer {
        let mut state = self.state();
        let document = state.document_mut(id)?;
        document.check_lock(&call.user.sub)?;
        let name = file_name(&call.header("content-disposition")).ok_or(Refusal::new(422, 145))?;
        check_name(&name, DOCUMENT_NAME)?;
        check_stream(call)?;
        // The document keeps its ID, so what was current until now gets one of its own.
        document.versions.iter_mut().filter(|version| version.id == document.id).for_each(|old| old.id = guid());
        let version = Version { id: document.id.clone(), bytes: call.body.clone(), created: unix_now() };
        document.versions.push(version);
        document.updated = unix_now();
        Ok(json_reply(200, &self.document_json(document)))
    }

    pub(super) fn download(&self, call: &Call, path: &[&str]) -> Answer {
        match (&call.method, path) {
            (&Method::GET | &Method::HEAD, ["documents", id]) => {
                let mut state = self.state();
                let current = state.documents.iter().find(|document| document.versions.iter().any(|v| v.id == *id));
                let current = current.ok_or(Refusal::new(404, 117))?.id.clone();
                rendition(call, state.document_mut(&current)?, id)
            }
            (_, ["documents", _]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }
}

/// What `Accept` asks for. Renditions are made when they are asked for, and are there the second time.
fn rendition(call: &Call, document: &mut Document, version: &str) -> Answer {
    let wanted = call.header("accept");
    let (kind, missing): (&str, u16) = match wanted.as_str() {
        "" | "native" | "*/*" => return Ok(native(document, version)),
        "application/pdf" => ("application/pdf", 104),
        "text/plain" => ("text/plain", 104),
        "image/png" => ("image/png", 119),
        _ => return Err(Refusal::new(406, 100)),
    };
    document.renditions_asked += 1;
    if document.renditions_asked < 2 {
        return Err(Refusal::new(404, missing));
    }
    let bytes: &[u8] = match kind {
        "application/pdf" => b"%PDF-1.4\n% of the sandbox\n%%EOF\n",
        "image/png" => b"\x89PNG\r\n\x1a\n",
        _ => b"text of the document",
    };
    Ok(reply(200, kind, bytes))
}

fn native(document: &Document, version: &str) -> Response<Body> {
    let bytes = document.versions.iter().find(|known| known.id == version).map(|version| version.bytes.clone());
    let bytes = bytes.unwrap_or_default();
    let sha256 = STANDARD.encode(digest::digest(&digest::SHA256, &bytes));
    let mut response = reply(200, "application/octet-stream", bytes);
    response.headers_mut().insert("x-springcm-content-sha256", sha256.parse().expect("a header"));
    response
}

/// Bytes there have to be. Whether an empty document may be uploaded is not documented.
fn check_stream(call: &Call) -> Result<(), Refusal> {
    let is_stream = !call.header("content-type").starts_with("multipart/");
    if call.body.is_empty() || !is_stream { Err(Refusal::new(422, 116)) } else { Ok(()) }
}

/// `attachment; filename="…"`.
fn file_name(disposition: &str) -> Option<String> {
    let name = disposition.strip_prefix("attachment; filename=\"")?.strip_suffix('"')?;
    (!name.is_empty()).then(|| name.to_owned())
}
