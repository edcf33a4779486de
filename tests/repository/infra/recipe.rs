//! The Logic App of `examples/callers`: the compiler has nothing to say, and its call has the identity's token for our audience.

use readers::bicep::compiler;
use readers::deployments::{deployment, resources};
use readers::files::read;
use serde_json::json;

#[test]
fn the_logic_app_calls_the_gateway_with_a_token_of_its_managed_identity() {
    let (Some(mut compiler), text) = (compiler(), read("examples/callers/logic-app.bicep")) else { return };
    compiler.write("logic-app.bicep", &text);
    let found = compiler.diagnostics("logic-app.bicep");
    assert!(found.is_empty(), "{found:#?}");
    assert!(compiler.formatted("logic-app.bicep") == text, "the Logic App is not as `bicep format` writes it");
    let logic_app = deployment(&mut compiler, &read("tests/repository/infra/logic-app.bicepparam"), Some("evergrant"));
    let [workflow] = resources(&logic_app) else { panic!("{logic_app:#}") };
    assert_eq!(workflow["identity"]["type"], "SystemAssigned");
    let definition = &workflow["properties"]["definition"];
    let mut actions = definition["actions"].as_object().unwrap().values();
    let inputs = json!({
        "method": "GET", "uri": "https://contoso.example/gateway/clm/members/current",
        "authentication": {"type": "ManagedServiceIdentity", "audience": "api://d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88"},
    });
    assert_eq!(actions.next().unwrap()["inputs"], inputs);
    assert!(definition["triggers"].as_object().is_some_and(|triggers| !triggers.is_empty()));
}
