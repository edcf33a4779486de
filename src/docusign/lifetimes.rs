//! Reads the lifetimes in DocuSign's responses: `expires_in` and `Retry-After`. Pure.

use std::time::UNIX_EPOCH;

use serde_json::Value;

use crate::clock::UnixSeconds;

/// The `expires_in` to assume if the response has none, in seconds, as DocuSign documents it.
const DEFAULT_EXPIRES_IN: u64 = 3600;

/// The longest accepted lifetime in seconds: a day. DocuSign documents 3600 and 28,800.
const MAX_EXPIRES_IN_SECONDS: u64 = 86_400;

/// Accepts a number or a string with a number, because DocuSign sends both. Drops fractions.
#[must_use]
pub fn read_expires_in(value: &Value) -> u64 {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    let whole = text.split('.').next().and_then(|whole| whole.parse().ok());
    let seconds: u64 = whole.unwrap_or_else(|| {
        tracing::warn!(event = "expires_in_missing", "DocuSign sent no usable expires_in; assuming 3600 s");
        DEFAULT_EXPIRES_IN
    });
    seconds.min(MAX_EXPIRES_IN_SECONDS)
}

/// Seconds, or an HTTP date (RFC 9110 §10.2.3) in any of its three formats (§5.6.7).
#[must_use]
pub fn read_retry_after(value: &http::HeaderValue, now: UnixSeconds) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large means a very long wait.
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(UnixSeconds(date.as_secs()).seconds_left(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let now = UnixSeconds(784_111_777);
        for (text, expected) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun Nov  6 08:49:47 1994", Some(10)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("soon", None),
        ] {
            assert_eq!(read_retry_after(&HeaderValue::from_static(text), now), expected, "{text}");
        }
    }

    #[test]
    fn expires_in_is_read_as_number_or_string() {
        assert_eq!(read_expires_in(&Value::from(1800)), 1800);
        assert_eq!(read_expires_in(&Value::from(" 1800 ")), 1800);
        assert_eq!(read_expires_in(&Value::from(1800.5)), 1800);
        assert_eq!(read_expires_in(&Value::from(u64::MAX)), 86_400);
        for odd in [Value::Null, Value::from("soon"), Value::from(-1)] {
            assert_eq!(read_expires_in(&odd), 3600, "{odd}");
        }
    }
}
