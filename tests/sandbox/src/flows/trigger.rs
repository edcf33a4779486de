//! Polling triggers: the platform keeps the address of the next poll.

use http::StatusCode;
use serde_json::{Value, json};

use super::expression::evaluate;
use super::request::outputs;
use super::run::Run;
use super::{Connections, Flow};
use crate::client::Answer;

/// A flow's trigger with the address of its next poll.
#[derive(Clone, Debug)]
pub struct Trigger {
    flow: Flow,
    next: Option<String>,
}

impl Trigger {
    /// The trigger of a flow that was just turned on.
    #[must_use]
    pub const fn of(flow: Flow) -> Self {
        Self { flow, next: None }
    }

    /// Polls once. Returns the events: each is to be run on its own.
    ///
    /// # Errors
    /// The answer, if the poll failed; the next poll asks the same again.
    ///
    /// # Panics
    /// If the flow has not exactly one polling trigger.
    pub async fn poll(&mut self, connections: &Connections) -> Result<Vec<Value>, String> {
        let triggers = self.flow.definition["triggers"].as_object().expect("triggers");
        let trigger = triggers.values().next().expect("a trigger").clone();
        assert_eq!(triggers.len(), 1);
        let answer = self.ask(connections, &trigger).await?;
        if !answer.status.is_success() {
            return Err(format!("{} {}", answer.status.as_u16(), answer.text()));
        }
        if !answer.header("location").is_empty() {
            self.next = Some(answer.header("location").to_owned());
        }
        if answer.status == StatusCode::ACCEPTED {
            return Ok(Vec::new());
        }
        self.split(connections, &trigger, &outputs(&answer))
    }

    async fn ask(&self, connections: &Connections, trigger: &Value) -> Result<Answer, String> {
        let run = Run::new(&self.flow, connections, Value::Null);
        let inputs = evaluate(&trigger["inputs"], &run)?;
        match (trigger["type"].as_str(), &self.next) {
            (Some("OpenApiConnection"), next) => {
                let connection = run.connection(&inputs["host"]["connectionName"]);
                if let Some(address) = next {
                    return Ok(connection.follow(&connections.http, address).await);
                }
                let id = inputs["host"]["operationId"].as_str().unwrap_or_default();
                Ok(connection.send(&connections.http, connection.draft(id, &inputs["parameters"])).await)
            }
            (Some("Http"), next) => {
                let mut inputs = inputs;
                if let Some(address) = next {
                    inputs["uri"] = json!(address);
                    inputs.as_object_mut().expect("inputs").remove("queries");
                }
                Ok(run.http(&inputs).await)
            }
            (other, _) => panic!("a trigger of the type {other:?}"),
        }
    }

    /// One event for each element that `splitOn` selects.
    fn split(&self, connections: &Connections, trigger: &Value, all: &Value) -> Result<Vec<Value>, String> {
        let Some(split_on) = trigger.get("splitOn") else { return Ok(vec![all.clone()]) };
        let run = Run::new(&self.flow, connections, all.clone());
        let items = evaluate(split_on, &run)?;
        let items = items.as_array().ok_or("splitOn selects no array")?;
        Ok(items.iter().map(|item| json!({"headers": all["headers"], "body": item})).collect())
    }
}
