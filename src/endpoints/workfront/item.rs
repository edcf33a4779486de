//! CLM's folders and documents, and their form for Workfront. Pure.

use serde::{Deserialize, Deserializer, Serialize};

use crate::docusign::moment::Moment;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::naming::{ItemId, clm_id, mime_type};
use crate::oauth::client::ClientId;
use crate::oauth::query;
use crate::types::{BaseUrl, own_paths};

/// An item in the form that Workfront reads ("Metadata").
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    title: String,
    kind: &'static str,
    id: String,
    view_link: String,
    download_link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    read_only: bool,
}

/// Builds Evergrant's addresses in responses.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The issuer.
    pub issuer: &'a BaseUrl,
    /// The client.
    pub client_id: &'a ClientId,
}

impl Links<'_> {
    /// The address where a browser downloads `document`.
    fn download(&self, document: &ItemId) -> String {
        let (client, id) = (self.client_id.as_str(), document.to_string());
        query::append(&self.issuer.join(own_paths::OPEN), &[("client", client), ("id", &id)])
    }
}

/// A reference to another object.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ObjectReference {
    /// Its address.
    #[serde(rename = "Href", default, deserialize_with = "or_default")]
    pub href: String,
}

/// What the user may do. A right that CLM does not mention counts as granted, because CLM checks it again when it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccessLevel {
    /// Change it.
    pub write: bool,
    /// Add something to it.
    pub create: bool,
}

impl Default for AccessLevel {
    fn default() -> Self {
        Self { write: true, create: true }
    }
}

/// A member that may be missing or `null`; CLM's samples have both.
///
/// # Errors
/// Those of the deserializer.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The part of CLM's folder JSON that is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Folder {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    href: String,
    updated_date: Option<String>,
    created_date: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    browse_documents_url: String,
    /// What the user may do.
    #[serde(default, deserialize_with = "or_default")]
    pub access_level: AccessLevel,
    /// Where documents are posted to: a URI template (RFC 6570) whose only variable is the name.
    #[serde(default, deserialize_with = "or_default")]
    pub create_document_href: String,
    /// Its path, if the request expanded it.
    #[serde(default, deserialize_with = "or_default")]
    path: String,
}

/// The part of CLM's document JSON that is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClmDocument {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    href: String,
    updated_date: Option<String>,
    created_date: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    preview_url: String,
    native_file_size: Option<u64>,
    /// What the user may do.
    #[serde(default, deserialize_with = "or_default")]
    pub access_level: AccessLevel,
    /// The folder it is in.
    #[serde(default, deserialize_with = "or_default")]
    pub parent_folder: ObjectReference,
    /// Where its bytes are.
    #[serde(default, deserialize_with = "or_default")]
    pub download_document_href: String,
    /// Whether it is in the trash.
    #[serde(default, deserialize_with = "or_default")]
    pub is_in_trash: bool,
}

impl Folder {
    /// Its address.
    #[must_use]
    pub fn href(&self) -> &str {
        &self.href
    }

    /// Whether it is in the trash. Only its path shows that: it is below `/Trash`, possibly after the account's name.
    #[must_use]
    pub fn is_in_trash(&self) -> bool {
        self.path.split('/').filter(|name| !name.is_empty()).take(2).any(|name| name == "Trash")
    }

    /// Its id.
    ///
    /// # Errors
    /// [`WorkfrontError`] if its address has none.
    pub fn id(&self) -> Result<ItemId, WorkfrontError> {
        clm_id(&self.href).map(ItemId::Folder).ok_or(WorkfrontError::Unreadable)
    }

    /// Its metadata in Workfront's format, with the id that Workfront used.
    #[must_use]
    pub fn metadata(self, id: &ItemId) -> Metadata {
        Metadata {
            title: self.name,
            kind: "folder",
            id: id.to_string(),
            download_link: self.browse_documents_url.clone(),
            view_link: self.browse_documents_url,
            mime_type: None,
            date_modified: date(self.updated_date.or(self.created_date)),
            size: None,
            read_only: !self.access_level.create,
        }
    }

    /// The metadata of a document that was announced for this folder and has not arrived yet.
    #[must_use]
    pub fn announced(&self, id: &ItemId, name: &str) -> Metadata {
        Metadata {
            title: name.to_owned(),
            kind: "file",
            id: id.to_string(),
            view_link: self.browse_documents_url.clone(),
            download_link: self.browse_documents_url.clone(),
            mime_type: Some(mime_type(name)),
            date_modified: date(self.updated_date.clone().or_else(|| self.created_date.clone())),
            size: Some(0),
            read_only: false,
        }
    }
}

impl ClmDocument {
    /// Its id.
    ///
    /// # Errors
    /// [`WorkfrontError`] if its address has none.
    pub fn id(&self) -> Result<ItemId, WorkfrontError> {
        clm_id(&self.href).map(ItemId::Document).ok_or(WorkfrontError::Unreadable)
    }

    /// Its metadata in Workfront's format, with the id that Workfront used. `viewLink` is CLM's page for the document. CLM has no
    /// address for downloads in a browser, so `downloadLink` is an address of Evergrant.
    #[must_use]
    pub fn metadata(self, id: &ItemId, links: Links<'_>) -> Metadata {
        Metadata {
            kind: "file",
            id: id.to_string(),
            download_link: links.download(id),
            view_link: self.preview_url,
            mime_type: Some(mime_type(&self.name)),
            title: self.name,
            date_modified: date(self.updated_date.or(self.created_date)),
            size: self.native_file_size,
            read_only: !self.access_level.write,
        }
    }
}

/// CLM's time as RFC 3339 in whole seconds, if it is one.
fn date(text: Option<String>) -> Option<String> {
    Moment::parse(&text?).map(Moment::in_seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GUID: &str = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";

    #[test]
    fn documents_and_folders_become_workfronts_metadata() {
        let document: ClmDocument = serde_json::from_value(json!({
            "Name": "Supply Agreement.docx", "Href": format!("https://h/v2/a/documents/{GUID}"),
            "UpdatedDate": "2031-02-05T10:01:02.07Z", "PreviewUrl": "https://web/d", "NativeFileSize": 48213,
            "AccessLevel": {"See": true, "Read": true, "Write": false}, "ParentFolder": {"Href": "https://h/f"},
        }))
        .unwrap();
        let id = document.id().unwrap();
        let issuer = BaseUrl::parse("https://evergrant.example").unwrap();
        let client_id = ClientId::parse("work&front").unwrap();
        let links = Links { issuer: &issuer, client_id: &client_id };
        let download_link = format!("https://evergrant.example/workfront/v1/open?client=work%26front&id=d%3A{GUID}");
        assert_eq!(
            serde_json::to_value(document.metadata(&id, links)).unwrap(),
            json!({"title": "Supply Agreement.docx", "kind": "file", "id": format!("d:{GUID}"), "viewLink": "https://web/d",
                   "downloadLink": download_link, "dateModified": "2031-02-05T10:01:02Z", "size": 48213, "readOnly": true,
                   "mimeType": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"})
        );
        let folder: Folder =
            serde_json::from_value(json!({"Name": "Contracts", "Href": format!("https://h/v2/a/folders/{GUID}")}))
                .unwrap();
        let bare = json!({"Name": null, "Href": "x", "AccessLevel": null, "BrowseDocumentsUrl": null, "Path": null,
                          "UpdatedDate": null});
        assert!(
            serde_json::from_value::<Folder>(bare.clone()).is_ok()
                && serde_json::from_value::<ClmDocument>(bare).is_ok()
        );
        let root = serde_json::to_value(folder.metadata(&ItemId::Root)).unwrap();
        assert_eq!((root["kind"].as_str(), root["id"].as_str()), (Some("folder"), Some("/")));
        assert!(root.get("size").is_none() && root.get("mimeType").is_none() && root["readOnly"] == Value::Bool(false));
    }

    #[test]
    fn dates_are_rfc_3339_or_missing() {
        for (text, expected) in [
            ("2031-02-03T08:15:30.5Z", Some("2031-02-03T08:15:30Z")),
            ("2031-02-03T08:15:30", Some("2031-02-03T08:15:30Z")),
            ("2031-02-03T08:15:30+02:00", Some("2031-02-03T06:15:30Z")),
            ("03/02/2031", None),
            ("", None),
            ("2031-02-03Tä8:15:30Z", None),
        ] {
            assert_eq!(date(Some(text.to_owned())).as_deref(), expected, "{text}");
        }
    }
}
