//! What each kind of action does.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::disruption::Disruption;
use super::expression::{evaluate, text_of};
use super::request::{Draft, outputs};
use super::run::{Done, Ended, Run, Status};
use crate::client::Answer;

/// The platform's default: how often a call is repeated after 408, 429 or 5xx.
const DEFAULT_RETRIES: u64 = 4;

/// How often a waiting action is asked before the platform's own limit, which is higher.
const MAX_POLLS: usize = 50;

/// The result of a call with its repetitions.
struct Called {
    answer: Answer,
    waited: Duration,
    stopped: bool,
}

impl Run<'_> {
    /// Runs one action.
    pub(super) async fn act(&mut self, action: &Value) -> Result<Done, Ended> {
        let kind = action["type"].as_str().unwrap_or_default();
        match kind {
            "If" => return self.decide(action).await,
            "Scope" => return self.scope(action).await,
            "Until" => return self.until(action).await,
            "Terminate" => return Err(self.terminate(action)),
            _ => {}
        }
        let inputs = match evaluate(&action["inputs"], self) {
            Ok(inputs) => inputs,
            Err(error) => return Ok(Done::failed(Value::Null, format!("InvalidTemplate: {error}"))),
        };
        Ok(match kind {
            "Compose" => Done::succeeded(json!(inputs)),
            "InitializeVariable" => {
                let variable = &inputs["variables"][0];
                self.set(&variable["name"], variable.get("value").unwrap_or(&Value::Null))
            }
            "SetVariable" => self.set(&inputs["name"], &inputs["value"]),
            "Wait" => self.wait(&inputs),
            "OpenApiConnection" | "ApiConnection" | "Http" => self.call(kind, &inputs).await?,
            other => panic!("an action of the type {other}"),
        })
    }

    async fn decide(&mut self, action: &Value) -> Result<Done, Ended> {
        let holds = match condition(&action["expression"], self) {
            Ok(holds) => holds,
            Err(error) => return Ok(Done::failed(Value::Null, format!("InvalidTemplate: {error}"))),
        };
        let (yes, no) = (action["actions"].as_object(), action["else"]["actions"].as_object());
        let (taken, other) = if holds { (yes, no) } else { (no, yes) };
        self.skip_all(other);
        let status = match taken {
            Some(actions) => self.actions(actions).await?,
            None => Status::Succeeded,
        };
        Ok(container(status))
    }

    async fn scope(&mut self, action: &Value) -> Result<Done, Ended> {
        let status = self.actions(action["actions"].as_object().expect("actions")).await?;
        Ok(container(status))
    }

    async fn until(&mut self, action: &Value) -> Result<Done, Ended> {
        let count = action["limit"]["count"].as_u64().expect("a limit");
        for _ in 0..count {
            self.actions(action["actions"].as_object().expect("actions")).await?;
            match condition(&action["expression"], self) {
                Ok(true) => return Ok(Done::succeeded(Value::Null)),
                Ok(false) => {}
                Err(error) => return Ok(Done::failed(Value::Null, format!("InvalidTemplate: {error}"))),
            }
        }
        Ok(Done {
            status: Status::TimedOut,
            outputs: Value::Null,
            error: Some("the loop reached its limit".to_owned()),
        })
    }

    fn terminate(&self, action: &Value) -> Ended {
        let inputs = evaluate(&action["inputs"], self).unwrap_or_else(|error| panic!("Terminate: {error}"));
        let part = |name: &str| text_of(&inputs["runError"][name]).unwrap_or_default();
        let error = inputs.get("runError").map(|_| (part("code"), part("message")));
        Ended { status: inputs["runStatus"].as_str().unwrap_or_default().to_owned(), error }
    }

    fn set(&mut self, name: &Value, value: &Value) -> Done {
        self.variables.insert(name.as_str().unwrap_or_default().to_owned(), value.clone());
        Done::succeeded(Value::Null)
    }

    fn wait(&mut self, inputs: &Value) -> Done {
        let unit = match inputs["interval"]["unit"].as_str() {
            Some("Second") => 1,
            Some("Minute") => 60,
            other => panic!("a delay in {other:?}"),
        };
        let count = inputs["interval"]["count"].as_u64().expect("a count");
        self.waited += Duration::from_secs(unit * count);
        Done::succeeded(Value::Null)
    }

    async fn call(&mut self, kind: &str, inputs: &Value) -> Result<Done, Ended> {
        let Called { answer, waited, stopped } = self.with_retries(kind, inputs).await;
        self.waited += waited;
        if stopped {
            return Err(Ended { status: "Stopped".to_owned(), error: None });
        }
        let outputs = outputs(&answer);
        Ok(match answer.status {
            status if status.is_success() => Done::succeeded(outputs),
            status => Done::failed(outputs, format!("{} {}", status.as_u16(), answer.text())),
        })
    }

    /// Repeats a call after 408, 429 and 5xx, as its policy says.
    async fn with_retries(&self, kind: &str, inputs: &Value) -> Called {
        let policy = &inputs["retryPolicy"];
        let most = match policy["type"].as_str() {
            Some("none") => 0,
            Some("exponential" | "fixed") => policy["count"].as_u64().expect("a count"),
            _ => DEFAULT_RETRIES,
        };
        let mut waited = Duration::ZERO;
        for attempt in 0.. {
            let disruption = self.connections.disruptions.next();
            let mut answer = disruption.unwrap_or(Disruption::Refused).answer();
            if disruption != Some(Disruption::Refused) {
                let real = self.once(kind, inputs).await;
                answer = if disruption == Some(Disruption::AnswerLost) { answer } else { real };
            }
            let (status, stopped) = (answer.status.as_u16(), disruption == Some(Disruption::RunStopped));
            if stopped || attempt == most || !(matches!(status, 408 | 429) || status >= 500) {
                return Called { answer, waited, stopped };
            }
            waited += Duration::from_secs(answer.header("retry-after").parse().unwrap_or(10));
        }
        unreachable!("the loop has no end")
    }

    async fn once(&self, kind: &str, inputs: &Value) -> Answer {
        let http = &self.connections.http;
        match kind {
            "OpenApiConnection" => {
                let connection = self.connection(&inputs["host"]["connectionName"]);
                let id = inputs["host"]["operationId"].as_str().expect("an operation");
                let mut answer = connection.send(http, connection.draft(id, &inputs["parameters"])).await;
                for _ in 0..MAX_POLLS {
                    if answer.status != StatusCode::ACCEPTED || answer.header("location").is_empty() {
                        break;
                    }
                    answer = connection.follow(http, answer.header("location")).await;
                }
                answer
            }
            "ApiConnection" => {
                let connection = self.connection(&inputs["host"]["connection"]["name"]);
                connection.send(http, drafted(inputs, "path", "")).await
            }
            _ => self.http(inputs).await,
        }
    }

    /// A plain HTTP call; its host is replaced by where that is here.
    pub(super) async fn http(&self, inputs: &Value) -> Answer {
        let uri = inputs["uri"].as_str().expect("an address");
        let found = self.connections.hosts.iter().find(|(host, _)| uri.starts_with(host.as_str()));
        let (host, here) = found.map_or(("", ""), |(host, here)| (host.as_str(), here.as_str()));
        drafted(inputs, "uri", host).send(&self.connections.http, here).await
    }
}

/// A request with explicit method, address, queries, headers and body.
fn drafted(inputs: &Value, address: &str, host: &str) -> Draft {
    let pairs = |part: &str| -> Vec<(String, String)> {
        let pairs = inputs[part].as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), text_of(value).unwrap_or_default())).collect()
    };
    let path = inputs[address].as_str().unwrap_or_default();
    let mut draft = Draft {
        method: inputs["method"].as_str().unwrap_or_default().to_uppercase(),
        path: path.strip_prefix(host).unwrap_or(path).to_owned(),
        query: pairs("queries"),
        ..Draft::default()
    };
    if let Some(body) = inputs.get("body") {
        draft.set_body(body);
    }
    for (name, value) in pairs("headers") {
        draft.set_header(&name, &value);
    }
    draft
}

const fn container(status: Status) -> Done {
    Done { status, outputs: Value::Null, error: None }
}

/// A condition as the designer writes it: `{"and": [{"equals": [left, right]}, …]}`, or one expression.
fn condition(expression: &Value, run: &Run<'_>) -> Result<bool, String> {
    let Some((name, operand)) = expression.as_object().and_then(|members| members.iter().next()) else {
        return super::expression::truth(&evaluate(expression, run)?);
    };
    let all = || operand.as_array().into_iter().flatten().map(|inner| condition(inner, run));
    match name.as_str() {
        "and" => all().try_fold(true, |holds, inner| Ok(holds && inner?)),
        "or" => all().try_fold(false, |holds, inner| Ok(holds || inner?)),
        "not" => condition(operand, run).map(|holds| !holds),
        comparison => {
            let Value::Array(values) = evaluate(operand, run)? else { return Err(format!("{comparison} has no list")) };
            super::expression::truth(&super::expression::call_function(comparison, &values)?)
        }
    }
}
