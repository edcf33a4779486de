//! The Logic App of `examples/callers`: the compiler has nothing to say, and its call has the identity's token for our audience.

use readers::files::read;
use serde_json::json;

use super::deployments::{FINDINGS, LOGIC_APP, resources};

#[test]
fn the_logic_app_calls_the_gateway_with_a_token_of_its_managed_identity() {
    let Some(findings) = &*FINDINGS else { return };
    assert!(findings.logic_app_diagnostics.is_empty(), "{:#?}", findings.logic_app_diagnostics);
    assert!(findings.logic_app_formatted == read(LOGIC_APP), "{LOGIC_APP} is not as `bicep format` writes it");
    let [workflow] = resources(&findings.logic_app) else { panic!("{:#}", findings.logic_app) };
    assert_eq!(workflow["identity"]["type"], "SystemAssigned");
    let definition = &workflow["properties"]["definition"];
    let mut actions = definition["actions"].as_object().unwrap().values();
    let inputs = &actions.next().unwrap()["inputs"];
    assert_eq!(
        inputs,
        &json!({
            "method": "GET", "uri": "https://contoso.example/gateway/clm/members/current",
            "authentication": {"type": "ManagedServiceIdentity", "audience": "api://d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88"},
        })
    );
    assert!(definition["triggers"].as_object().is_some_and(|triggers| !triggers.is_empty()));
}
