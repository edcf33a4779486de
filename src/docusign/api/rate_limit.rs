//! When calls may resume after a rate limit, from the headers of an answer. Pure.

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::clock::UnixSeconds;
use crate::memory::failures::MAX_THROTTLED_SECONDS;
use crate::web::retry_after;

/// When the hourly limit ends: an HTTP date from CLM, seconds since 1970 from eSignature. Sent with every answer.
const RESET: &str = "x-ratelimit-reset";

/// How many calls the hourly limit still allows. If there are some, another limit is meant.
const REMAINING: &str = "x-ratelimit-remaining";

/// Seconds to wait, if the answer says so. Times are compared with its own `Date`, so that a wrong clock does not matter.
#[must_use]
pub fn wait(headers: &HeaderMap) -> Option<u64> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let now = text(DATE.as_str()).and_then(retry_after::read_date);
    let asked = text(RETRY_AFTER.as_str()).and_then(|text| match now {
        Some(now) => retry_after::read(text, now),
        None => retry_after::read_seconds(text),
    });
    let is_hourly = text(REMAINING).is_none_or(|remaining| remaining.trim() == "0");
    let reset = text(RESET).filter(|_| is_hourly).and_then(|text| {
        let end = retry_after::read_seconds(text).map(UnixSeconds).or_else(|| retry_after::read_date(text))?;
        Some(end.seconds_left(now?))
    });
    asked.or(reset).map(|seconds| seconds.min(MAX_THROTTLED_SECONDS))
}
