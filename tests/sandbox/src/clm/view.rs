//! Objects in CLM's JSON. Members that are not expanded are references; empty ones are left out.

use serde_json::{Value, json};

use crate::clm::state::{Document, Folder, State};
use crate::clm::time::date;
use crate::clm::{ACCOUNT_ID, Clm};

impl Clm {
    /// An address on the object host.
    pub(super) fn href(&self, path: &str) -> String {
        format!("{}/v2/{ACCOUNT_ID}/{path}", self.api_url())
    }

    /// The address of a web page.
    pub(super) fn web(&self, page: &str) -> String {
        format!("{}/{page}", self.url("/web"))
    }

    /// The JSON of a folder for `user`; list items have no `Path`.
    pub(super) fn folder_json(&self, state: &State, folder: &Folder, user: &str) -> Value {
        let base = self.href(&format!("folders/{}", folder.id));
        let upload = format!("{}/v2/{ACCOUNT_ID}/folders/{}/documents{{?name}}", self.upload_url(), folder.id);
        let mut json = json!({
            "Name": folder.name, "Description": folder.description,
            "CreatedDate": date(folder.created), "CreatedBy": "robot@example.org",
            "UpdatedDate": date(folder.updated), "UpdatedBy": "robot@example.org",
            "BrowseDocumentsUrl": self.web(&format!("folders?id={}", folder.id)),
            "AccessLevel": state.access_level(user, &folder.id), "Documents": {"Href": format!("{base}/documents")},
            "Folders": {"Href": format!("{base}/folders")}, "ShareLinks": {"Href": format!("{base}/sharelinks")},
            "CreateDocumentHref": upload, "Href": base,
        });
        if let Some(parent) = &folder.parent {
            json["ParentFolder"] = json!({"Href": self.href(&format!("folders/{parent}"))});
        }
        json
    }

    /// The JSON of a document for `user`; list items have no `Path` and `AttributeGroups`.
    pub(super) fn document_json(&self, state: &State, document: &Document, user: &str) -> Value {
        let base = self.href(&format!("documents/{}", document.id));
        let newest = document.versions.last();
        let in_base = |part: &str| json!({"Href": format!("{base}/{part}")});
        json!({
            "Uid": document.id, "Name": document.name, "Description": document.description,
            "Extension": extension(&document.name), "CreatedDate": date(document.created),
            "CreatedBy": "robot@example.org", "UpdatedDate": date(document.updated), "UpdatedBy": "robot@example.org",
            "ContentCreatedDate": date(newest.map_or(document.created, |version| version.created)),
            "ParentFolder": {"Href": self.href(&format!("folders/{}", document.folder))},
            "HistoryItems": in_base("historyitems"), "Lock": in_base("lock"), "Versions": in_base("versions"),
            "ShareLinks": in_base("sharelinks"), "AccessLevel": state.access_level(user, &document.id), "IsInTrash": document.in_trash,
            "PageCount": u8::from(document.renditions_asked > 0 && !document.never_rendered),
            "PreviewUrl": self.web(&format!("documents/preview?id={}", document.id)),
            "NativeFileSize": newest.map_or(0, |version| version.stored.summary.length),
            "DownloadDocumentHref": format!("{}/v2/{ACCOUNT_ID}/documents/{}", self.download_url(), document.id),
            "Href": base,
        })
    }
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}
