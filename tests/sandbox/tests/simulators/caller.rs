//! A caller of the simulated APIs with an access token.

use http::{Method, Request};
use sandbox::Sandbox;
use sandbox::bulk::Source;
use sandbox::client::{Answer, Download, HttpClient};
use serde_json::Value;

pub const SCOPE: &str = "signature spring_read spring_write";

pub struct Caller {
    pub http: HttpClient,
    pub bearer: String,
}

impl Caller {
    pub fn new(sandbox: &Sandbox, user: &str) -> Self {
        let bearer = format!("Bearer {}", sandbox.docusign.access_token_for(user, SCOPE));
        Self { http: HttpClient::default(), bearer }
    }

    pub async fn call(&self, method: Method, url: &str, body: &Value) -> Answer {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.http.call(method, url, &headers, &body).await
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, &Value::Null).await
    }

    pub async fn send(&self, method: Method, url: &str, more: &[(&str, &str)], source: Source) -> Option<Download> {
        let mut request = Request::builder().method(method).uri(url).header("authorization", &self.bearer);
        if let Some(length) = source.known_length() {
            request = request.header("content-length", length);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.http.stream(request.body(source.body(())).ok()?).await
    }
}
