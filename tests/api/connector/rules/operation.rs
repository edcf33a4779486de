//! Rules for operations and their parameters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{operations, parameters};
use super::{shapes, text};

const VISIBILITIES: [&str; 3] = ["important", "advanced", "internal"];
const MIME: [&str; 4] = ["application/json", "application/octet-stream", "application/pdf", "text/plain"];
/// Header parameters that the platform reserves.
const RESERVED: [&str; 5] = ["authorization", "accept", "content-type", "content-length", "host"];

/// The violations.
pub fn violations(definition: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(definition) {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        let pascal = id.starts_with(|c: char| c.is_ascii_uppercase()) && id.chars().all(|c| c.is_ascii_alphanumeric());
        if !pascal || id.len() > 64 {
            problems.push(format!("{place}: operationId in PascalCase"));
        }
        if !seen.insert(id.to_lowercase()) {
            problems.push(format!("{place}: {id} twice"));
        }
        problems.extend(text::of_operation(operation, &place));
        problems.extend(visibility(operation, &place));
        problems.extend(responses(operation, &place));
        problems.extend(mime(definition, operation, &place));
        problems.extend(all_parameters(definition, path, method, operation));
        if operation.get("x-ms-pageable").is_some() {
            problems.push(format!("{place}: DocuSign does not support the platform's paging"));
        }
    }
    problems
}

pub fn visibility(value: &Value, place: &str) -> Vec<String> {
    let known = value["x-ms-visibility"].as_str().is_some_and(|word| VISIBILITIES.contains(&word));
    let bad = value.get("x-ms-visibility").is_some() && !known;
    if bad { vec![format!("{place}: visibility")] } else { Vec::new() }
}

/// Checks that only the 200 or 201 response has a schema.
fn responses(operation: &Value, place: &str) -> Vec<String> {
    let responses = operation["responses"].as_object().unwrap();
    let mut problems = Vec::new();
    if !responses.keys().any(|status| status.starts_with('2')) {
        problems.push(format!("{place}: no success response"));
    }
    let with_schema: Vec<_> = responses.iter().filter(|(_, response)| response.get("schema").is_some()).collect();
    if with_schema.len() != 1 || !["200", "201"].contains(&with_schema[0].0.as_str()) {
        problems.push(format!("{place}: exactly one schema, on the 200 or the 201"));
    }
    for (status, response) in responses {
        let described = response["description"].as_str().is_some_and(|text| text.ends_with('.'));
        if !described || response["schema"].as_object().is_some_and(serde_json::Map::is_empty) {
            problems.push(format!("{place}: the response {status} is empty"));
        }
    }
    problems
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
    let mut problems: Vec<String> = all.iter().flat_map(|parameter| one(definition, parameter, &place)).collect();
    let named = |kind: &str| -> BTreeSet<&str> {
        all.iter().filter(|p| p["in"] == kind).filter_map(|p| p["name"].as_str()).collect()
    };
    let templates: BTreeSet<&str> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    if named("path") != templates {
        problems.push(format!("{place}: the path parameters differ from the path template"));
    }
    if named("body").len() > 1 || !named("formData").is_empty() || (method == "get" && !named("body").is_empty()) {
        problems.push(format!("{place}: at most one body, and none on a GET"));
    }
    // The Functions host sends a request without a body again if the app ends while it handles it.
    let has_body = all.iter().any(|parameter| parameter["in"] == "body" && parameter["required"] == true);
    if method != "get" && !has_body {
        problems.push(format!("{place}: a required body, so that the host never repeats the action"));
    }
    problems
}

fn one(definition: &Value, parameter: &Value, place: &str) -> Vec<String> {
    let name = parameter["name"].as_str().unwrap_or_default();
    let place = format!("{place} {name}");
    let is_path = parameter["in"] == "path";
    let mut problems = visibility(parameter, &place);
    if is_path && parameter["required"] != true {
        problems.push(format!("{place}: required"));
    }
    let encoding = parameter.get("x-ms-url-encoding");
    if encoding.map(|encoding| encoding == "single") != is_path.then_some(true) {
        problems.push(format!("{place}: url-encoding must be single on path parameters only"));
    }
    let reserved = parameter["in"] == "header" && RESERVED.contains(&name.to_lowercase().as_str());
    if reserved || name == "connectionId" {
        problems.push(format!("{place}: reserved"));
    }
    if parameter["x-ms-visibility"] == "internal" && parameter["required"] == true && parameter.get("default").is_none()
    {
        problems.push(format!("{place}: internal and required without a default"));
    }
    if parameter["in"] == "body" {
        problems.extend(shapes::of_body(definition, &parameter["schema"], &place));
    } else {
        problems.extend(text::of_value(parameter, &place));
        problems.extend(shapes::of_plain(parameter, &place));
    }
    problems
}
