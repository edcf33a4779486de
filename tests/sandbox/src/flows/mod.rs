//! A small interpreter of Power Automate flows and Logic Apps: only the triggers, actions and functions that ours use. It calls
//! the connectors as the platform does, over real sockets. Time passes only in [`Report::waited`].

mod actions;
mod connections;
mod disruption;
pub mod expression;
mod operation;
mod request;
mod run;
mod solutions;
mod trigger;

use std::time::Duration;

use serde_json::Value;

pub use connections::{Connection, Connections};
pub use disruption::{Disruption, Disruptions};
pub use operation::{Operation, Parameter, Place};
pub use solutions::{FLOWS, Reference, Solutions};
pub use trigger::Trigger;

/// A flow's definition, and the values of its parameters.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The workflow definition.
    pub definition: Value,
    /// Values of parameters, by name or by the environment variable's schema name.
    pub values: Vec<(String, Value)>,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// `Succeeded`, `Failed` or `Cancelled`.
    pub status: String,
    /// Code and message of a run that did not succeed.
    pub error: Option<(String, String)>,
    /// Every action with its status, in the order of their ends.
    pub actions: Vec<(String, String)>,
    /// The time that the run would have waited.
    pub waited: Duration,
}

impl Flow {
    /// A flow of a solution, with values for its environment variables.
    #[must_use]
    pub fn of_solution(file: &Value, values: &[(&str, &str)]) -> Self {
        Self::new(file["properties"]["definition"].clone(), values)
    }

    /// A workflow definition, with values for its parameters.
    #[must_use]
    pub fn new(definition: Value, values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        Self { definition, values }
    }

    /// The value of a parameter.
    fn parameter(&self, name: &str) -> Result<Value, String> {
        let parameter = &self.definition["parameters"][name];
        let schema_name = parameter["metadata"]["schemaName"].as_str();
        let known = self.values.iter().find(|(known, _)| known == name || Some(known.as_str()) == schema_name);
        match known.map(|(_, value)| value).or_else(|| parameter.get("defaultValue")) {
            Some(Value::String(text)) if parameter["type"] == "Int" => {
                text.parse::<i64>().map(Value::from).map_err(|_| format!("{name} is not a number"))
            }
            Some(value) => Ok(value.clone()),
            None => Err(format!("there is no value for the parameter {name}")),
        }
    }

    /// Runs the flow for one event of its trigger.
    pub async fn run(&self, connections: &Connections, event: Value) -> Report {
        run::Run::new(self, connections, event).finish().await
    }
}

impl Report {
    /// The status of an action; empty if there is no such action.
    #[must_use]
    pub fn status_of(&self, action: &str) -> &str {
        self.actions.iter().find(|(name, _)| name == action).map_or("", |(_, status)| status)
    }

    /// The message of a run that did not succeed.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error.as_ref().map_or("", |(_, message)| message)
    }
}
