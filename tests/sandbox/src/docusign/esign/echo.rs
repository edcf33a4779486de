//! Returns every other call to the caller.

use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::super::Docusign;
use crate::bulk::Digest;
use crate::server::{Cut, Reply, json as json_reply};

impl Docusign {
    /// Returns the received request, with the validity of the token instead of the token. The status is 401 if it is invalid.
    pub(super) async fn echo(&self, request: Request<Incoming>) -> Reply {
        let (head, mut body) = request.into_parts();
        let mut digest = Digest::default();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|_| Cut)?.into_data() {
                digest.update(&bytes);
            }
        }
        let content = digest.finish();
        let user = self.esign_caller(&head.headers);
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let others = head.headers.iter().filter(|(name, _)| *name != "authorization");
        let headers: Vec<Value> = others.map(|(name, value)| json!([name.as_str(), text(value)])).collect();
        let mut body = json!({
            "method": head.method.as_str(), "path": head.uri.path(), "query": head.uri.query(), "headers": headers,
            "bearer": {"present": head.headers.contains_key("authorization"), "good": user.is_some(), "user": user},
            "body": {"length": content.length, "sha256": content.sha256},
        });
        if user.is_none() {
            body["errorCode"] = json!("USER_AUTHENTICATION_FAILED");
            body["message"] = json!("One or both of Username and Password are invalid. Invalid access token");
        }
        Ok(json_reply(if user.is_some() { 200 } else { 401 }, &body))
    }
}
