//! What only the connectors through the gateway have, from `connectors/gateway/`: triggers, and actions that wait. Pure.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::connector::Api;

/// The end of the ID of an action that waits.
const WAITING_ID: &str = "AndWait";
/// The end of the path of an action that waits. A policy routes it to the path of the action that does not.
const WAITING_PATH: &str = "/wait";

/// The additions of one API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additions {
    /// The actions that have a waiting form, by operation ID.
    waiting: Map<String, Value>,
    /// Triggers, and what the platform calls while an action waits.
    pub paths: Map<String, Value>,
    /// Their shared parameters.
    pub parameters: Map<String, Value>,
    /// Their definitions. `extends` names a definition whose properties are included.
    pub definitions: Map<String, Value>,
}

/// An action that waits until its task has ended.
pub struct WaitingAction {
    /// Its operation ID.
    pub operation_id: String,
    /// Its path.
    pub path: String,
    /// The path that it is routed to.
    pub routed_to: String,
    /// Its operation.
    pub operation: Value,
}

impl Additions {
    /// Those of `api`.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn of(api: Api) -> Result<Self, serde_json::Error> {
        serde_json::from_str(api.additions())
    }

    /// The waiting form of `operation` at `path`, if it has one.
    pub fn waiting(&self, path: &str, operation: &Value) -> Option<WaitingAction> {
        let id = operation["operationId"].as_str()?;
        let texts = self.waiting.get(id)?.as_object()?;
        let (operation_id, mut operation) = (format!("{id}{WAITING_ID}"), operation.clone());
        operation["operationId"] = json!(operation_id);
        for (name, text) in texts {
            operation[name] = text.clone();
        }
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.insert(0, json!({"$ref": "#/parameters/Prefer"}));
        }
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.shift_remove("201");
            responses.insert("202".to_owned(), json!({"description": "It has not ended yet."}));
        }
        let routed_to = path.to_owned();
        Some(WaitingAction { operation_id, path: format!("{path}{WAITING_PATH}"), routed_to, operation })
    }
}

/// Adds `additions` to `definitions`, with the properties of those that they extend.
pub fn extend(definitions: &mut Map<String, Value>, additions: Map<String, Value>) {
    for (name, mut addition) in additions {
        let base = addition.as_object_mut().and_then(|addition| addition.shift_remove("extends"));
        let base = base.and_then(|base| definitions.get(base.as_str()?)).map(|base| base["properties"].clone());
        if let (Some(properties), Some(Value::Object(base))) = (addition["properties"].as_object_mut(), base) {
            properties.extend(base);
        }
        definitions.insert(name, addition);
    }
}
