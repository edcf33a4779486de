//! Power Platform's part: a request is built from the definition and the policies, and the response is checked against the
//! definition. Comments mark the behavior that is not documented.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sandbox::client::{Answer, HttpClient};
use serde_json::{Map, Value};

use super::{operations, parameters, response_schema, schema};

const PARAMETER: &str = "x-ms-apimTemplateParameter.";

/// A connector and a connection to it.
pub struct Platform {
    pub definition: Value,
    pub properties: Value,
    /// The values of the connection parameters, by name.
    pub connection: HashMap<String, String>,
    /// The credential of every request.
    pub credential: (&'static str, String),
    /// The local addresses of the connector's hosts.
    pub hosts: Vec<(String, String)>,
    http: HttpClient,
    succeeded: Mutex<BTreeSet<String>>,
}

/// A request that is being built.
struct Draft {
    method: Method,
    base: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    path_values: Vec<(String, String)>,
    body: Bytes,
}

impl Platform {
    pub fn new((definition, properties): (Value, Value)) -> Self {
        Self {
            definition,
            properties,
            connection: HashMap::new(),
            credential: ("authorization", String::new()),
            hosts: Vec::new(),
            http: HttpClient::default(),
            succeeded: Mutex::default(),
        }
    }

    /// Uses `access_token` for all following requests.
    pub fn set_access_token(&mut self, access_token: &str) {
        self.credential = ("authorization", format!("Bearer {access_token}"));
    }

    /// The operations that succeeded so far.
    pub fn succeeded(&self) -> BTreeSet<String> {
        self.succeeded.lock().unwrap().clone()
    }

    /// Runs an action that must succeed, and returns its result.
    pub async fn act(&self, operation_id: &str, inputs: Value) -> Value {
        let answer = self.call(operation_id, inputs).await;
        assert!(answer.status.is_success(), "{operation_id}: {} {}", answer.status, answer.text());
        answer.json()
    }

    /// Runs an action. Inputs are by name; the body is called `body`.
    pub async fn call(&self, operation_id: &str, inputs: Value) -> Answer {
        let (path, method, operation) = self.operation(operation_id);
        let mut draft = self.draft(path, method, operation, &inputs);
        self.apply_policies(operation_id, &mut draft);
        let answer = self.send(draft).await;
        self.check_answer(operation, &answer);
        if answer.status.is_success() {
            self.succeeded.lock().unwrap().insert(operation_id.to_owned());
        }
        answer
    }

    /// Polls a trigger for the first time, and once more where its answer says; returns the items of the first poll.
    pub async fn trigger(&self, operation_id: &str, inputs: Value) -> Vec<Value> {
        let first = self.call(operation_id, inputs).await;
        assert_eq!(first.status, 200, "{operation_id}: {}", first.text());
        let next = first.header("location");
        let (path, _, operation) = self.operation(operation_id);
        let url = url::Url::parse(next).unwrap();
        assert_eq!(url.path(), path, "the platform has an operation for it");
        let known = parameters(&self.definition, operation);
        assert!(url.query_pairs().all(|(name, _)| known.iter().any(|parameter| parameter["name"] == *name)), "{next}");
        let second = self.get(next).await;
        assert_eq!((second.status.as_u16(), second.text().as_str()), (202, ""), "each change is delivered once");
        assert_eq!(second.header("retry-after"), "60");
        first.json()["value"].as_array().unwrap().clone()
    }

    /// Runs an action that waits, as the platform does: it polls the address of the answer until there is a result.
    pub async fn act_and_wait(&self, operation_id: &str, inputs: Value) -> Value {
        let mut answer = self.call(operation_id, inputs).await;
        let (path, _, result) = self.operation("GetWaitingTask");
        let below = path.split('{').next().unwrap();
        for _ in 0..50 {
            if answer.status != 202 {
                break;
            }
            let next = answer.header("location").to_owned();
            assert!(
                url::Url::parse(&next).unwrap().path().starts_with(below) && !answer.header("retry-after").is_empty()
            );
            answer = self.get(&next).await;
            self.check_answer(result, &answer);
        }
        assert_eq!(answer.status, 200, "{operation_id}: {}", answer.text());
        let (_, _, operation) = self.operation(operation_id);
        self.check_answer(operation, &answer);
        self.succeeded.lock().unwrap().insert("GetWaitingTask".to_owned());
        answer.json()
    }

    /// A GET with the connection's credential.
    async fn get(&self, url: &str) -> Answer {
        let (name, value) = &self.credential;
        self.http.call(Method::GET, url, &[(name, value)], "").await
    }

    /// An operation, with path and method.
    pub fn operation(&self, operation_id: &str) -> (&str, &str, &Value) {
        let all = operations(&self.definition);
        let found = all.into_iter().find(|(_, _, operation)| operation["operationId"] == operation_id);
        found.unwrap_or_else(|| panic!("no operation {operation_id}"))
    }

    /// Whether an operation waits for the end of what it begins, or is the end.
    fn waits(&self, operation: &Value) -> bool {
        let waits = parameters(&self.definition, operation).iter().any(|parameter| parameter["name"] == "Prefer");
        waits || operation["operationId"] == "GetWaitingTask"
    }

    fn draft(&self, path: &str, method: &str, operation: &Value, inputs: &Value) -> Draft {
        let text = |part: &str| self.definition[part].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
        let mut draft = Draft {
            method: method.to_uppercase().parse().unwrap(),
            base: format!("https://{}{}", text("host"), text("basePath")),
            path: path.to_owned(),
            query: Vec::new(),
            // The platform sends its own; an action that needs another must override it.
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            path_values: Vec::new(),
            body: Bytes::new(),
        };
        let mut inputs = inputs.as_object().cloned().unwrap_or_default();
        for parameter in parameters(&self.definition, operation) {
            self.fill(&mut draft, operation, parameter, &mut inputs);
        }
        assert!(inputs.is_empty(), "{operation:?} does not know {inputs:?}");
        draft
    }

    /// Takes a parameter's value from `inputs`, or its default, and adds it to the request.
    fn fill(&self, draft: &mut Draft, operation: &Value, parameter: &Value, inputs: &mut Map<String, Value>) {
        let name = parameter["name"].as_str().unwrap().to_owned();
        let Some(value) = inputs.remove(&name).or_else(|| parameter.get("default").cloned()) else {
            assert_ne!(parameter["required"], true, "{name} is missing");
            return;
        };
        if parameter["in"] == "body" {
            return self.fill_body(draft, operation, &parameter["schema"], &value);
        }
        schema::check(&self.definition, parameter, &value, &name).unwrap();
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        match parameter["in"].as_str().unwrap() {
            "path" => {
                let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
                draft.path = draft.path.replace(&format!("{{{name}}}"), &encoded);
                draft.path_values.push((name, encoded));
            }
            "query" => draft.query.push((name, text)),
            "header" => draft.headers.push((name, text)),
            other => panic!("a parameter in {other}"),
        }
    }

    fn fill_body(&self, draft: &mut Draft, operation: &Value, expected: &Value, value: &Value) {
        let value = &with_fixed_values(expected, value);
        schema::check(&self.definition, expected, value, "body").unwrap();
        let is_binary = expected["format"] == "binary";
        let text = if is_binary { value.as_str().unwrap().to_owned() } else { value.to_string() };
        draft.body = Bytes::from(text);
        let consumes = operation.get("consumes").unwrap_or(&self.definition["consumes"]);
        draft.headers.push(("content-type".to_owned(), consumes[0].as_str().unwrap().to_owned()));
    }

    /// What a dropdown offers: the values of `x-ms-dynamic-values`, for what the user has entered already.
    pub async fn choices(&self, values: &Value, entered: &Value) -> Vec<Value> {
        let mut inputs = values["parameters"].clone();
        for (_, input) in inputs.as_object_mut().unwrap() {
            if let Some(name) = input["parameter"].as_str() {
                *input = entered[name].clone();
            }
        }
        let page = self.act(values["operationId"].as_str().unwrap(), inputs).await;
        let pointer = format!("/{}", values["value-collection"].as_str().unwrap());
        let items =
            page.pointer(&pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no {pointer} in {page}"));
        let member = |item: &Value, name: &str| item[values[name].as_str().unwrap()].clone();
        assert!(items.iter().all(|item| member(item, "value-title").is_string()), "{items:?}");
        items.iter().map(|item| member(item, "value-path")).collect()
    }

    /// Applies the policies in order. A host policy replaces the host and removes the base path.
    fn apply_policies(&self, operation_id: &str, draft: &mut Draft) {
        for policy in self.properties["properties"]["policyTemplateInstances"].as_array().unwrap() {
            let parameters = &policy["parameters"];
            let named = parameters["x-ms-apimTemplate-operationName"].as_array();
            if !named.is_none_or(|names| names.iter().any(|name| name == operation_id)) {
                continue;
            }
            let value = |name: &str| parameters[format!("{PARAMETER}{name}")].as_str().unwrap_or_default().to_owned();
            match policy["templateId"].as_str().unwrap() {
                "dynamichosturl" => draft.base = self.expand(&value("urlTemplate"), draft),
                "routerequesttoendpoint" => {
                    draft.method = value("httpMethod").parse().unwrap();
                    draft.path = self.expand(&value("newPath"), draft);
                    for (name, encoded) in &draft.path_values {
                        draft.path = draft.path.replace(&format!("{{{name}}}"), encoded);
                    }
                }
                "setheader" => {
                    let (name, text) = (value("name").to_lowercase(), self.expand(&value("value"), draft));
                    draft.headers.retain(|(known, _)| *known != name);
                    draft.headers.push((name, text));
                }
                other => panic!("a policy {other}"),
            }
        }
    }

    /// `@connectionParameters('…')` and `@headers('…')`.
    fn expand(&self, template: &str, draft: &Draft) -> String {
        let mut text = template.to_owned();
        for (name, value) in &self.connection {
            text = text.replace(&format!("@connectionParameters('{name}')"), value);
        }
        for (name, value) in &draft.headers {
            text = text.replace(&format!("@headers('{name}')"), value);
        }
        assert!(!text.contains('@'), "unknown expression in {text}");
        text
    }

    async fn send(&self, draft: Draft) -> Answer {
        let url = format!("{}{}", draft.base, draft.path);
        let host = self.hosts.iter().find(|(host, _)| url.starts_with(&format!("{host}/")));
        let (host, here) = host.unwrap_or_else(|| panic!("no host for {url}"));
        let mut url = url::Url::parse(&url.replacen(host.as_str(), here, 1)).unwrap();
        if !draft.query.is_empty() {
            url.query_pairs_mut().extend_pairs(draft.query);
        }
        let mut request = Request::builder().method(draft.method).uri(url.as_str());
        for (name, value) in draft.headers {
            request = request.header(name, value);
        }
        let (name, value) = &self.credential;
        request = request.header(*name, value);
        self.http.send(request.body(Full::new(draft.body)).unwrap()).await.expect("an answer")
    }

    /// Checks that the status is in the definition, and that the body of a success matches its schema.
    fn check_answer(&self, operation: &Value, answer: &Answer) {
        let responses = &operation["responses"];
        if !answer.status.is_success() {
            assert!(responses.get("default").is_some());
            return;
        }
        assert!(responses.get(answer.status.as_str()).is_some(), "{} is not listed: {operation}", answer.status);
        let is_polled = operation.get("x-ms-trigger").is_some() || self.waits(operation);
        if answer.status == 202 && is_polled {
            assert_eq!(answer.text(), "", "there is nothing yet");
            return;
        }
        let expected = response_schema(&self.definition, operation).expect("a schema");
        if expected["format"] == "binary" {
            assert_ne!(answer.header("content-type"), "application/json");
        } else {
            schema::check(&self.definition, expected, &answer.json(), "answer").unwrap();
        }
    }
}

/// Adds the required properties that the designer does not show; their defaults are sent.
fn with_fixed_values(expected: &Value, value: &Value) -> Value {
    let mut value = value.clone();
    for name in expected["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let property = &expected["properties"][name];
        if property["x-ms-visibility"] == "internal" {
            assert_eq!(value.get(name), None, "{name} is not shown");
            value[name] = property["default"].clone();
        }
    }
    value
}
