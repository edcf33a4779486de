//! Rules for polling triggers, and for actions that wait.

use serde_json::{Value, json};

use super::super::{operations, parameters, resolve};

/// The violations.
pub fn violations(definition: &Value) -> Vec<String> {
    let all = operations(definition);
    let mut problems = Vec::new();
    for (path, method, operation) in &all {
        let place = format!("{method} {path}");
        let waits = parameter(definition, operation, "Prefer");
        if operation.get("x-ms-trigger").is_some() {
            problems.extend(trigger(definition, &place, method, operation));
        } else if operation.get("x-ms-trigger-metadata").is_some() || operation.get("x-ms-trigger-hint").is_some() {
            problems.push(format!("{place}: a trigger's metadata without batch"));
        }
        if let Some(prefer) = waits {
            problems.extend(waiting(&place, prefer, operation));
        }
    }
    let waits = |operation: &Value| parameter(definition, operation, "Prefer").is_some();
    let result = all.iter().find(|(path, _, _)| path.contains("/tasks/{task}"));
    if all.iter().any(|(_, _, operation)| waits(operation))
        && result.is_none_or(|(_, method, operation)| {
            *method != "get" || operation["x-ms-visibility"] != "internal" || !is_unfinished(operation)
        })
    {
        problems.push("an internal GET for the result of actions that wait".to_owned());
    }
    problems
}

fn parameter<'d>(definition: &'d Value, operation: &'d Value, name: &str) -> Option<&'d Value> {
    parameters(definition, operation).into_iter().find(|parameter| parameter["name"] == name)
}

/// Whether there is a response without a schema for nothing yet.
fn is_unfinished(operation: &Value) -> bool {
    let accepted = &operation["responses"]["202"];
    accepted["description"].is_string() && accepted.get("schema").is_none()
}

fn trigger(definition: &Value, place: &str, method: &str, operation: &Value) -> Vec<String> {
    let cursor = parameter(definition, operation, "cursor");
    let hidden = cursor.is_some_and(|cursor| {
        cursor["in"] == "query" && cursor["required"] != true && cursor["x-ms-visibility"] == "internal"
    });
    let items = &operation["responses"]["200"]["schema"]["properties"]["value"];
    let is_list = items["type"] == "array" && resolve(definition, &items["items"])["type"] == "object";
    let rules = [
        (operation["x-ms-trigger"] == "batch", "batch, because a poll returns a list"),
        (method == "get", "a trigger is polled with GET"),
        (operation["x-ms-trigger-metadata"] == json!({"kind": "query", "mode": "polling"}), "metadata"),
        (operation["x-ms-trigger-hint"].as_str().is_some_and(|hint| hint.ends_with('.')), "hint"),
        (hidden, "the cursor is the platform's: internal, and not required"),
        (is_list, "200 has the items in value"),
        (is_unfinished(operation), "202 without a schema"),
        (operation["summary"].as_str().is_some_and(|text| text.starts_with("When ")), "the summary begins with When"),
    ];
    rules.into_iter().filter(|(kept, _)| !kept).map(|(_, rule)| format!("{place}: {rule}")).collect()
}

fn waiting(place: &str, prefer: &Value, operation: &Value) -> Vec<String> {
    let fixed = prefer["in"] == "header" && prefer["default"] == "respond-async" && prefer["required"] == true;
    let rules = [
        (fixed && prefer["x-ms-visibility"] == "internal", "Prefer is internal, with a default"),
        (operation["responses"]["200"].get("schema").is_some(), "200 has the result"),
        (is_unfinished(operation), "202 without a schema"),
    ];
    rules.into_iter().filter(|(kept, _)| !kept).map(|(_, rule)| format!("{place}: {rule}")).collect()
}
