//! What is deployed with each option: properties, roles, settings, names, and what is public.

use std::fmt::Write as _;

use evergrant::server::ROUTES;
use readers::bicep::compiler;
use readers::deployments::{DEPLOYMENTS, lines, modules, of_type, options, resources, with};
use readers::files::root;
use readers::rust::settings;
use regex::Regex;
use serde_json::{Value, json};

use super::{has, promises, sorted};

/// Compares a file of the repository with what it should be, or writes it if `EVERGRANT_UPDATE_SNAPSHOT` is set.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a switch for who runs the tests, not a setting")]
fn assert_file(name: &str, expected: &str) {
    if std::env::var_os("EVERGRANT_UPDATE_SNAPSHOT").is_some() {
        std::fs::write(root().join(name), expected).unwrap();
    }
    let found = std::fs::read_to_string(root().join(name)).unwrap_or_default();
    let difference = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    let how = "review what changes, and write it with EVERGRANT_UPDATE_SNAPSHOT=1 cargo test --test repository infra";
    assert!(found == expected, "{name} is not what the templates deploy; {how}: {difference:#?}");
}

#[test]
fn the_snapshot_and_the_differences_of_variants_are_those_in_the_repository() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let snapshot = compiler().unwrap().snapshot(&with(""), Some("evergrant"));
    let mut snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    // The compiler writes outputs in another order every time.
    snapshot["outputs"].as_object_mut().unwrap().sort_keys();
    assert_file("infra/main.snapshot.json", &format!("{snapshot:#}\n"));
    let default = lines(&deployments["default"]);
    let mut text =
        "What each option changes compared with infra/main.snapshot.json. The test infra writes this file.\n"
            .to_owned();
    for (name, parameters) in options().filter(|(name, _)| !["default", "longest names"].contains(name)) {
        let variant = lines(&deployments[name]);
        write!(text, "\n# {name}: {parameters}\n").unwrap();
        default.difference(&variant).for_each(|line| writeln!(text, "- {line}").unwrap());
        variant.difference(&default).for_each(|line| writeln!(text, "+ {line}").unwrap());
    }
    assert_file("tests/repository/infra/variants.txt", &text);
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
    for (kind, longest) in promises("longest name").map(|promise| promise.split_once(' ').unwrap()) {
        let resources: Vec<_> = deployments.values().flat_map(|deployment| of_type(deployment, kind)).collect();
        assert!(!resources.is_empty(), "{kind}");
        for name in resources.iter().map(|resource| resource["name"].as_str().unwrap()) {
            let is_short = (1..=longest.parse().unwrap()).contains(&name.rsplit('/').next().unwrap().len());
            assert!(is_short || name.contains("environment()"), "{kind} {name}");
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
    // Accounts and components have other names in some variants.
    let scope = r"(?:(storageAccounts|components)/[\w-]+|(\w+/[\w-]+))(?:/providers/|', ')Microsoft.Authorization/roleAssignments(?:/[0-9a-f-]{36}$|', guid)";
    let scope = Regex::new(scope).unwrap();
    for (variant, deployment) in deployments {
        let identity = of_type(deployment, "Microsoft.ManagedIdentity/userAssignedIdentities").next().unwrap();
        let identity = format!("[userAssignedIdentities/{}.principalId]", identity["name"].as_str().unwrap());
        let (mut of_identity, mut of_writer) = (Vec::new(), Vec::new());
        for role in of_type(deployment, "Microsoft.Authorization/roleAssignments") {
            let scope = scope.captures(role["id"].as_str().unwrap()).unwrap();
            let scope = scope.get(1).or(scope.get(2)).unwrap().as_str();
            let role = &role["properties"];
            let definition = role["roleDefinitionId"].as_str().unwrap().rsplit('/').next().unwrap();
            if role["principalId"] == identity {
                assert_eq!(role["principalType"], "ServicePrincipal", "{variant}: {role:#}");
                of_identity.push(format!("{definition} {scope}"));
            } else {
                assert_eq!(role["principalId"], "[deployer().objectId]", "{variant}: {role:#}");
                of_writer.push(format!("{definition} {scope}"));
            }
        }
        let expected = promises("role").chain(promises(&format!("role of {variant}")));
        assert_eq!(sorted(of_identity), sorted(expected), "{variant}");
        assert_eq!(sorted(of_writer), sorted(promises("writer")), "{variant}");
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
        let is_private =
            resources(deployment).iter().any(|resource| resource["type"] == "Microsoft.Network/virtualNetworks");
        for resource in resources(deployment) {
            let (kind, text) = (resource["type"].as_str().unwrap(), resource["properties"].to_string());
            let is_data = ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"].contains(&kind);
            let is_open = text.contains(r#""publicNetworkAccess":"Enabled""#);
            assert_eq!(is_open, kind == "Microsoft.Web/sites" || is_data && !is_private, "{variant}: {resource:#}");
            let is_denied = text.contains(r#""defaultAction":"Deny""#);
            assert_eq!(is_denied, is_data && is_private, "{variant}: {resource:#}");
            assert!(!kind.contains("publicIP"), "{variant}: {resource:#}");
            let is_container = kind.ends_with("/containers");
            assert!(!is_container || resource["properties"]["publicAccess"] == "None", "{variant}: {resource:#}");
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
