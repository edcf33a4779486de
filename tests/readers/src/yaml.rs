//! YAML files, and the shell scripts in workflows.

use saphyr::{LoadableYamlNode as _, YamlOwned};
use serde_json::Value;

/// YAML as JSON.
#[must_use]
pub fn parse(text: &str) -> Value {
    fn value(node: &YamlOwned) -> Value {
        if let Some(mapping) = node.as_mapping() {
            mapping.iter().map(|(key, node)| (key.as_str().unwrap().to_owned(), value(node))).collect()
        } else if let Some(sequence) = node.as_sequence() {
            sequence.iter().map(value).collect()
        } else {
            node.as_bool().map(Value::from).or(node.as_str().map(Value::from)).unwrap_or_default()
        }
    }
    value(&YamlOwned::load_from_str(text).unwrap()[0])
}

/// The shell scripts of the steps in a workflow or a job.
#[must_use]
pub fn scripts(part: &Value) -> String {
    match part {
        Value::Object(parts) => parts
            .iter()
            .map(|(key, part)| match part.as_str() {
                Some(script) if key == "run" => format!("{script}\n"),
                _ => scripts(part),
            })
            .collect(),
        Value::Array(parts) => parts.iter().map(scripts).collect(),
        _ => String::new(),
    }
}
