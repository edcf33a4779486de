//! The operations of a connector, and how a request is built from the parameters in a flow.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::request::Draft;

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path, encoded this many times.
    Path(u8),
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// As the body.
    Body,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it is sent.
    pub place: Place,
    /// Whether the operation requires it.
    pub required: bool,
    /// The value that the platform sends if the flow has none.
    pub default: Option<Value>,
}

/// An operation of a connector.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its ID.
    pub id: String,
    /// The HTTP method.
    pub method: String,
    /// The path, with `{parameters}`.
    pub path: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

impl Operation {
    /// All operations of an OpenAPI 2.0 definition.
    #[must_use]
    pub fn all(definition: &Value) -> Vec<Self> {
        let mut operations = Vec::new();
        for (path, methods) in definition["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let listed = operation["parameters"].as_array().into_iter().flatten();
                operations.push(Self {
                    id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: listed.map(|parameter| described(definition, parameter)).collect(),
                });
            }
        }
        operations
    }

    /// Whether a flow's parameter is one of this operation's: `body/Name` is a part of `body`.
    #[must_use]
    pub fn accepts(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| part(name, &parameter.name).is_some())
    }

    /// The request with these values.
    ///
    /// # Panics
    /// If a parameter is unknown or missing: the platform would not accept the flow.
    pub(super) fn draft(&self, values: &Value) -> Draft {
        let empty = Map::new();
        let values = values.as_object().unwrap_or(&empty);
        for name in values.keys() {
            assert!(self.accepts(name), "{} has no parameter {name}", self.id);
        }
        let mut draft = Draft { method: self.method.clone(), path: self.path.clone(), ..Draft::default() };
        for parameter in &self.parameters {
            match value_of(parameter, values).or_else(|| parameter.default.clone()) {
                Some(value) => place(&mut draft, parameter, &value),
                None => assert!(!parameter.required, "{} requires {}", self.id, parameter.name),
            }
        }
        draft
    }
}

fn described(definition: &Value, parameter: &Value) -> Parameter {
    let reference = parameter["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    let parameter = reference.and_then(|pointer| definition.pointer(pointer)).unwrap_or(parameter);
    let place = match parameter["in"].as_str() {
        Some("path") => Place::Path(if parameter["x-ms-url-encoding"] == "double" { 2 } else { 1 }),
        Some("query") => Place::Query,
        Some("header") => Place::Header,
        _ => Place::Body,
    };
    Parameter {
        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
        place,
        required: parameter["required"] == true,
        default: parameter.get("default").cloned(),
    }
}

/// What follows a parameter's name: empty, or the path of a part of it.
fn part<'n>(name: &'n str, parameter: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(parameter)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// A parameter's value, put together from its parts.
fn value_of(parameter: &Parameter, values: &Map<String, Value>) -> Option<Value> {
    let mut whole = None;
    for (name, value) in values {
        match part(name, &parameter.name) {
            Some("") => whole = Some(value.clone()),
            Some(path) => {
                let inner = path
                    .split('/')
                    .fold(whole.get_or_insert_with(|| Value::Object(Map::new())), |at, name| &mut at[name]);
                *inner = value.clone();
            }
            None => {}
        }
    }
    whole
}

fn place(draft: &mut Draft, parameter: &Parameter, value: &Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match parameter.place {
        Place::Path(times) => {
            let encode = |text: String, _| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            let encoded = (0..times).fold(text, encode);
            let placeholder = format!("{{{}}}", parameter.name);
            draft.path = draft.path.replace(&placeholder, &encoded);
            draft.path_values.push((placeholder, encoded));
        }
        Place::Query if value.is_null() => {}
        Place::Query => draft.query.push((parameter.name.clone(), text)),
        Place::Header => draft.headers.push((parameter.name.to_lowercase(), text)),
        Place::Body => draft.set_body(value),
    }
}
