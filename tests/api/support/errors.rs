//! Checks that apply to the errors of all routes.

use sandbox::client::Answer;
use serde_json::Value;

/// Checks a JSON error: with the code `error` (RFC 6749 §5.2, RFC 6750 §3), or Workfront's format with `error` in its message.
#[track_caller]
pub fn assert_error(answer: &Answer, status: u16, error: &str) -> Value {
    let json = answer.json();
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let found = json["error"].as_str().unwrap_or_default();
    if json["status"] == "error" {
        assert!(found.contains(error) && json.as_object().unwrap().len() == 2, "{json}");
    } else {
        assert_eq!(found, error, "{json}");
        let description = json["error_description"].as_str().unwrap_or_default();
        let is_allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(!description.is_empty() && description.bytes().all(is_allowed), "RFC 6749 appendix A.8: {description}");
        let challenged = status == 401 || error == "insufficient_scope";
        assert_eq!(
            !answer.header("www-authenticate").is_empty(),
            challenged,
            "RFC 9110 section 11.6.1, RFC 6750 section 3"
        );
        assert_eq!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), status == 503);
    }
    json
}

/// Checks an outage: 503 with `Retry-After` and a JSON body that is not a bad grant.
#[track_caller]
pub fn assert_outage(answer: &Answer) {
    assert_error(answer, 503, "temporarily_unavailable");
}
