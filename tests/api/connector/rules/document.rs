//! Rules for the document as a whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{operations, parameters, resolve};

/// The violations.
pub fn violations(definition: &Value) -> Vec<String> {
    [head(definition), security(definition), paths(definition), test_connection(definition), unused(definition)]
        .concat()
}

fn head(definition: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut rule = |kept: bool, text: &str| {
        if !kept {
            problems.push(text.to_owned());
        }
    };
    let text = |name: &str| definition[name].as_str().unwrap_or_default();
    rule(definition["swagger"] == "2.0", "OpenAPI 2.0 only");
    rule(!text("host").is_empty() && !text("host").contains('/'), "host without scheme and path");
    rule(text("basePath").starts_with('/'), "basePath starts with a slash");
    rule(definition["schemes"] == serde_json::json!(["https"]), "schemes: https");
    rule(definition.to_string().len() < 1024 * 1024, "smaller than 1 MB");
    rule(operations(definition).len() <= 256, "256 operations");
    for name in ["title", "description", "version"] {
        rule(definition["info"][name].is_string(), "info without title, description or version");
    }
    rule(definition["info"]["title"] != definition["info"]["description"], "title and description differ");
    for name in ["Website", "Privacy policy", "Categories"] {
        let metadata = definition["x-ms-connector-metadata"].as_array().into_iter().flatten();
        rule(metadata.into_iter().any(|entry| entry["propertyName"] == name), "x-ms-connector-metadata is incomplete");
    }
    problems
}

fn security(definition: &Value) -> Vec<String> {
    let definitions: Vec<_> = definition["securityDefinitions"].as_object().into_iter().flatten().collect();
    let used: Vec<_> =
        definition["security"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten().collect();
    let [(name, kind)] = definitions[..] else { return vec!["one security definition".to_owned()] };
    let [(used, scopes)] = used[..] else { return vec!["one security requirement".to_owned()] };
    let known = |scope: &Value| kind["scopes"].get(scope.as_str().unwrap_or_default()).is_some();
    let flow = kind["type"] != "oauth2" || kind["flow"] == "accessCode";
    let good = name == used && flow && scopes.as_array().is_some_and(|scopes| scopes.iter().all(known));
    if good { Vec::new() } else { vec!["security uses an undefined definition".to_owned()] }
}

fn paths(definition: &Value) -> Vec<String> {
    let paths = definition["paths"].as_object().unwrap();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths.keys() {
        let closed = path.matches('{').count() == path.matches('}').count();
        if !path.starts_with('/') || path.contains(['?', '#', '*']) || !closed {
            problems.push(format!("{path}: not a path"));
        }
        let anonymous: String = path.split('/').map(|part| if part.starts_with('{') { "/{}" } else { part }).collect();
        if !seen.insert(anonymous.to_lowercase()) {
            problems.push(format!("{path}: twice"));
        }
    }
    problems
}

/// Literal paths that also match the template of another path.
pub fn paths_that_fit_two_templates(definition: &Value) -> Vec<String> {
    let paths: Vec<&String> = definition["paths"].as_object().unwrap().keys().collect();
    let parts = |path: &str| path.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
    let fits = |path: &str, template: &str| {
        let (path, template) = (parts(path), parts(template));
        path.len() == template.len()
            && path.iter().zip(&template).all(|(part, expected)| part == expected || expected.starts_with('{'))
    };
    let methods =
        |path: &str| -> BTreeSet<String> { definition["paths"][path].as_object().unwrap().keys().cloned().collect() };
    let mut problems = Vec::new();
    for path in &paths {
        for template in paths.iter().filter(|template| *template != path) {
            if fits(path, template) && !methods(path).is_disjoint(&methods(template)) {
                problems.push(format!("{path} fits {template}"));
            }
        }
    }
    problems
}

/// Checks that the test connection is a GET without required parameters.
fn test_connection(definition: &Value) -> Vec<String> {
    let expected = &definition["x-ms-capabilities"]["testConnection"]["operationId"];
    let found = operations(definition).into_iter().find(|(_, _, operation)| operation["operationId"] == *expected);
    let needs_nothing =
        |operation: &Value| parameters(definition, operation).iter().all(|parameter| parameter["required"] != true);
    match found {
        Some((_, "get", operation)) if needs_nothing(operation) => Vec::new(),
        _ => vec!["testConnection: a GET without required parameters".to_owned()],
    }
}

/// Definitions and parameters that are not used.
fn unused(definition: &Value) -> Vec<String> {
    let text = definition.to_string();
    let mut problems = Vec::new();
    for part in ["definitions", "parameters"] {
        for name in definition[part].as_object().unwrap().keys() {
            if !text.contains(&format!("\"#/{part}/{name}\"")) {
                problems.push(format!("nothing uses {part}/{name}"));
            }
        }
    }
    problems.extend(dynamic_values(definition));
    problems
}

/// Checks dropdowns: the operation exists, has the parameters, gets those that it needs, and returns the members.
fn dynamic_values(definition: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let kinds = [
        ("x-ms-dynamic-values", "value-collection", ["value-path", "value-title"]),
        ("x-ms-dynamic-list", "itemsPath", ["itemValuePath", "itemTitlePath"]),
    ];
    for (kind, collection, members) in kinds {
        for values in find(definition, kind) {
            if !is_list(definition, values, collection, members) {
                problems.push(format!("dynamic values that do not match an operation: {values}"));
            }
        }
    }
    problems
}

fn is_list(definition: &Value, values: &Value, collection: &str, members: [&str; 2]) -> bool {
    let all = operations(definition);
    let Some((_, "get", source)) = all.into_iter().find(|(_, _, other)| other["operationId"] == values["operationId"])
    else {
        return false;
    };
    let known = parameters(definition, source);
    let given = values["parameters"].as_object().cloned().unwrap_or_default();
    let path = values[collection].as_str().unwrap_or_default().split('/');
    let page = super::super::response_schema(definition, source).unwrap();
    let items = path.fold(page, |schema, name| resolve(definition, &resolve(definition, schema)["properties"][name]));
    let item = resolve(definition, &items["items"]);
    given.keys().all(|name| known.iter().any(|parameter| parameter["name"] == **name))
        && known.iter().filter(|parameter| parameter["required"] == true).all(|parameter| {
            parameter.get("default").is_some() || given.contains_key(parameter["name"].as_str().unwrap_or_default())
        })
        && members.iter().all(|name| item["properties"].get(values[*name].as_str().unwrap_or_default()).is_some())
}

/// All members called `name`, at any depth.
fn find<'v>(value: &'v Value, name: &str) -> Vec<&'v Value> {
    match value {
        Value::Object(members) => {
            let below = members.values().flat_map(|member| find(member, name));
            members.get(name).into_iter().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| find(item, name)).collect(),
        _ => Vec::new(),
    }
}
