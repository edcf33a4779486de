//! Operations and their parameters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{operations, parameters};
use super::{shapes, text};

const VISIBILITIES: [&str; 3] = ["important", "advanced", "internal"];
const MIME: [&str; 4] = ["application/json", "application/octet-stream", "application/pdf", "text/plain"];
/// Header parameters that the platform keeps for itself.
const RESERVED: [&str; 5] = ["authorization", "accept", "content-type", "content-length", "host"];

/// What breaks a rule.
pub fn violations(definition: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(definition) {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        let pascal = id.starts_with(|c: char| c.is_ascii_uppercase()) && id.chars().all(|c| c.is_ascii_alphanumeric());
        if !pascal || id.len() > 64 {
            told.push(format!("{place}: operationId in PascalCase"));
        }
        if !seen.insert(id.to_lowercase()) {
            told.push(format!("{place}: {id} twice"));
        }
        told.extend(text::of_operation(operation, &place));
        told.extend(visibility(operation, &place));
        told.extend(responses(operation, &place));
        told.extend(mime(definition, operation, &place));
        told.extend(all_parameters(definition, path, method, operation));
        if operation.get("x-ms-pageable").is_some() || operation.get("x-ms-trigger").is_some() {
            told.push(format!("{place}: CLM can be neither paged nor polled in the platform's way"));
        }
    }
    told
}

pub fn visibility(value: &Value, place: &str) -> Vec<String> {
    let known = value["x-ms-visibility"].as_str().is_some_and(|word| VISIBILITIES.contains(&word));
    let bad = value.get("x-ms-visibility").is_some() && !known;
    if bad { vec![format!("{place}: visibility")] } else { Vec::new() }
}

/// One response with a schema, and it is the 200 or the 201; `default` has none.
fn responses(operation: &Value, place: &str) -> Vec<String> {
    let responses = operation["responses"].as_object().unwrap();
    let mut told = Vec::new();
    if !responses.keys().any(|status| status.starts_with('2')) {
        told.push(format!("{place}: no response of success"));
    }
    let with_schema: Vec<_> = responses.iter().filter(|(_, response)| response.get("schema").is_some()).collect();
    if with_schema.len() != 1 || !["200", "201"].contains(&with_schema[0].0.as_str()) {
        told.push(format!("{place}: one schema, on the 200 or the 201"));
    }
    for (status, response) in responses {
        let described = response["description"].as_str().is_some_and(|text| text.ends_with('.'));
        if !described || response["schema"].as_object().is_some_and(serde_json::Map::is_empty) {
            told.push(format!("{place}: the response {status} is empty"));
        }
    }
    told
}

fn mime(definition: &Value, operation: &Value, place: &str) -> Vec<String> {
    let list = |name: &str| operation.get(name).unwrap_or(&definition[name]).as_array().cloned().unwrap_or_default();
    let known = |kinds: &[Value]| kinds.len() == 1 && kinds.iter().all(|kind| MIME.iter().any(|known| kind == known));
    let both = [list("consumes"), list("produces")];
    if both.iter().all(|kinds| known(kinds)) { Vec::new() } else { vec![format!("{place}: MIME types")] }
}

fn all_parameters(definition: &Value, path: &str, method: &str, operation: &Value) -> Vec<String> {
    let place = format!("{method} {path}");
    let all = parameters(definition, operation);
    let mut told: Vec<String> = all.iter().flat_map(|parameter| one(definition, parameter, &place)).collect();
    let named = |kind: &str| -> BTreeSet<&str> {
        all.iter().filter(|p| p["in"] == kind).filter_map(|p| p["name"].as_str()).collect()
    };
    let templates: BTreeSet<&str> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    if named("path") != templates {
        told.push(format!("{place}: path parameters are not those of the path template"));
    }
    if named("body").len() > 1 || !named("formData").is_empty() || (method == "get" && !named("body").is_empty()) {
        told.push(format!("{place}: one body at most, and none on a GET"));
    }
    told
}

fn one(definition: &Value, parameter: &Value, place: &str) -> Vec<String> {
    let name = parameter["name"].as_str().unwrap_or_default();
    let place = format!("{place} {name}");
    let is_path = parameter["in"] == "path";
    let mut told = visibility(parameter, &place);
    if is_path && parameter["required"] != true {
        told.push(format!("{place}: required"));
    }
    let encoding = parameter.get("x-ms-url-encoding");
    if encoding.map(|encoding| encoding == "single") != is_path.then_some(true) {
        told.push(format!("{place}: url-encoding single on path parameters, and on no others"));
    }
    let reserved = parameter["in"] == "header" && RESERVED.contains(&name.to_lowercase().as_str());
    if reserved || name == "connectionId" {
        told.push(format!("{place}: reserved"));
    }
    if parameter["x-ms-visibility"] == "internal" && parameter["required"] == true && parameter.get("default").is_none()
    {
        told.push(format!("{place}: internal and required without a default"));
    }
    if parameter["in"] == "body" {
        told.extend(shapes::of_body(definition, &parameter["schema"], &place));
    } else {
        told.extend(text::of_value(parameter, &place));
        told.extend(shapes::of_plain(parameter, &place));
    }
    told
}
