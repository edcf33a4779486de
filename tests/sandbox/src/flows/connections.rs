//! The connections of a flow: which host and credential each has.

use std::collections::HashMap;

use serde_json::Value;

use super::disruption::Disruptions;
use super::operation::Operation;
use super::request::Draft;
use crate::client::{Answer, HttpClient};

/// The start of a policy's parameters.
const PARAMETER: &str = "x-ms-apimTemplateParameter.";

/// A connection to an API.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The host, with scheme and base path.
    pub base: String,
    /// The credential of every request.
    pub credential: Option<(String, String)>,
    /// The connector's operations.
    pub operations: Vec<Operation>,
    /// The connector's policies.
    pub policies: Vec<Value>,
}

/// All connections, by the name in the flow, and the hosts that plain HTTP calls reach.
#[derive(Debug, Default)]
pub struct Connections {
    /// The connections.
    pub named: HashMap<String, Connection>,
    /// Hosts in a flow, and where they are here.
    pub hosts: Vec<(String, String)>,
    /// What goes wrong.
    pub disruptions: Disruptions,
    pub(super) http: HttpClient,
}

impl Connection {
    /// A connection to a custom connector at `base`, with its policies and an API key.
    #[must_use]
    pub fn custom(definition: &Value, policies: &Value, base: &str, api_key: &str) -> Self {
        let base_path = definition["basePath"].as_str().unwrap_or_default().trim_end_matches('/');
        let header = &definition["securityDefinitions"]["api_key"]["name"];
        Self {
            base: format!("{base}{base_path}"),
            credential: header.as_str().map(|name| (name.to_lowercase(), api_key.to_owned())),
            operations: Operation::all(definition),
            policies: policies.as_array().cloned().unwrap_or_default(),
        }
    }

    pub(super) fn operation(&self, id: &str) -> &Operation {
        let found = self.operations.iter().find(|operation| operation.id == id);
        found.unwrap_or_else(|| panic!("the connector has no operation {id}"))
    }

    /// The request for an operation, after the connector's policies.
    pub(super) fn draft(&self, id: &str, values: &Value) -> Draft {
        let mut draft = self.operation(id).draft(values);
        if !draft.headers.iter().any(|(name, _)| name == "accept") {
            draft.set_header("accept", "application/json");
        }
        for policy in &self.policies {
            let named = policy["parameters"]["x-ms-apimTemplate-operationName"].as_array();
            if named.is_none_or(|names| names.iter().any(|name| name == id)) {
                apply(policy, &mut draft);
            }
        }
        draft
    }

    /// Sends a request with the connection's credential.
    pub(super) async fn send(&self, http: &HttpClient, mut draft: Draft) -> Answer {
        if let Some((name, value)) = &self.credential {
            draft.set_header(name, value);
        }
        draft.send(http, &self.base).await
    }

    /// Follows an address of the same API with the connection's credential.
    pub(super) async fn follow(&self, http: &HttpClient, address: &str) -> Answer {
        let mut draft = Draft { method: "GET".to_owned(), ..Draft::default() };
        if let Some((name, value)) = &self.credential {
            draft.set_header(name, value);
        }
        draft.send(http, address).await
    }
}

fn apply(policy: &Value, draft: &mut Draft) {
    let value = |name: &str| policy["parameters"][format!("{PARAMETER}{name}")].as_str().unwrap_or_default().to_owned();
    match policy["templateId"].as_str().unwrap_or_default() {
        "routerequesttoendpoint" => {
            draft.method = value("httpMethod");
            draft.path = value("newPath");
            for (placeholder, encoded) in &draft.path_values {
                draft.path = draft.path.replace(placeholder, encoded);
            }
        }
        "setheader" => {
            let mut text = value("value");
            for (name, header) in draft.headers.clone() {
                text = replace_ignoring_case(&text, &format!("@headers('{name}')"), &header);
            }
            draft.set_header(&value("name"), &text);
        }
        other => panic!("a policy {other}"),
    }
}

fn replace_ignoring_case(text: &str, old: &str, new: &str) -> String {
    match text.to_lowercase().find(&old.to_lowercase()) {
        Some(at) => format!("{}{new}{}", &text[..at], &text[at + old.len()..]),
        None => text.to_owned(),
    }
}
