//! Parameters of an operation: in the query, and for POST also in the body, as form or JSON. The reading is pure.
//!
//! The vendor's tables put them into the query, one of its examples into a body.

use std::collections::HashMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use url::form_urlencoded;

use crate::docusign::api::calls::CallBody;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::ItemId;
use crate::web::body::Upload;

const BAD_ID: WorkfrontError = WorkfrontError::Missing("there is no item of this id");

/// The parameters by name, the first of each.
#[derive(Debug, Default)]
pub struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Those of a query.
    pub fn of_query(query: &str) -> Self {
        let mut parameters = Self::default();
        parameters.add(form_urlencoded::parse(query.as_bytes()).into_owned());
        parameters
    }

    /// These and those of a body; the query comes first.
    ///
    /// # Errors
    /// [`WorkfrontError`] for a body that does not end.
    pub async fn with_body(mut self, headers: &HeaderMap, upload: Upload) -> Result<Self, WorkfrontError> {
        let CallBody::Whole(body) = CallBody::of(upload).await? else {
            return Err(WorkfrontError::Failed("the body is larger than any that belongs here"));
        };
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/json") {
            let object = serde_json::from_slice::<HashMap<String, Value>>(&body).unwrap_or_default();
            self.add(object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
        } else {
            self.add(form_urlencoded::parse(&body).into_owned());
        }
        Ok(self)
    }

    fn add(&mut self, pairs: impl Iterator<Item = (String, String)>) {
        for (name, value) in pairs {
            self.0.entry(name).or_insert(value);
        }
    }

    /// A parameter that is there and not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A whole number that CLM would understand too; anything else counts as absent.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        let number: i32 = self.text(name)?.parse().ok()?;
        usize::try_from(number).ok()
    }

    /// The item that `name` names.
    pub fn item(&self, name: &str) -> Result<ItemId, WorkfrontError> {
        self.text(name).and_then(ItemId::parse).ok_or(BAD_ID)
    }

    /// The folder that `parentId` names; the root if it is left out.
    pub fn parent(&self) -> Result<ItemId, WorkfrontError> {
        let parent = self.text("parentId").map_or(Some(ItemId::Root), ItemId::parse);
        parent.filter(ItemId::is_folder).ok_or(WorkfrontError::Missing("there is no folder of this id"))
    }

    /// What is to be deleted: pages differ in what they call it.
    pub fn item_to_delete(&self) -> Result<ItemId, WorkfrontError> {
        let named = ["id", "documentId", "folderId"].into_iter().find_map(|name| self.text(name));
        named.and_then(ItemId::parse).ok_or(BAD_ID)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn read(query: &str, content_type: &str, body: &'static str) -> Parameters {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        let upload = Upload { chunks: Box::pin(stream::iter([Ok(body.into())])), length: None };
        Parameters::of_query(query).with_body(&headers, upload).await.unwrap()
    }

    #[tokio::test]
    async fn query_form_and_json_are_read_alike() {
        for (query, content_type, body) in [
            ("parentId=%2F&name=A%20b", "text/plain", ""),
            ("", "application/x-www-form-urlencoded", "parentId=/&name=A+b"),
            ("parentId=/", "application/json; charset=utf-8", "{\"name\": \"A b\", \"n\": 5}"),
            ("name=A+b&name=other", "application/json", "{\"name\": \"other\", \"parentId\": \"/\"}"),
        ] {
            let parameters = read(query, content_type, body).await;
            assert_eq!(parameters.text("name"), Some("A b"), "{query} {body}");
            assert_eq!(parameters.parent().unwrap(), ItemId::Root, "{query} {body}");
        }
        assert_eq!(read("max=x&offset=7", "application/json", "[").await.number("max"), None);
        assert_eq!(read("max=x&offset=7", "", "").await.number("offset"), Some(7));
        assert_eq!(read("offset=18446744073709551615&max=-1", "", "").await.number("offset"), None);
        assert!(read("parentId=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "", "").await.parent().is_err());
    }
}
