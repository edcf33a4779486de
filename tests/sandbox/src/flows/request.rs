//! A request that is being built, and its answer as the platform shows it to a flow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::{Answer, HttpClient};

/// A request without its host.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub method: String,
    pub path: String,
    pub path_values: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Draft {
    /// Binary contents are `{"$content-type": …, "$content": <base64>}`, texts are sent as they are, anything else is JSON.
    pub fn set_body(&mut self, value: &Value) {
        let (content_type, bytes) = match (value["$content"].as_str(), value) {
            (Some(content), _) => {
                (value["$content-type"].as_str().unwrap_or_default(), STANDARD.decode(content).expect("base64"))
            }
            (None, Value::String(text)) => ("text/plain", text.as_bytes().to_vec()),
            (None, other) => ("application/json", other.to_string().into_bytes()),
        };
        self.headers.retain(|(name, _)| name != "content-type");
        self.headers.push(("content-type".to_owned(), content_type.to_owned()));
        self.body = Bytes::from(bytes);
    }

    /// Replaces a header.
    pub fn set_header(&mut self, name: &str, value: &str) {
        let name = name.to_lowercase();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
    }

    /// Sends it to a host.
    pub async fn send(&self, http: &HttpClient, base: &str) -> Answer {
        let mut url = url::Url::parse(&format!("{base}{}", self.path)).expect("a URL");
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = Request::builder().method(self.method.as_str()).uri(url.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body.clone())).expect("a request");
        http.send(request).await.unwrap_or_else(|| Answer::missing(url.as_str()))
    }
}

/// An answer as the outputs of an action.
pub(super) fn outputs(answer: &Answer) -> Value {
    let headers: serde_json::Map<String, Value> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    json!({"statusCode": answer.status.as_u16(), "headers": headers, "body": body(answer)})
}

fn body(answer: &Answer) -> Value {
    let content_type = answer.header("content-type");
    match serde_json::from_slice(&answer.body) {
        _ if answer.body.is_empty() => Value::Null,
        Ok(json) if content_type.starts_with("application/json") => json,
        _ if content_type.starts_with("text/") => json!(answer.text()),
        _ => json!({"$content-type": content_type, "$content": STANDARD.encode(&answer.body)}),
    }
}
