//! Complete answers: JSON, plain text and redirects. No cache keeps them.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// An HTTP answer, complete in memory.
pub type Response = http::Response<Bytes>;

/// A JSON answer that no cache keeps.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // The bodies are strings and numbers, which always serialize.
    json_text(status, serde_json::to_vec(body).unwrap_or_default())
}

/// An answer with this JSON, which no cache keeps.
#[must_use]
pub fn json_text(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A plain text that no cache keeps.
#[must_use]
pub fn text(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 302 to `url`, with no caching and no `Referer` (RFC 9700 §4.2.4).
#[must_use]
pub fn redirect(url: &str) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    // Registered redirect URIs are printable ASCII, and everything else is percent-encoded, so this cannot fail.
    headers.insert(LOCATION, HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
