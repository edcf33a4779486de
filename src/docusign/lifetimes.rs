//! Reads `expires_in` in DocuSign's responses. Pure.

use serde_json::Value;

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

#[cfg(test)]
mod tests {
    use super::*;

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
