//! A log line, in short.

use serde_json::Value;

/// Members that have their own place, or that say little here.
const LEFT_OUT: [&str; 10] = [
    "timestamp",
    "level",
    "target",
    "event",
    "message",
    "trace_id",
    "invocation_id",
    "request_id",
    "grant_id",
    "token_sha256",
];

/// The message of every answered request; its event says the same.
const ANSWERED: &str = "request answered";

/// Time, level, event, message and the other members. A line that is not JSON stays as it is.
pub fn short(line: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(line) else { return line.to_owned() };
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let time = text("timestamp").get(11..19).unwrap_or_default();
    let others = members.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    let main = [time, text("level"), text("event"), text("message")];
    let main = main.into_iter().filter(|part| !part.is_empty() && *part != ANSWERED);
    main.chain(others.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_line_starts_with_time_level_and_event() {
        let line = r#"{"timestamp":"2026-01-02T03:04:05.6Z","level":"INFO","target":"t","event":"answered","route":"/healthz","status":200}"#;
        assert_eq!(short(line), "03:04:05 INFO answered route=/healthz status=200");
        assert_eq!(short("not JSON"), "not JSON");
    }
}
