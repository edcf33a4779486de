//! What the Bicep templates declare.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Captures, Regex};
use serde_json::Value;

use crate::files::read;

/// The main template's declarations in lines that start with `keyword`: names and default values.
#[must_use]
pub fn declared(keyword: &str) -> BTreeMap<String, String> {
    let line = Regex::new(&format!(r"(?m)^{keyword} (\w+) [\w\[\]]+(?: = '?(.*?)'?)?$")).unwrap();
    let value = |found: &Captures<'_>| found.get(2).map_or("", |value| value.as_str()).to_owned();
    line.captures_iter(&read("infra/main.bicep")).map(|found| (found[1].to_owned(), value(&found))).collect()
}

/// Adds the parameters of every module of a template.
pub fn modules(template: &Value, found: &mut Vec<Value>) {
    for module in template["resources"].as_object().into_iter().flatten().map(|(_, resource)| resource) {
        if module["type"] == "Microsoft.Resources/deployments" {
            found.push(module["properties"]["parameters"].clone());
            modules(&module["properties"]["template"], found);
        }
    }
}

/// The fields of a type of a template or of a JSON schema: whether they are required, and the values that `key` lists.
#[must_use]
pub fn fields(
    object: &Value,
    is_required: impl Fn(&str, &Value) -> bool,
    key: &str,
) -> BTreeMap<String, (bool, BTreeSet<String>)> {
    let values = |field: &Value| {
        let values = [&field[key], &field["items"][key]].into_iter().filter_map(Value::as_array).flatten();
        values.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    };
    let fields = object["properties"].as_object().unwrap().iter();
    fields.map(|(name, field)| (name.clone(), (is_required(name, field), values(field)))).collect()
}
