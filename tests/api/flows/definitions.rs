//! The definitions of the flows: what the platform checks when a flow is saved or imported.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::flows::expression::{Expression, parse};
use sandbox::flows::{FLOWS, Operation, Place, Reference};
use sandbox::share_point;
use serde_json::{Map, Value};

use super::bench::Written;

const URL: &str = "https://contoso-evergrant.azurewebsites.net";

/// Functions of the workflow definition language that the flows may use.
const FUNCTIONS: &str = "actions add and body coalesce concat contains createArray div empty equals first greater greaterOrEquals if int \
                         join json last lastIndexOf length less lessOrEquals min mul not or outputs parameters replace skip split \
                         string sub substring trim triggerBody triggerOutputs variables";

/// Every action, with the kinds of the containers around it.
fn actions<'f>(
    container: &'f Map<String, Value>,
    around: &[&'f str],
    found: &mut Vec<(&'f String, &'f Value, Vec<&'f str>)>,
) {
    for (name, action) in container {
        found.push((name, action, around.to_vec()));
        let inside = [around, &[action["type"].as_str().unwrap()]].concat();
        for branch in [&action["actions"], &action["else"]["actions"]].into_iter().filter_map(Value::as_object) {
            assert!(branch.values().all(|action| action["runAfter"].is_object()), "{name}");
            let names: BTreeSet<_> = branch.keys().collect();
            let before = branch.values().flat_map(|action| action["runAfter"].as_object().unwrap().keys());
            before.for_each(|before| assert!(names.contains(before), "{before} is not in the container of {name}"));
            actions(branch, &inside, found);
        }
    }
}

fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

/// The expressions in a text.
fn expressions(text: &str) -> Vec<Expression> {
    match text.strip_prefix('@') {
        Some(whole) if !whole.starts_with('{') => vec![parse(whole).unwrap()],
        _ => text
            .split("@{")
            .skip(1)
            .map(|part| parse(part.rsplit_once('}').map_or(part, |_| up_to_brace(part))).unwrap())
            .collect(),
    }
}

fn up_to_brace(text: &str) -> &str {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, character)| {
        quoted ^= *character == '\'';
        *character == '}' && !quoted
    });
    &text[..end.unwrap().0]
}

/// Calls `see` with every function call in an expression.
fn calls<'e>(expression: &'e Expression, see: &mut impl FnMut(&'e str, &'e [Expression])) {
    match expression {
        Expression::Literal(_) => {}
        Expression::Member { of, name, .. } => [of, name].into_iter().for_each(|part| calls(part, see)),
        Expression::Call { function, arguments } => {
            see(function, arguments);
            for argument in arguments {
                calls(argument, see);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_and_parameter_exists_in_its_connector() {
    let written = Written::new(URL).await;
    let mut checked = 0;
    for flow in FLOWS {
        let connectors: BTreeMap<String, Vec<Operation>> = written
            .solutions
            .references(flow)
            .into_iter()
            .map(|Reference { name, connector, .. }| {
                (
                    name,
                    connector.map_or_else(share_point::operations, |name| {
                        Operation::all(&written.solutions.connector(&name).0)
                    }),
                )
            })
            .collect();
        let file = written.solutions.workflow(flow);
        let definition = &file["properties"]["definition"];
        let mut found = Vec::new();
        actions(definition["triggers"].as_object().unwrap(), &[], &mut found);
        actions(definition["actions"].as_object().unwrap(), &[], &mut found);
        for (name, action, _) in found.into_iter().filter(|(_, action, _)| action["type"] == "OpenApiConnection") {
            let inputs = &action["inputs"];
            let connection = inputs["host"]["connectionName"].as_str().unwrap();
            assert_eq!(inputs["host"]["apiId"], format!("/providers/Microsoft.PowerApps/apis/{connection}"));
            assert_eq!(inputs["authentication"], "@parameters('$authentication')");
            let id = inputs["host"]["operationId"].as_str().unwrap();
            let operation = connectors[connection].iter().find(|operation| operation.id == id);
            let operation = operation.unwrap_or_else(|| panic!("{flow}: {name}: there is no {id}"));
            let given = inputs["parameters"].as_object().unwrap();
            given.keys().for_each(|given| assert!(operation.accepts(given), "{flow}: {name}: {id} has no {given}"));
            let needed =
                operation.parameters.iter().filter(|parameter| parameter.required && parameter.default.is_none());
            for parameter in needed {
                let is_given =
                    |given: &&String| **given == parameter.name || given.starts_with(&format!("{}/", parameter.name));
                assert!(given.keys().any(|name| is_given(&name)), "{flow}: {name}: {id} requires {}", parameter.name);
                assert!(parameter.place != Place::Body || !given.is_empty());
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definitions_follow_the_platforms_rules() {
    let written = Written::new(URL).await;
    for flow in FLOWS {
        let file = written.solutions.workflow(flow);
        assert_eq!(file["schemaVersion"], "1.0.0.0");
        let definition = &file["properties"]["definition"];
        for name in ["$connections", "$authentication"] {
            assert!(definition["parameters"][name].is_object(), "{flow} {name}");
        }
        let [trigger] = definition["triggers"].as_object().unwrap().values().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(trigger["splitOn"], "@triggerBody()?['value']");
        assert_eq!(
            trigger["runtimeConfiguration"]["concurrency"]["runs"], 1,
            "events of one document must not overlap"
        );
        let mut found = Vec::new();
        actions(definition["actions"].as_object().unwrap(), &[], &mut found);
        let names: BTreeSet<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names.len(), found.len(), "{flow}: names are unique, also in different containers");
        for (name, action, around) in &found {
            assert!(name.len() <= 80 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
            assert!(around.len() < 8, "{name} is too deep");
            match action["type"].as_str().unwrap() {
                "Terminate" => assert!(!around.contains(&"Until"), "{name}: not allowed in a loop"),
                "InitializeVariable" => assert!(around.is_empty(), "{name}: only at the top"),
                _ => {}
            }
        }
        check_expressions(flow, definition, &names);
    }
}

/// Every function is known, and every action, parameter and variable that an expression names exists.
fn check_expressions(flow: &str, definition: &Value, names: &BTreeSet<&str>) {
    let mut all = Vec::new();
    texts(&definition["actions"], &mut all);
    texts(&definition["triggers"], &mut all);
    let expressions: Vec<Expression> = all.into_iter().flat_map(expressions).collect();
    let parameters = definition["parameters"].as_object().unwrap();
    let mut used = BTreeSet::from(["$connections", "$authentication"]);
    for expression in &expressions {
        calls(expression, &mut |function, arguments| {
            assert!(FUNCTIONS.split_whitespace().any(|known| known == function), "{flow}: {function}");
            let [Expression::Literal(Value::String(name)), ..] = arguments else { return };
            match function {
                "parameters" => {
                    used.insert(name);
                }
                "actions" | "body" | "outputs" => assert!(names.contains(name.as_str()), "{flow}: there is no {name}"),
                _ => {}
            }
        });
    }
    assert_eq!(used, parameters.keys().map(String::as_str).collect(), "{flow}");
    for (name, parameter) in parameters.iter().filter(|(name, _)| !name.starts_with('$')) {
        let schema_name = parameter["metadata"]["schemaName"].as_str().unwrap();
        assert!(name.ends_with(&format!("({schema_name})")), "{name}");
    }
}
