//! An app in this process with a CLM, called as Workfront calls it.

use http::Method;
use sandbox::client::Answer;
use sandbox::{INTEGRATION_EMAIL, digest};
use serde_json::{Value, json};

use crate::triggers::flow::{Stage, client};

pub const KEY: &str = "workfront";

/// The client of Workfront.
pub fn workfront() -> Value {
    let mut workfront = client();
    (workfront["client_id"], workfront["profile"]) = (json!("workfront"), json!("workfront"));
    workfront["api_key_sha256"] = json!([digest(KEY)]);
    workfront
}

pub struct Documents(pub Stage);

impl Documents {
    pub async fn start() -> Self {
        Self(Stage::with(&json!([workfront()])).await)
    }

    /// A call with these parameters in its query.
    pub async fn call(&self, method: Method, operation: &str, parameters: &[(&str, &str)]) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.send(method, &format!("{operation}?{query}"), &[], "").await
    }

    pub async fn send(&self, method: Method, target: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let url = format!("{}/workfront/v1/{target}", self.0.app.issuer);
        let headers = [&[("apikey", KEY), ("username", INTEGRATION_EMAIL)], more].concat();
        self.0.app.http.call(method, &url, &headers, body).await
    }

    pub async fn get(&self, operation: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call(Method::GET, operation, parameters).await
    }

    /// Announces a document and returns its id.
    pub async fn announce(&self, folder: &str, name: &str, document: &str) -> String {
        let parameters =
            [("parentId", folder), ("filename", name), ("documentId", document), ("documentVersionId", "1")];
        let answer = self.call(Method::POST, "uploadInit", &parameters).await;
        answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    /// Sends the bytes of an announced document.
    pub async fn put(&self, id: &str, content: &str) -> Answer {
        self.send(Method::PUT, &format!("upload?id={id}"), &[("content-type", "application/octet-stream")], content)
            .await
    }
}

/// The titles of a list.
pub fn titles(answer: &Answer) -> Vec<String> {
    let items = answer.json().as_array().cloned().unwrap_or_else(|| panic!("{}", answer.text()));
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}
