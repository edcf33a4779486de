//! YAML files.

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
