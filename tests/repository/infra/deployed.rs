//! What is deployed with each option: properties, roles, settings, names, and what is public.

use evergrant::server::ROUTES;
use readers::bicep::compiler;
use readers::deployments::{DEPLOYMENTS, differences, of_type, resources, roles, with};
use readers::generated::assert_written;
use readers::promises::{has, promises};
use readers::rust::settings;
use readers::templates::modules;
use serde_json::{Value, json};

fn sorted(names: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    names.sort();
    names
}

/// Writes both files about the deployments.
const UPDATE: &str = "EVERGRANT_UPDATE_SNAPSHOT=1 cargo test --test repository infra";

#[test]
fn the_snapshot_and_the_differences_of_variants_are_those_in_the_repository() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let snapshot = compiler().unwrap().snapshot(&with(""), Some("evergrant"));
    let mut snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    // The compiler writes outputs in another order every time.
    snapshot["outputs"].as_object_mut().unwrap().sort_keys();
    assert_written("infra/main.snapshot.json", &format!("{snapshot:#}\n"), UPDATE);
    assert_written("tests/repository/infra/variants.txt", &differences(deployments), UPDATE);
}

#[test]
fn names_are_known_beforehand_so_that_what_if_shows_every_resource() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let mut parameters = Vec::new();
    modules(&compiler().unwrap().template("main.bicep"), &mut parameters);
    assert!(parameters.len() > 10, "{parameters:?}");
    for parameters in parameters {
        // what-if does not look into a module with such a parameter.
        assert!(!parameters.to_string().contains("reference("), "{parameters:#}");
    }
    for (name, deployment) in deployments {
        assert_eq!(deployment["diagnostics"], json!([]), "{name}");
        for id in resources(deployment).iter().map(|resource| resource["id"].as_str().unwrap()) {
            let is_known_in_azure = ["environment()", "deployer()"].iter().any(|known| id.contains(known));
            assert!(!id.contains(['[', '(']) || is_known_in_azure, "{name}: {id}");
        }
    }
}

#[test]
fn names_have_the_length_that_azure_allows() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    for (kind, longest) in promises("name limit").map(|promise| promise.split_once(' ').unwrap()) {
        let of_kind = |(variant, deployment)| of_type(deployment, kind).map(move |resource| (variant, resource));
        let resources: Vec<_> = deployments.iter().flat_map(of_kind).collect();
        assert!(!resources.is_empty(), "{kind}");
        for (variant, resource) in resources {
            let name = resource["name"].as_str().unwrap();
            let is_short = (1..=longest.parse().unwrap()).contains(&name.rsplit('/').next().unwrap().len());
            assert!(is_short || name.contains("environment()"), "{variant}: {kind} {name}");
        }
    }
}

#[test]
fn resources_have_the_promised_properties() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    for (variant, deployment) in deployments {
        for promise in promises("always").chain(promises(variant)) {
            let (kind, promise) = promise.split_once(' ').unwrap();
            let ends = |id: &Value, end: &str| id.as_str().is_some_and(|id| id.ends_with(end));
            let is_meant = |resource: &&Value| {
                ends(&resource["type"], &format!("Microsoft.{kind}")) || ends(&resource["id"], kind)
            };
            let meant: Vec<&Value> = resources(deployment).iter().filter(is_meant).collect();
            let is_kept = !meant.is_empty() && meant.iter().all(|resource| has(resource, promise));
            assert!(is_kept, "{variant}: {kind} {promise}: {meant:#?}");
        }
    }
}

#[test]
fn every_role_is_the_identitys_or_the_registrys_writers_and_limited_to_its_key_container_or_component() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    for (variant, deployment) in deployments {
        let identity = of_type(deployment, "Microsoft.ManagedIdentity/userAssignedIdentities").next().unwrap();
        let identity = format!("[userAssignedIdentities/{}.principalId]", identity["name"].as_str().unwrap());
        let (of_identity, of_others): (Vec<_>, _) =
            roles(deployment).into_iter().partition(|role| role.principal == identity);
        assert!(of_identity.iter().all(|role| role.principal_type == "ServicePrincipal"), "{variant}: {of_identity:?}");
        assert!(of_others.iter().all(|role| role.principal == "[deployer().objectId]"), "{variant}: {of_others:?}");
        assert_eq!(sorted(of_others), sorted(promises("writer")), "{variant}");
        let expected = promises("role").chain(promises(&format!("role of {variant}")));
        assert_eq!(sorted(of_identity), sorted(expected), "{variant}");
    }
}

#[test]
fn app_settings_are_the_handlers_and_those_of_the_platform() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let expected = sorted(settings().into_iter().chain(promises("platform setting").map(ToOwned::to_owned)));
    for (variant, deployment) in deployments {
        let set = of_type(deployment, "Microsoft.Web/sites/config").next().unwrap();
        assert_eq!(sorted(set["properties"].as_object().unwrap().keys()), expected, "{variant}");
    }
}

#[test]
fn nothing_is_public_but_the_app() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    for (variant, deployment) in deployments {
        let is_private = of_type(deployment, "Microsoft.Network/virtualNetworks").next().is_some();
        for resource in resources(deployment) {
            let (kind, text) = (resource["type"].as_str().unwrap(), resource["properties"].to_string());
            let is_data = ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"].contains(&kind);
            let is_open = text.contains(r#""publicNetworkAccess":"Enabled""#);
            assert_eq!(is_open, kind == "Microsoft.Web/sites" || is_data && !is_private, "{variant}: {resource:#}");
            let is_denied = text.contains(r#""defaultAction":"Deny""#);
            assert_eq!(is_denied, is_data && is_private, "{variant}: {resource:#}");
            assert!(!kind.contains("publicIP"), "{variant}: {resource:#}");
        }
    }
}

#[test]
fn outputs_are_the_handlers_urls_and_contain_no_secret() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let mut outputs = deployments["everything"]["outputs"].as_object().unwrap().clone();
    for (output, path) in promises("output").map(|promise| promise.split_once(' ').unwrap_or((promise, ""))) {
        let value = outputs.remove(output).unwrap();
        let is_route = ROUTES.iter().any(|route| route.path.trim_end_matches("/{client_id?}") == path);
        let is_url = is_route && value == format!("[format('{{0}}{path}', settings.publicUrl)]");
        assert!(is_url || path.is_empty(), "{output}: {value}");
    }
    assert!(outputs.is_empty(), "{outputs:?}");
    let template = compiler().unwrap().template("main.bicep").to_string();
    for trouble in "listKeys listSecrets listAccountSas getSecret securestring secureObject".split(' ') {
        assert!(!template.contains(trouble), "{trouble}");
    }
}
