//! `tests/repository/infra/promises.txt`: what the templates and a few other files promise, one promise a line.

use serde_json::Value;

const PROMISES: &str = include_str!("../../repository/infra/promises.txt");

/// The promises of a kind, such as `always`.
pub fn promises(kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    let start = format!("{kind}: ");
    PROMISES.lines().filter_map(move |line| line.strip_prefix(&start))
}

/// Whether a resource or a file has a property with this value: `property/inside "value"`.
#[must_use]
pub fn has(what: &Value, promise: &str) -> bool {
    let (property, value) = promise.split_once(' ').unwrap();
    let found = ["/properties/", "/"].iter().find_map(|start| what.pointer(&format!("{start}{property}")));
    found.unwrap_or(&Value::Null) == &serde_json::from_str::<Value>(value).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployments::options;

    #[test]
    fn every_promise_has_a_kind_that_a_test_reads() {
        let kinds = ["always", "everything", "file", "name limit", "output", "platform setting", "role", "writer"];
        for line in PROMISES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let kind = line.split(": ").next().unwrap().trim_start_matches("role of ");
            assert!(kinds.contains(&kind) || options().any(|(option, _)| option == kind), "{line}");
        }
        assert!(kinds.iter().all(|kind| promises(kind).next().is_some()));
    }
}
