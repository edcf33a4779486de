//! Parses a request: the operation in the path, and its parameters. Pure.
//!
//! Adobe's tables put the parameters in the query, but one of its examples uses a body. So a body is read too, as a form or as
//! JSON.

use std::collections::HashMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use serde_json::Value;
use url::form_urlencoded;

use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::naming::ItemId;

/// The base path of the operations. The Base API URL that is registered in Workfront ends with it.
const BASE: &str = "/workfront/v1/";

/// An operation of Workfront's document webhooks. `Open` is Evergrant's own, for browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Metadata,
    Files,
    Search,
    Download,
    Thumbnail,
    UploadInit,
    Upload,
    CreateFolder,
    ServiceInfo,
    Delete,
    Rename,
    CustomAction,
    Open,
}

/// The supported operations of Adobe's specification, in its order.
pub const OFFERED: [(Method, Operation); 11] = [
    (Method::GET, Operation::Files),
    (Method::GET, Operation::Metadata),
    (Method::GET, Operation::Search),
    (Method::GET, Operation::Download),
    (Method::GET, Operation::Thumbnail),
    (Method::POST, Operation::UploadInit),
    (Method::PUT, Operation::Upload),
    (Method::POST, Operation::CreateFolder),
    (Method::PUT, Operation::Delete),
    (Method::PUT, Operation::Rename),
    (Method::GET, Operation::ServiceInfo),
];

/// Supported, but not listed.
const UNLISTED: [(Method, Operation); 2] = [(Method::GET, Operation::CustomAction), (Method::GET, Operation::Open)];

impl Operation {
    /// The operation at `path`. Extra slashes are accepted, because a Base API URL may end with one.
    ///
    /// # Errors
    /// [`WorkfrontError`] for an unknown path or another method.
    pub fn find(method: &Method, path: &str) -> Result<Self, WorkfrontError> {
        let name = path.strip_prefix(BASE).map(|name| name.trim_matches('/')).ok_or(WorkfrontError::NoSuchOperation)?;
        let found = OFFERED.into_iter().chain(UNLISTED).find(|(_, operation)| operation.as_str() == name);
        let (expected, operation) = found.ok_or(WorkfrontError::NoSuchOperation)?;
        if expected == method { Ok(operation) } else { Err(WorkfrontError::WrongMethod(expected)) }
    }

    /// Its name, the last segment of its path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Files => "files",
            Self::Search => "search",
            Self::Download => "download",
            Self::Thumbnail => "thumbnail",
            Self::UploadInit => "uploadInit",
            Self::Upload => "upload",
            Self::CreateFolder => "createFolder",
            Self::ServiceInfo => "serviceInfo",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::CustomAction => "customAction",
            Self::Open => "open",
        }
    }
}

pub const NO_SUCH_ITEM: WorkfrontError = WorkfrontError::Missing("there is no item with this id");

/// The parameters by name. If a name is repeated, the first one counts.
#[derive(Debug, Default)]
pub struct Parameters(HashMap<String, String>);

impl Parameters {
    /// The parameters of a query.
    pub fn of_query(query: &str) -> Self {
        let mut parameters = Self::default();
        parameters.add(form_urlencoded::parse(query.as_bytes()).into_owned());
        parameters
    }

    /// Adds the parameters of a body. Parameters in the query take precedence.
    #[must_use]
    pub fn with_body(mut self, headers: &HeaderMap, body: &[u8]) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/json") {
            let object = serde_json::from_slice::<HashMap<String, Value>>(body).unwrap_or_default();
            self.add(object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
        } else {
            self.add(form_urlencoded::parse(body).into_owned());
        }
        self
    }

    fn add(&mut self, pairs: impl Iterator<Item = (String, String)>) {
        for (name, value) in pairs {
            self.0.entry(name).or_insert(value);
        }
    }

    /// The parameter, unless it is empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A whole number within CLM's range; anything else counts as absent.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        let number: i32 = self.text(name)?.parse().ok()?;
        usize::try_from(number).ok()
    }

    /// The item id in the parameter `name`.
    pub fn item(&self, name: &str) -> Result<ItemId, WorkfrontError> {
        self.text(name).and_then(ItemId::parse).ok_or(NO_SUCH_ITEM)
    }

    /// The folder id in `parentId`; the root folder if there is none.
    pub fn parent(&self) -> Result<ItemId, WorkfrontError> {
        let parent = self.text("parentId").map_or(Some(ItemId::Root), ItemId::parse);
        parent.filter(ItemId::is_folder).ok_or(WorkfrontError::Missing("there is no folder with this id"))
    }

    /// The item to delete. Adobe's documentation uses three names for this parameter.
    pub fn item_to_delete(&self) -> Result<ItemId, WorkfrontError> {
        let id = ["id", "documentId", "folderId"].into_iter().find_map(|name| self.text(name));
        id.and_then(ItemId::parse).ok_or(NO_SUCH_ITEM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, content_type: &str, body: &str) -> Parameters {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        Parameters::of_query(query).with_body(&headers, body.as_bytes())
    }

    #[test]
    fn query_form_and_json_give_the_same_parameters() {
        for (query, content_type, body) in [
            ("parentId=%2F&name=A%20b", "text/plain", ""),
            ("", "application/x-www-form-urlencoded", "parentId=/&name=A+b"),
            ("parentId=/", "application/json; charset=utf-8", "{\"name\": \"A b\", \"n\": 5}"),
            ("name=A+b&name=other", "application/json", "{\"name\": \"other\", \"parentId\": \"/\"}"),
        ] {
            let parameters = read(query, content_type, body);
            assert_eq!(parameters.text("name"), Some("A b"), "{query} {body}");
            assert_eq!(parameters.parent().unwrap(), ItemId::Root, "{query} {body}");
        }
        assert_eq!(read("max=x&offset=7", "application/json", "[").number("max"), None);
        assert_eq!(read("max=x&offset=7", "", "").number("offset"), Some(7));
        assert_eq!(read("offset=18446744073709551615&max=-1", "", "").number("offset"), None);
        assert!(read("parentId=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "", "").parent().is_err());
    }
}
