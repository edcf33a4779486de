//! Rules for `apiProperties.json`: the connection parameters, the sign-in and the policies.

use std::collections::HashMap;

use serde_json::Value;

use super::super::{operations, parameters};

const PARAMETER: &str = "x-ms-apimTemplateParameter.";
/// The placeholders that the platform fills in.
const PLACEHOLDERS: [&str; 7] = ["ClientId", "ClientSecret", "RedirectUrl", "Scopes", "State", "Code", "RefreshToken"];

/// The violations.
pub fn violations(definition: &Value, properties: &Value) -> Vec<String> {
    let mut problems = entered(&properties["properties"]["connectionParameters"]);
    problems.extend(policies(definition, properties));
    problems.extend(hosts(definition, properties));
    let token = &properties["properties"]["connectionParameters"]["token"];
    match definition["securityDefinitions"].get("oauth2") {
        Some(security) => {
            problems.extend(sign_in(security, &definition["security"][0]["oauth2"], &token["oAuthSettings"]));
        }
        None => problems.extend(api_key(definition, &properties["properties"]["connectionParameters"])),
    }
    let color = properties["properties"]["iconBrandColor"].as_str().unwrap_or_default();
    let hex = color.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.chars().all(|c| c.is_ascii_hexdigit()));
    if !hex || color.eq_ignore_ascii_case("#ffffff") {
        problems.push("iconBrandColor: six hexadecimal digits, and not white".to_owned());
    }
    if properties.to_string().to_lowercase().contains("\"clientsecret\"") {
        problems.push("contains a secret".to_owned());
    }
    problems
}

/// Checks the connection parameters that a user enters.
fn entered(parameters: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, parameter) in parameters.as_object().into_iter().flatten().filter(|(name, _)| *name != "token") {
        let ui = &parameter["uiDefinition"];
        let texts = ["displayName", "description", "tooltip"].iter().all(|part| ui[part].is_string());
        if !texts || ui["constraints"]["required"] != "true" {
            problems.push(format!("{name}: needs texts, and required as a string"));
        }
        let values: Vec<_> = ui["constraints"]["allowedValues"].as_array().into_iter().flatten().collect();
        let distinct: std::collections::BTreeSet<_> = values.iter().map(|value| value["value"].to_string()).collect();
        if distinct.len() != values.len() || values.iter().any(|value| !value["text"].is_string()) {
            problems.push(format!("{name}: duplicate values, or values without text"));
        }
    }
    problems
}

fn sign_in(security: &Value, scopes: &Value, settings: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut rule = |kept: bool, text: String| {
        if !kept {
            problems.push(text);
        }
    };
    rule(settings["identityProvider"] == "oauth2generic", "identityProvider".to_owned());
    rule(settings["redirectMode"] == "GlobalPerConnector", "redirectMode: must be its own redirect URL".to_owned());
    rule(settings["clientId"].is_string(), "clientId".to_owned());
    rule(settings["scopes"] == *scopes, "scopes differ from the definition".to_owned());
    let custom = settings["customParameters"].as_object().cloned().unwrap_or_default();
    let value = |name: &str| custom.get(name).and_then(|parameter| parameter["value"].as_str()).unwrap_or_default();
    rule(security["authorizationUrl"] == value("authorizationUrlTemplate"), "authorizationUrl".to_owned());
    for name in ["tokenUrlTemplate", "refreshUrlTemplate"] {
        rule(security["tokenUrl"] == value(name), format!("{name} is not the definition's tokenUrl"));
    }
    for (name, parameter) in &custom {
        let alone = parameter.as_object().is_some_and(|members| members.len() == 1) && parameter["value"].is_string();
        rule(alone, format!("{name}: must be an object with a value"));
        for part in value(name).split('{').skip(1).filter_map(|part| part.split('}').next()) {
            rule(PLACEHOLDERS.contains(&part), format!("{name}: {part} is not a known placeholder"));
        }
    }
    problems
}

/// Checks that the parameter has its name from `securityDefinitions`.
fn api_key(definition: &Value, parameters: &Value) -> Vec<String> {
    let names: Vec<_> = definition["securityDefinitions"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    let secret = names.iter().all(|name| parameters[name.as_str()]["type"] == "securestring");
    if secret && names.len() == 1 { Vec::new() } else { vec!["the API key's connection parameter".to_owned()] }
}

fn list(properties: &Value) -> Vec<&Value> {
    properties["properties"]["policyTemplateInstances"].as_array().into_iter().flatten().collect()
}

/// The operations that a policy applies to.
fn named(policy: &Value) -> Vec<&str> {
    let names = policy["parameters"]["x-ms-apimTemplate-operationName"].as_array();
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn policies(definition: &Value, properties: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for policy in list(properties) {
        let title = policy["title"].as_str().unwrap_or_default();
        if !["dynamichosturl", "routerequesttoendpoint", "setheader"].iter().any(|known| policy["templateId"] == *known)
        {
            problems.push(format!("{title}: an unknown template"));
        }
        if named(policy).is_empty() {
            problems.push(format!("{title}: must list its operations"));
        }
        for name in named(policy) {
            let found = operations(definition).into_iter().find(|(_, _, operation)| operation["operationId"] == name);
            match found {
                Some((_, _, operation)) => problems.extend(expressions(definition, properties, operation, policy)),
                None => problems.push(format!("{title}: no operation {name}")),
            }
        }
    }
    problems
}

/// Checks that a policy's values refer to existing parameters.
fn expressions(definition: &Value, properties: &Value, operation: &Value, policy: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let has = |kind: &str, name: &str| {
        parameters(definition, operation).iter().any(|parameter| parameter["in"] == kind && parameter["name"] == name)
    };
    let values = policy["parameters"].as_object().unwrap().iter().filter(|(name, _)| name.starts_with(PARAMETER));
    for value in values.filter_map(|(_, value)| value.as_str()) {
        for expression in value.split('@').skip(1) {
            let (function, rest) = expression.split_once("('").unwrap_or((expression, ""));
            let name = rest.split('\'').next().unwrap_or_default();
            let known = match function {
                "connectionParameters" => properties["properties"]["connectionParameters"].get(name).is_some(),
                "headers" => has("header", name),
                _ => false,
            };
            if !known {
                problems.push(format!("{}: {function} has no {name}", policy["title"]));
            }
        }
        for name in value.split('{').skip(1).filter_map(|part| part.split('}').next()) {
            if !has("path", name) {
                problems.push(format!("{}: the path has no {name}", policy["title"]));
            }
        }
    }
    problems
}

/// Without the gateway, each operation has exactly one host policy, because the precedence of two is not documented.
fn hosts(definition: &Value, properties: &Value) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let choosing: Vec<_> =
        list(properties).into_iter().filter(|policy| policy["templateId"] == "dynamichosturl").collect();
    for name in choosing.iter().flat_map(|policy| named(policy)) {
        *counts.entry(name).or_default() += 1;
    }
    let expected = usize::from(properties["properties"]["connectionParameters"].get("token:accountId").is_some());
    let ids = operations(definition)
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap_or_default());
    let wrong = ids.filter(|id| counts.get(id).copied().unwrap_or_default() != expected);
    wrong.map(|id| format!("{id}: not {expected} host policies")).collect()
}
