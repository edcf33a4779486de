//! Answers to polls, as Power Platform expects them. Pure.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};

use crate::web::response::{Response, json_text};
use crate::web::retry_after;

/// 200 with this JSON.
#[must_use]
pub fn found(json: Vec<u8>) -> Response {
    json_text(StatusCode::OK, json)
}

/// 202 without a body: nothing yet.
#[must_use]
pub fn nothing_yet() -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds where and when to poll next.
#[must_use]
pub fn with_next(mut response: Response, location: &str, seconds: u64) -> Response {
    let headers = response.headers_mut();
    retry_after::set(headers, seconds);
    // A sealed token and the public URL are printable ASCII.
    headers.extend(HeaderValue::from_str(location).ok().map(|location| (LOCATION, location)));
    response
}
