//! Rules for schemas.

use serde_json::Value;

use super::super::{operations, response_schema};
use super::operation::visibility;
use super::text;

const FORMATS: [&str; 14] = [
    "int32",
    "int64",
    "float",
    "double",
    "byte",
    "binary",
    "date",
    "date-time",
    "password",
    "date-no-tz",
    "email",
    "html",
    "uri",
    "uuid",
];
/// Keywords that a schema must not use.
const FORBIDDEN: [&str; 4] = ["oneOf", "anyOf", "allOf", "not"];
/// The deepest nesting of a schema, with references resolved.
const MAX_DEPTH: usize = 8;

/// The violations in definitions and responses.
pub fn violations(definition: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, schema) in definition["definitions"].as_object().unwrap() {
        problems.extend(of_schema(definition, schema, name, 0));
        if schema["type"] != "object" {
            problems.push(format!("{name}: a definition must be an object"));
        }
    }
    for (path, method, operation) in operations(definition) {
        let Some(schema) = response_schema(definition, operation) else { continue };
        if schema["format"] != "binary" && schema["type"] != "object" {
            problems.push(format!("{method} {path}: a response must be an object or a file"));
        }
    }
    problems
}

/// The violations in a body, which is a file or an object.
pub fn of_body(definition: &Value, schema: &Value, place: &str) -> Vec<String> {
    match schema["format"].as_str() {
        Some("binary") if schema["type"] == "string" => text::of_value(schema, place),
        _ => of_schema(definition, schema, place, 0),
    }
}

/// The violations in a parameter other than the body.
pub fn of_plain(parameter: &Value, place: &str) -> Vec<String> {
    let mut problems = of_default(parameter, place);
    if !["string", "integer", "boolean"].iter().any(|kind| parameter["type"] == *kind) {
        problems.push(format!("{place}: type"));
    }
    problems.extend(of_format(parameter, place));
    problems
}

fn of_schema(definition: &Value, schema: &Value, place: &str, depth: usize) -> Vec<String> {
    if depth > MAX_DEPTH {
        return vec![format!("{place}: too deep, or a loop")];
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return of_reference(definition, schema, reference, place, depth);
    }
    let mut problems = of_default(schema, place);
    problems.extend(of_format(schema, place));
    problems.extend(visibility(schema, place));
    let members = schema.as_object();
    if let Some(word) = FORBIDDEN.iter().find(|word| members.is_some_and(|members| members.contains_key(**word))) {
        problems.push(format!("{place}: {word}"));
    }
    match schema["type"].as_str() {
        Some("object") => problems.extend(of_object(definition, schema, place, depth)),
        Some("array") if schema["items"].is_object() => {
            problems.extend(of_schema(definition, &schema["items"], &format!("{place}[]"), depth + 1));
        }
        Some("array") => problems.push(format!("{place}: an array must have items")),
        Some("string" | "integer" | "number" | "boolean") if schema["format"] != "binary" => {}
        _ => problems.push(format!("{place}: type")),
    }
    problems
}

fn of_reference(definition: &Value, schema: &Value, reference: &str, place: &str, depth: usize) -> Vec<String> {
    let target = reference.strip_prefix("#/definitions/").and_then(|name| definition["definitions"].get(name));
    let alone = schema.as_object().is_some_and(|members| members.len() == 1);
    match target {
        Some(target) if alone => of_schema(definition, target, place, depth + 1),
        _ => vec![format!("{place}: must be only a $ref to a definition")],
    }
}

fn of_object(definition: &Value, schema: &Value, place: &str, depth: usize) -> Vec<String> {
    let mut problems = Vec::new();
    let properties = schema["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        let place = format!("{place}.{name}");
        problems.extend(of_schema(definition, property, &place, depth + 1));
        if property.get("$ref").is_none() {
            problems.extend(text::of_value(property, &place));
        }
    }
    let known = |name: &Value| properties.is_some_and(|all| all.contains_key(name.as_str().unwrap_or_default()));
    if schema
        .get("required")
        .is_some_and(|names| names.as_array().is_none_or(|names| names.is_empty() || !names.iter().all(known)))
    {
        problems.push(format!("{place}: required must list at least one property"));
    }
    if properties.is_none() && schema.get("additionalProperties").is_none() && !place.contains('*') {
        problems.push(format!("{place}: an object without properties"));
    }
    if let Some(any) = schema.get("additionalProperties").filter(|any| any.get("additionalProperties").is_some()) {
        problems.extend(of_schema(definition, any, &format!("{place}.*"), depth + 1));
    }
    problems
}

fn of_default(value: &Value, place: &str) -> Vec<String> {
    let Some(default) = value.get("default") else { return Vec::new() };
    let fits = match value["type"].as_str() {
        Some("string") => default.is_string(),
        Some("integer") => default.is_i64(),
        Some("boolean") => default.is_boolean(),
        _ => false,
    };
    let listed = value["enum"].as_array().is_none_or(|values| values.contains(default));
    if fits && listed { Vec::new() } else { vec![format!("{place}: default has another type")] }
}

fn of_format(value: &Value, place: &str) -> Vec<String> {
    let known = value["format"].as_str().is_some_and(|format| FORMATS.contains(&format));
    if value.get("format").is_some() && !known { vec![format!("{place}: format")] } else { Vec::new() }
}
