//! One run: the order of its actions, their results, and the end.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::connections::Connection;
use super::expression::Scope;
use super::{Connections, Flow, Report};

/// The status of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Succeeded,
    Failed,
    Skipped,
    TimedOut,
}

/// The result of an action.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub status: Status,
    pub outputs: Value,
    pub error: Option<String>,
}

/// A run that was ended by *Terminate*.
#[derive(Debug)]
pub(super) struct Ended {
    pub status: String,
    pub error: Option<(String, String)>,
}

/// A run that is going on.
#[derive(Debug)]
pub(super) struct Run<'f> {
    pub flow: &'f Flow,
    pub connections: &'f Connections,
    event: Value,
    done: HashMap<String, Done>,
    order: Vec<(String, String)>,
    pub variables: Map<String, Value>,
    pub waited: Duration,
}

impl Done {
    pub const fn succeeded(outputs: Value) -> Self {
        Self { status: Status::Succeeded, outputs, error: None }
    }

    pub fn failed(outputs: Value, error: impl Into<String>) -> Self {
        Self { status: Status::Failed, outputs, error: Some(error.into()) }
    }
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::TimedOut => "TimedOut",
        }
    }
}

impl<'f> Run<'f> {
    pub fn new(flow: &'f Flow, connections: &'f Connections, event: Value) -> Self {
        Self {
            flow,
            connections,
            event,
            done: HashMap::new(),
            order: Vec::new(),
            variables: Map::new(),
            waited: Duration::ZERO,
        }
    }

    pub fn connection(&self, name: &Value) -> &'f Connection {
        let name = name.as_str().unwrap_or_default();
        self.connections.named.get(name).unwrap_or_else(|| panic!("there is no connection {name}"))
    }

    /// Runs all actions.
    pub async fn finish(mut self) -> Report {
        let actions = self.flow.definition["actions"].as_object().expect("actions");
        let (status, error) = match self.actions(actions).await {
            Err(ended) => (ended.status, ended.error),
            Ok(Status::Succeeded | Status::Skipped) => ("Succeeded".to_owned(), None),
            Ok(Status::Failed | Status::TimedOut) => ("Failed".to_owned(), Some(self.first_failure())),
        };
        Report { status, error, actions: self.order, waited: self.waited }
    }

    fn first_failure(&self) -> (String, String) {
        let failed = self.order.iter().filter_map(|(name, _)| Some((name, self.done.get(name)?.error.as_ref()?)));
        let text = failed.map(|(name, error)| format!("{name}: {error}")).next().unwrap_or_default();
        ("ActionFailed".to_owned(), text)
    }

    /// Runs the actions of one container, each after those in its `runAfter`.
    pub fn actions<'a>(
        &'a mut self,
        actions: &'a Map<String, Value>,
    ) -> Pin<Box<dyn Future<Output = Result<Status, Ended>> + Send + 'a>> {
        Box::pin(async move {
            let mut left: Vec<(&String, &Value)> = actions.iter().collect();
            for name in actions.keys() {
                self.done.remove(name);
            }
            while !left.is_empty() {
                let next = left.iter().position(|(_, action)| self.is_ready(action));
                let (name, action) = left.remove(next.expect("an action whose predecessors are in its container"));
                let done = if self.may_run(action) { self.act(action).await } else { Ok(self.skip(action)) }?;
                self.record(name, done);
            }
            Ok(self.status_of(actions))
        })
    }

    fn is_ready(&self, action: &Value) -> bool {
        predecessors(action).all(|(name, _)| self.done.contains_key(name))
    }

    fn may_run(&self, action: &Value) -> bool {
        predecessors(action).all(|(name, statuses)| {
            let status = self.done.get(name).map_or("", |done| done.status.name());
            statuses.as_array().is_some_and(|statuses| statuses.iter().any(|wanted| wanted == status))
        })
    }

    /// The actions in a skipped container are skipped too.
    fn skip(&mut self, action: &Value) -> Done {
        let branches = [&action["actions"], &action["else"]["actions"]];
        for (name, inner) in branches.into_iter().filter_map(Value::as_object).flatten() {
            let done = self.skip(inner);
            self.record(name, done);
        }
        Done { status: Status::Skipped, outputs: Value::Null, error: None }
    }

    /// Skips the branch of a condition that is not taken.
    pub fn skip_all(&mut self, actions: Option<&Map<String, Value>>) {
        for (name, action) in actions.into_iter().flatten() {
            let done = self.skip(action);
            self.record(name, done);
        }
    }

    fn record(&mut self, name: &str, done: Done) {
        self.order.push((name.to_owned(), done.status.name().to_owned()));
        self.done.insert(name.to_owned(), done);
    }

    /// A container fails if a branch of it ends with a failure. Where the last action of a branch was skipped, the one before
    /// counts.
    fn status_of(&self, actions: &Map<String, Value>) -> Status {
        let followed = |name: &String| actions.values().any(|action| action["runAfter"].get(name).is_some());
        let fails = |(name, _): (&String, &Value)| !followed(name) && self.ends_badly(actions, name);
        if actions.iter().any(fails) { Status::Failed } else { Status::Succeeded }
    }

    fn ends_badly(&self, actions: &Map<String, Value>, name: &str) -> bool {
        match self.done.get(name).map(|done| done.status) {
            Some(Status::Failed | Status::TimedOut) => true,
            Some(Status::Skipped) => predecessors(&actions[name]).any(|(name, _)| self.ends_badly(actions, name)),
            _ => false,
        }
    }
}

fn predecessors(action: &Value) -> impl Iterator<Item = (&String, &Value)> {
    action["runAfter"].as_object().into_iter().flatten()
}

impl Scope for Run<'_> {
    fn look_up(&self, function: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let outputs = |name: &str| self.done.get(name).map(|done| done.outputs.clone()).unwrap_or_default();
        Some(Ok(match (function, arguments) {
            ("parameters", [Value::String(name)]) => return Some(self.flow.parameter(name)),
            ("triggerBody", []) => self.event["body"].clone(),
            ("triggerOutputs", []) => self.event.clone(),
            ("outputs", [Value::String(name)]) => outputs(name),
            ("body", [Value::String(name)]) => outputs(name)["body"].clone(),
            ("actions", [Value::String(name)]) => {
                json!({"status": self.done.get(name).map(|done| done.status.name()), "outputs": outputs(name)})
            }
            ("variables", [Value::String(name)]) => match self.variables.get(name) {
                Some(value) => value.clone(),
                None => return Some(Err(format!("there is no variable {name}"))),
            },
            _ => return None,
        }))
    }
}
