//! Schemas.

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
/// What a schema may not be made of.
const FORBIDDEN: [&str; 4] = ["oneOf", "anyOf", "allOf", "not"];
/// How deep a schema may go, references followed.
const DEEPEST: usize = 8;

/// What breaks a rule in definitions and answers.
pub fn violations(definition: &Value) -> Vec<String> {
    let mut told = Vec::new();
    for (name, schema) in definition["definitions"].as_object().unwrap() {
        told.extend(of_schema(definition, schema, name, 0));
        if schema["type"] != "object" {
            told.push(format!("{name}: a definition is an object"));
        }
    }
    for (path, method, operation) in operations(definition) {
        let Some(schema) = response_schema(definition, operation) else { continue };
        if schema["format"] != "binary" && schema["type"] != "object" {
            told.push(format!("{method} {path}: an answer is an object or a file"));
        }
    }
    told
}

/// A body: the bytes of a file, or an object.
pub fn of_body(definition: &Value, schema: &Value, place: &str) -> Vec<String> {
    match schema["format"].as_str() {
        Some("binary") if schema["type"] == "string" => text::of_value(schema, place),
        _ => of_schema(definition, schema, place, 0),
    }
}

/// A parameter that is no body.
pub fn of_plain(parameter: &Value, place: &str) -> Vec<String> {
    let mut told = of_default(parameter, place);
    if !["string", "integer", "boolean"].iter().any(|kind| parameter["type"] == *kind) {
        told.push(format!("{place}: type"));
    }
    told.extend(of_format(parameter, place));
    told
}

fn of_schema(definition: &Value, schema: &Value, place: &str, depth: usize) -> Vec<String> {
    if depth > DEEPEST {
        return vec![format!("{place}: too deep, or a loop")];
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return of_reference(definition, schema, reference, place, depth);
    }
    let mut told = of_default(schema, place);
    told.extend(of_format(schema, place));
    told.extend(visibility(schema, place));
    let members = schema.as_object();
    if let Some(word) = FORBIDDEN.iter().find(|word| members.is_some_and(|members| members.contains_key(**word))) {
        told.push(format!("{place}: {word}"));
    }
    match schema["type"].as_str() {
        Some("object") => told.extend(of_object(definition, schema, place, depth)),
        Some("array") if schema["items"].is_object() => {
            told.extend(of_schema(definition, &schema["items"], &format!("{place}[]"), depth + 1));
        }
        Some("array") => told.push(format!("{place}: an array has items")),
        Some("string" | "integer" | "number" | "boolean") if schema["format"] != "binary" => {}
        _ => told.push(format!("{place}: type")),
    }
    told
}

fn of_reference(definition: &Value, schema: &Value, reference: &str, place: &str, depth: usize) -> Vec<String> {
    let target = reference.strip_prefix("#/definitions/").and_then(|name| definition["definitions"].get(name));
    let alone = schema.as_object().is_some_and(|members| members.len() == 1);
    match target {
        Some(target) if alone => of_schema(definition, target, place, depth + 1),
        _ => vec![format!("{place}: $ref to a definition, and nothing beside it")],
    }
}

fn of_object(definition: &Value, schema: &Value, place: &str, depth: usize) -> Vec<String> {
    let mut told = Vec::new();
    let properties = schema["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        let place = format!("{place}.{name}");
        told.extend(of_schema(definition, property, &place, depth + 1));
        if property.get("$ref").is_none() {
            told.extend(text::of_value(property, &place));
        }
    }
    let known = |name: &Value| properties.is_some_and(|all| all.contains_key(name.as_str().unwrap_or_default()));
    if schema
        .get("required")
        .is_some_and(|names| names.as_array().is_none_or(|names| names.is_empty() || !names.iter().all(known)))
    {
        told.push(format!("{place}: required names properties, one at least"));
    }
    if properties.is_none() && schema.get("additionalProperties").is_none() && !place.contains('*') {
        told.push(format!("{place}: an object without properties"));
    }
    if let Some(any) = schema.get("additionalProperties").filter(|any| any.get("additionalProperties").is_some()) {
        told.extend(of_schema(definition, any, &format!("{place}.*"), depth + 1));
    }
    told
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
    if fits && listed { Vec::new() } else { vec![format!("{place}: default of another type")] }
}

fn of_format(value: &Value, place: &str) -> Vec<String> {
    let known = value["format"].as_str().is_some_and(|format| FORMATS.contains(&format));
    if value.get("format").is_some() && !known { vec![format!("{place}: format")] } else { Vec::new() }
}
