//! Parses a request: the operation in the path, and its parameters. Pure.
//!
//! Adobe's tables put the parameters in the query, but one of its examples uses a body. So a body is read too, as a form or as
//! JSON.

use std::collections::HashMap;
use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
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
        let start = path.get(..BASE.len()).filter(|start| start.eq_ignore_ascii_case(BASE));
        let start = start.ok_or(WorkfrontError::NoSuchOperation)?;
        let name = path[start.len()..].trim_matches('/');
        let mut all = OFFERED.into_iter().chain(UNLISTED);
        let found = all.find(|(_, operation)| operation.as_str().eq_ignore_ascii_case(name));
        let (expected, operation) = found.ok_or(WorkfrontError::NoSuchOperation)?;
        if start != BASE || operation.as_str() != name {
            return Err(WorkfrontError::Missing(operation.right_path()));
        }
        if expected == method { Ok(operation) } else { Err(WorkfrontError::WrongMethod(expected)) }
    }

    /// The sentence for its path in other letters.
    const fn right_path(self) -> &'static str {
        macro_rules! right_path {
            ($name:literal) => {
                concat!("there is no such operation; the right path is /workfront/v1/", $name)
            };
        }
        match self {
            Self::Metadata => right_path!("metadata"),
            Self::Files => right_path!("files"),
            Self::Search => right_path!("search"),
            Self::Download => right_path!("download"),
            Self::Thumbnail => right_path!("thumbnail"),
            Self::UploadInit => right_path!("uploadInit"),
            Self::Upload => right_path!("upload"),
            Self::CreateFolder => right_path!("createFolder"),
            Self::ServiceInfo => right_path!("serviceInfo"),
            Self::Delete => right_path!("delete"),
            Self::Rename => right_path!("rename"),
            Self::CustomAction => right_path!("customAction"),
            Self::Open => right_path!("open"),
        }
    }

    /// Whether it streams content, or reads as many pages as the folder has. Then only each call to CLM has a time limit.
    #[must_use]
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Download | Self::Thumbnail | Self::Upload | Self::Files)
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

/// The parameters that some operation reads. Others are ignored, because Workfront can be set to send fixed ones.
const NAMES: [&str; 12] = [
    "id",
    "parentId",
    "query",
    "max",
    "offset",
    "size",
    "filename",
    "documentId",
    "documentVersionId",
    "name",
    "folderId",
    "client",
];

/// The parameters by name. A repeated name must have the same value each time.
#[derive(Debug, Default)]
pub struct WorkfrontParameters(HashMap<String, String>);

impl WorkfrontParameters {
    /// The parameters of a query.
    ///
    /// # Errors
    /// [`WorkfrontError`] if a name has two values.
    pub fn of_query(query: &str) -> Result<Self, WorkfrontError> {
        let mut parameters = Self::default();
        parameters.add(form_urlencoded::parse(query.as_bytes()).into_owned())?;
        Ok(parameters)
    }

    /// Adds the parameters of a body.
    ///
    /// # Errors
    /// [`WorkfrontError`] if a name has two values, or if the JSON cannot be read.
    pub fn with_body(mut self, headers: &HeaderMap, body: &[u8]) -> Result<Self, WorkfrontError> {
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
        let is_json = content_type.is_some_and(|content_type| content_type.starts_with(b"application/json"));
        if body.is_empty() || !is_json {
            self.add(form_urlencoded::parse(body).into_owned())?;
        } else {
            let JsonMembers(members) = serde_json::from_slice(body).map_err(|_| WorkfrontError::NO_JSON_OBJECT)?;
            self.add(members.into_iter().filter_map(|(name, value)| Some((name, text_of(value)?))))?;
        }
        Ok(self)
    }

    fn add(&mut self, pairs: impl Iterator<Item = (String, String)>) -> Result<(), WorkfrontError> {
        for (name, value) in pairs.filter(|(name, _)| NAMES.contains(&name.as_str())) {
            if self.0.get(&name).is_some_and(|earlier| *earlier != value) {
                return Err(WorkfrontError::TWO_VALUES);
            }
            self.0.insert(name, value);
        }
        Ok(())
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
        let mut ids = ["id", "documentId", "folderId"].into_iter().filter_map(|name| self.text(name));
        let id = ids.next().and_then(ItemId::parse).ok_or(NO_SUCH_ITEM)?;
        if ids.all(|other| ItemId::parse(other).as_ref() == Some(&id)) {
            Ok(id)
        } else {
            Err(WorkfrontError::TWO_VALUES)
        }
    }
}

/// The members of a JSON object in their order. Unlike in a map, a repeated name does not replace the first one.
struct JsonMembers(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for JsonMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = JsonMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonMembers, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonMembers(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A JSON value as a parameter; `None` for `null`.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, content_type: &str, body: &str) -> WorkfrontParameters {
        try_read(query, content_type, body).unwrap_or_else(|error| panic!("{query} {body}: {error:?}"))
    }

    fn try_read(query: &str, content_type: &str, body: &str) -> Result<WorkfrontParameters, WorkfrontError> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        WorkfrontParameters::of_query(query)?.with_body(&headers, body.as_bytes())
    }

    #[test]
    fn query_form_and_json_give_the_same_parameters() {
        for (query, content_type, body) in [
            ("parentId=%2F&name=A%20b", "text/plain", ""),
            ("", "application/x-www-form-urlencoded", "parentId=/&name=A+b"),
            ("parentId=/", "application/json; charset=utf-8", "{\"name\": \"A b\", \"n\": 5}"),
            ("name=A+b&name=A%20b", "Application/JSON", "{\"name\": \"A b\", \"parentId\": \"/\", \"name\": \"A b\"}"),
        ] {
            let parameters = read(query, content_type, body);
            assert_eq!(parameters.text("name"), Some("A b"), "{query} {body}");
            assert_eq!(parameters.parent().unwrap(), ItemId::Root, "{query} {body}");
        }
        assert_eq!(read("max=x&offset=7", "application/json", "").number("max"), None);
        assert_eq!(read("", "application/json", "{\"max\": 5, \"offset\": null}").number("max"), Some(5));
        assert!(try_read("max=x&offset=7", "application/json", "[").is_err());
        assert_eq!(read("max=x&offset=7", "", "").number("offset"), Some(7));
        assert_eq!(read("offset=18446744073709551615&max=-1", "", "").number("offset"), None);
        assert!(read("parentId=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "", "").parent().is_err());
    }

    #[test]
    fn a_repeated_parameter_must_have_the_same_value_in_all_places() {
        let form = |name: &str, values: [&str; 2]| {
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair(name, values[0])
                .append_pair(name, values[1])
                .finish()
        };
        let json =
            |name: &str, values: [&str; 2]| format!("{{\"{name}\":\"{}\",\"{name}\":\"{}\"}}", values[0], values[1]);
        for name in NAMES {
            for values in [["a", "a"], ["a", "b"], ["", "b"], ["a", ""], ["a", "A"]] {
                let (twice, objects) = (form(name, values), json(name, values));
                let (one, other) = (form(name, [values[0]; 2]), form(name, [values[1]; 2]));
                let object = json(name, [values[1]; 2]);
                for (query, content_type, body) in [
                    (twice.as_str(), "", ""),
                    ("", "application/x-www-form-urlencoded", twice.as_str()),
                    ("", "application/json", &objects),
                    (&one, "application/x-www-form-urlencoded", &other),
                    (&one, "application/json", &object),
                ] {
                    let read = try_read(query, content_type, body);
                    assert_eq!(read.is_ok(), values[0] == values[1], "{query} {body}");
                }
            }
        }
        assert!(
            try_read("access_type=a&access_type=b", "application/json", "{\"x\":1,\"x\":2}").is_ok(),
            "no operation reads them"
        );
        assert!(try_read("", "application/json", "{\"id\":\"a\",\"id\":[\"b\"]}").is_err());
    }

    #[test]
    fn the_three_names_of_the_item_to_delete_must_agree() {
        let (one, other) = ("d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "f:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722");
        for (query, is_accepted) in [
            (format!("documentId={one}"), true),
            (format!("id={one}&documentId={}", one.to_uppercase().replace("D:", "d:")), true),
            (format!("folderId=&id={one}"), true),
            (format!("id={one}&folderId={other}"), false),
            (format!("documentId={one}&folderId=x"), false),
        ] {
            assert_eq!(read(&query, "", "").item_to_delete().is_ok(), is_accepted, "{query}");
        }
    }
}
