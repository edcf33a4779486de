//! `evergrant connector power-automate`: the files of the custom connector, and how Power Platform uses them.
//!
//! [`rules`] checks them against the platform's rules and [`schemas`] against published validators. [`actions`] and
//! [`envelopes`] run every action against the sandbox's CLM and eSignature, as the platform does ([`platform`]).

mod actions;
mod command;
mod envelopes;
mod platform;
mod refusals;
mod rules;
mod schema;
mod schemas;
mod sign_in;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::support::{root, run};

/// The URL in the committed copy.
const COMMITTED_URL: &str = "https://contoso-evergrant.azurewebsites.net";

/// The files of a connector.
const FILES: [&str; 5] = ["README.md", "apiDefinition.swagger.json", "apiProperties.json", "icon.png", "settings.json"];

/// Every variant, by the options of the command.
const VARIANTS: [&str; 6] = [
    "--api clm",
    "--api clm --through-gateway",
    "--api clm --api-key",
    "--api esignature",
    "--api esignature --through-gateway",
    "--api esignature --api-key",
];

/// Whether a variant calls Evergrant's gateway.
fn uses_gateway(variant: &str) -> bool {
    !VARIANTS.iter().step_by(3).any(|direct| *direct == variant)
}

/// Runs the command and returns the files it wrote.
async fn write(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let folder = folder.display().to_string();
    let all = [&["connector", "power-automate", "--out", &folder], arguments].concat();
    run(&all, &[]).await
}

/// The files of a variant for the committed URL, as the command writes them. It runs once for each variant.
async fn files(variant: &str) -> &'static BTreeMap<String, Vec<u8>> {
    static WRITTEN: [OnceCell<BTreeMap<String, Vec<u8>>>; VARIANTS.len()] =
        [const { OnceCell::const_new() }; VARIANTS.len()];
    let place = VARIANTS.iter().position(|known| *known == variant).expect("a variant");
    let write_files = async || {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<&str> = ["--public-url", COMMITTED_URL].into_iter().chain(variant.split(' ')).collect();
        let output = write(folder.path(), &options).await;
        assert!(output.status.success(), "{output:?}");
        let content = |name: &str| (name.to_owned(), std::fs::read(folder.path().join(name)).unwrap());
        FILES.map(content).into()
    };
    WRITTEN[place].get_or_init(write_files).await
}

/// The definition and the properties of a variant.
async fn connector(variant: &str) -> (Value, Value) {
    let files = files(variant).await;
    let json = |name: &str| serde_json::from_slice(&files[name]).unwrap();
    (json("apiDefinition.swagger.json"), json("apiProperties.json"))
}

/// The definition and the properties of the connector in `folder`.
fn read(folder: &Path) -> (Value, Value) {
    let json = |name: &str| serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    (json("apiDefinition.swagger.json"), json("apiProperties.json"))
}

/// The definition and the properties of the committed connector.
fn committed() -> (Value, Value) {
    read(&root().join("connectors/power-automate"))
}

/// Writes what of the repository is made from the connectors.
const UPDATE: &str = "EVERGRANT_UPDATE_DOCS=1 cargo test --test api connector";

/// All operations, with path and method.
fn operations(definition: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = definition["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

/// The target of a `$ref`, or the value itself.
fn resolve<'d>(definition: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => definition.pointer(reference.trim_start_matches('#')).expect("a reference with a target"),
        None => value,
    }
}

/// The parameters of an operation.
fn parameters<'d>(definition: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    let list = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|parameter| resolve(definition, parameter)).collect()
}

/// The response of an operation that has a schema; there is only one.
fn response_schema<'d>(definition: &'d Value, operation: &'d Value) -> Option<&'d Value> {
    let schema = operation["responses"].as_object()?.values().find_map(|response| response.get("schema"));
    schema.map(|schema| resolve(definition, schema))
}
