//! The folders of the account.

use serde_json::{Value, json};

use super::super::Docusign;
use super::EsignResult;
use super::envelope::Envelope;
use super::request::{Call, EsignError, invalid_parameter};
use super::shapes::MOVED_ENVELOPES;
use crate::server::json as json_reply;

/// ID, name and type of each folder.
const FOLDERS: [(&str, &str, &str); 5] = [
    ("f01d0001-6c2d-4e3f-9a41-5b6c7d8e9fa0", "Draft", "draft"),
    ("f01d0002-6c2d-4e3f-9a41-5b6c7d8e9fa0", "Inbox", "inbox"),
    ("f01d0003-6c2d-4e3f-9a41-5b6c7d8e9fa0", "Sent Items", "sentitems"),
    ("f01d0004-6c2d-4e3f-9a41-5b6c7d8e9fa0", "Deleted Items", "recyclebin"),
    ("f01d0005-6c2d-4e3f-9a41-5b6c7d8e9fa0", "Contracts", "normal"),
];

/// Where an envelope is.
fn folder_of(envelope: &Envelope) -> &str {
    let usual = if envelope.status == "created" { FOLDERS[0].0 } else { FOLDERS[2].0 };
    envelope.folder.as_deref().unwrap_or(usual)
}

/// A folder's ID; its type is accepted too.
fn find(id: &str) -> Result<(&'static str, &'static str, &'static str), EsignError> {
    let missing = EsignError(404, "FOLDER_DOES_NOT_EXIST", "The folder specified does not exist.".to_owned());
    FOLDERS.into_iter().find(|(known, _, kind)| *known == id || *kind == id).ok_or(missing)
}

impl Docusign {
    fn in_folder(&self, id: &str) -> Vec<Envelope> {
        let mut found = self.envelopes();
        found.retain(|envelope| folder_of(envelope) == id);
        found
    }

    fn folder_json(&self, (id, name, kind): (&str, &str, &str)) -> Value {
        json!({"folderId": id, "name": name, "type": kind, "uri": format!("/folders/{id}"),
               "itemCount": self.in_folder(id).len().to_string(), "subFolderCount": "0", "hasSubFolders": "false"})
    }

    pub(super) fn list_folders(&self, call: &Call) -> EsignResult {
        call.check_parameters(&[
            "count",
            "start_position",
            "include",
            "include_items",
            "sub_folder_depth",
            "template",
            "user_filter",
        ])?;
        let all = FOLDERS.map(|folder| self.folder_json(folder));
        Ok(json_reply(200, &call.page("folders", &all)?))
    }

    pub(super) fn folder_contents(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[
            "count",
            "start_position",
            "from_date",
            "to_date",
            "status",
            "search_text",
            "include_items",
        ])?;
        let folder = find(id)?;
        let found: Vec<Value> = self.in_folder(folder.0).iter().map(|envelope| envelope.json(false)).collect();
        let mut page = call.page("envelopes", &found)?;
        page["folders"] = json!([self.folder_json(folder)]);
        Ok(json_reply(200, &page))
    }

    pub(super) fn move_envelopes(&self, id: &str, call: &Call) -> EsignResult {
        call.check_parameters(&[])?;
        let (body, folder) = (call.body(MOVED_ENVELOPES)?, find(id)?);
        if let Some(from) = body["fromFolderId"].as_str() {
            find(from)?;
        }
        let ids: Vec<&str> = body["envelopeIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if ids.is_empty() {
            return Err(invalid_parameter("'envelopeIds' is empty."));
        }
        for id in ids {
            self.in_envelope(id, |envelope| {
                envelope.folder = Some(folder.0.to_owned());
                Ok(())
            })?;
        }
        Ok(json_reply(200, &json!({"folders": [self.folder_json(folder)]})))
    }
}
