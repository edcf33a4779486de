//! The OpenAPI document of a variant. Pure.

use serde_json::{Map, Value, json};

use crate::connector::additions::{self, Additions};
use crate::connector::{Authentication, Variant};
use crate::types::BaseUrl;

/// The document of `variant`. DocuSign is called as in the source; Evergrant's gateway at `public_url`.
///
/// # Errors
/// If the sources cannot be read.
pub fn of(variant: &Variant, public_url: &BaseUrl) -> Result<Value, serde_json::Error> {
    let mut definition: Value = serde_json::from_str(variant.api.definition())?;
    match variant.authentication {
        Authentication::Direct { .. } => return Ok(definition),
        Authentication::ThroughGateway { .. } => {}
        Authentication::ApiKey => {
            definition["securityDefinitions"] =
                json!({"api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}});
            definition["security"] = json!([{"api_key": []}]);
        }
    }
    definition["host"] = json!(public_url.authority());
    definition["schemes"] = json!([public_url.scheme()]);
    let additions = Additions::of(variant.api)?;
    let paths = below(variant.api.gateway_path(), &definition["paths"], &additions);
    definition["paths"] = paths.into_iter().chain(additions.paths).collect();
    if let Some(parameters) = definition["parameters"].as_object_mut() {
        parameters.extend(additions.parameters);
    }
    if let Some(definitions) = definition["definitions"].as_object_mut() {
        additions::extend(definitions, additions.definitions);
    }
    Ok(definition)
}

/// The `paths` below `prefix`, each followed by the waiting form of its actions.
fn below(prefix: &str, paths: &Value, additions: &Additions) -> Map<String, Value> {
    let mut all = Map::new();
    for (path, item) in paths.as_object().into_iter().flatten() {
        all.insert(format!("{prefix}{path}"), item.clone());
        let operations = item.as_object().into_iter().flatten();
        for (method, operation) in operations {
            if let Some(waiting) = additions.waiting(path, operation) {
                all.insert(format!("{prefix}{}", waiting.path), json!({method: waiting.operation}));
            }
        }
    }
    all
}
