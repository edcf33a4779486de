//! Reads a request to CLM.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::clm::error::ClmRefusal;
use crate::docusign::User;
use crate::server;
use crate::wire::parameter;

/// A complete request.
#[derive(Debug)]
pub struct Call {
    /// `object`, `upload`, `download`, or `auth` for account discovery.
    pub host: String,
    /// The method.
    pub method: Method,
    /// The path after the account, decoded.
    pub path: Vec<String>,
    /// The body; empty at the upload host, where it is read as a stream.
    pub body: Bytes,
    /// The caller.
    pub user: User,
    /// Whether ties in a sorted list change places.
    pub shuffles_ties: bool,
    query: String,
    headers: HeaderMap,
}

impl Call {
    /// Reads a request, except for the body of an upload; `None` without a host in the path.
    pub async fn read(request: Request<Incoming>) -> Option<(Self, Option<Incoming>)> {
        let (head, body) = request.into_parts();
        let mut path = head.uri.path().trim_matches('/').split('/').map(decode).peekable();
        // The real account discovery has its own server; here it is at the root.
        let host = if path.peek().is_some_and(|first| first == "api") { Some("auth".to_owned()) } else { path.next() };
        let host = host.filter(|host| ["object", "upload", "download", "auth"].contains(&host.as_str()))?;
        let (body, stream) =
            if host == "upload" { (Bytes::new(), Some(body)) } else { (server::read(body).await, None) };
        let call = Self {
            host,
            path: path.collect(),
            method: head.method,
            body,
            user: User { sub: String::new(), name: String::new(), email: String::new(), active: false },
            shuffles_ties: false,
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
        };
        Some((call, stream))
    }

    /// Removes `v2/{accountId}` from the path and returns the account.
    pub fn take_account(&mut self) -> Option<String> {
        let fits = self.path.len() > 2 && self.path[0] == "v2";
        fits.then(|| self.path.drain(..2).nth(1))?
    }

    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// A query parameter, if it is not empty.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name).filter(|value| !value.is_empty())
    }

    /// Whether to expand `member`. A name in lower case is ignored, as one client reported.
    pub fn expands(&self, member: &str) -> bool {
        self.parameter("expand").is_some_and(|list| list.split(',').any(|name| name.trim() == member))
    }

    /// The JSON object in the body; it may have only these members.
    pub fn object(&self, members: &[&str]) -> Result<Map<String, Value>, ClmRefusal> {
        let is_json = self.header("content-type").starts_with("application/json");
        let object = serde_json::from_slice::<Value>(&self.body).ok().filter(|_| is_json);
        let object = object.and_then(|value| value.as_object().cloned()).ok_or(ClmRefusal::new(400, 100))?;
        match object.keys().find(|name| !members.contains(&name.as_str())) {
            Some(_) => Err(ClmRefusal::new(400, 100)),
            None => Ok(object),
        }
    }
}

/// A text member, if present.
pub fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, ClmRefusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ClmRefusal::new(400, 100)),
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
