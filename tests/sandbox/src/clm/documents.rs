//! `/documents` on the object host.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::clm::attributes;
use crate::clm::error::ClmRefusal;
use crate::clm::folders::{check_name, no_content};
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::state::{Document, State, Version};
use crate::clm::time::date;
use crate::clm::{ACCOUNT_ID, Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, json as json_reply};

/// The longest name of a document.
pub const MAX_DOCUMENT_NAME_CHARS: usize = 255;

impl Clm {
    pub(super) fn documents(&self, call: &Call, path: &[&str]) -> Answer {
        let (mut state, user) = (self.state(), call.user.sub.as_str());
        match (&call.method, path) {
            (&Method::GET, []) => {
                let Some(requested) = call.parameter("path") else { return Ok(no_such_route()) };
                let (folder, name) = requested.rsplit_once('/').unwrap_or(("", &requested));
                let folder = state.folder_at(folder, user)?;
                let found =
                    state.documents_in(&folder.id, user).find(|document| document.name.eq_ignore_ascii_case(name));
                Ok(json_reply(200, &self.expanded(&state, found.ok_or(ClmRefusal::new(404, 117))?, call)))
            }
            (&Method::GET, [id]) => Ok(json_reply(200, &self.expanded(&state, state.document(id, user)?, call))),
            (&Method::GET, [id, "versions"]) => Ok(self.versions(call, state.document(id, user)?)),
            (&Method::GET, [id, "historyitems"]) => Ok(self.history(call, state.document(id, user)?)),
            (&Method::GET, [id, "sharelinks"]) => {
                state.document(id, user)?;
                Ok(json_reply(200, &page(call, &self.href(&format!("documents/{id}/sharelinks")), &[])))
            }
            (_, [id, "lock"]) => {
                if call.method != Method::GET {
                    state.check_write(user, &state.document(id, user)?.id)?;
                }
                self.lock(call, state.document_mut(id, user)?)
            }
            (&Method::PATCH | &Method::PUT, [id]) => {
                self.update_document(&mut state, call, id)?;
                Ok(json_reply(200, &self.document_json(&state, state.document(id, user)?, user)))
            }
            (&Method::DELETE, [id]) => self.delete_document(&mut state, call, id),
            (_, [] | [_]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }

    fn expanded(&self, state: &State, document: &Document, call: &Call) -> Value {
        let mut json = self.document_json(state, document, &call.user.sub);
        if call.expands("Path") {
            let folder =
                state.folder(&document.folder, &call.user.sub).map(|folder| state.path(folder)).unwrap_or_default();
            json["Path"] = json!(format!("{folder}/{}", document.name));
        }
        if call.expands("AttributeGroups") {
            json["AttributeGroups"] = json!(document.groups);
        }
        json
    }

    fn versions(&self, call: &Call, document: &Document) -> Response<Body> {
        let version = |(number, version): (usize, &Version)| {
            let download = format!("{}/v2/{ACCOUNT_ID}/documents/{}", self.download_url(), version.id);
            json!({"Name": document.name, "Version": format!("{}.0", number + 1), "CreatedDate": date(version.created),
                   "DownloadDocumentHref": download, "Href": self.href(&format!("documents/{}", version.id))})
        };
        let items: Vec<Value> = document.versions.iter().enumerate().map(version).collect();
        json_reply(200, &page(call, &self.href(&format!("documents/{}/versions", document.id)), &items))
    }

    fn history(&self, call: &Call, document: &Document) -> Response<Body> {
        let added = json!({"UserEmail": "robot@example.org", "Action": "Document Added",
                           "CreatedDate": date(document.created)});
        json_reply(200, &page(call, &self.href(&format!("documents/{}/historyitems", document.id)), &[added]))
    }

    /// The lock of a document. CLM documents the text of one kind of lock only.
    fn lock(&self, call: &Call, document: &mut Document) -> Answer {
        if call.method != Method::GET {
            document.check_lock(&call.user.sub)?;
        }
        match call.method {
            Method::GET => {}
            Method::POST => document.locked_by = Some(call.user.sub.clone()),
            Method::PATCH | Method::PUT | Method::DELETE => document.locked_by = None,
            _ => return Ok(wrong_method(call)),
        }
        let locked = document.locked_by.is_some();
        let check_in = format!("{}/v2/{ACCOUNT_ID}/documents/{}", self.upload_url(), document.id);
        let href = self.href(&format!("documents/{}/lock", document.id));
        let kind = if locked { "CheckedOut" } else { "NotCheckedOut" };
        Ok(json_reply(200, &json!({"IsLocked": locked, "Type": kind, "CheckInHref": check_in, "Href": href})))
    }

    fn update_document(&self, state: &mut State, call: &Call, id: &str) -> Result<(), ClmRefusal> {
        let object = call.object(&["Name", "Description", "ParentFolder", "AttributeGroups"])?;
        let (name, description) = (text(&object, "Name")?, text(&object, "Description")?);
        name.as_deref().map_or(Ok(()), |name| check_name(name, MAX_DOCUMENT_NAME_CHARS))?;
        state.check_write(&call.user.sub, &state.document(id, &call.user.sub)?.id)?;
        let folder = self.target_folder(state, &object, "ParentFolder", &call.user.sub)?;
        let now = state.clock.now();
        let document = state.document_mut(id, &call.user.sub)?;
        document.check_lock(&call.user.sub)?;
        match object.get("AttributeGroups") {
            Some(changes) => attributes::write(&mut document.groups, changes, call.method == Method::PUT)?,
            None if call.method == Method::PUT => document.groups.clear(),
            None => {}
        }
        document.name = name.unwrap_or(document.name.clone());
        document.description = description.unwrap_or(document.description.clone());
        document.folder = folder.unwrap_or(document.folder.clone());
        document.updated = now;
        Ok(())
    }

    /// Moves a document to the trash; the second time, deletes it permanently.
    fn delete_document(&self, state: &mut State, call: &Call, id: &str) -> Answer {
        let user = call.user.sub.as_str();
        state.check_write(user, &state.document(id, user)?.id)?;
        let document = state.document_mut(id, user)?;
        document.check_lock(user)?;
        if document.in_trash {
            let id = document.id.clone();
            state.documents.retain(|known| known.id != id);
            return Ok(no_content());
        }
        document.in_trash = true;
        Ok(json_reply(200, &self.document_json(state, state.document(id, user)?, user)))
    }
}

impl Document {
    /// Rejects users other than the one who checked it out.
    pub fn check_lock(&self, user: &str) -> Result<(), ClmRefusal> {
        match &self.locked_by {
            Some(owner) if owner != user => Err(ClmRefusal::invalid("Document", 1012)),
            _ => Ok(()),
        }
    }
}
