//! `Retry-After`, RFC 9110 §10.2.3. Pure.

use std::time::UNIX_EPOCH;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

use crate::clock::UnixSeconds;

/// Seconds after which a caller may try again, if nothing better is known.
pub const USUAL_WAIT: u64 = 5;

/// Seconds, or an HTTP date in any of its three formats (§5.6.7).
#[must_use]
pub fn read(text: &str, now: UnixSeconds) -> Option<u64> {
    read_seconds(text).or_else(|| Some(read_date(text)?.seconds_left(now)))
}

/// An HTTP date only.
#[must_use]
pub fn read_date(text: &str) -> Option<UnixSeconds> {
    let date = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(UnixSeconds(date.as_secs()))
}

/// Seconds only. A number that is too large means a very long wait.
#[must_use]
pub fn read_seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Asks the receiver to wait this many seconds.
pub fn set(headers: &mut HeaderMap, seconds: u64) {
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
}
