//! What is deployed with each option: properties, roles, settings, names, and what is public.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use evergrant::server::ROUTES;
use readers::files::root;
use regex::Regex;
use serde_json::{Value, json};

use super::deployments::{FINDINGS, VARIANTS, lines, resources};
use super::{has, promises};
use readers::rust::settings;

/// The app settings for the Functions host and the Azure SDK.
const PLATFORM_SETTINGS: [&str; 7] = [
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
];

/// The longest names that Azure allows, by type.
const LONGEST_NAMES: [(&str, usize); 16] = [
    ("Microsoft.Insights/actionGroups", 260),
    ("Microsoft.Insights/components", 260),
    ("Microsoft.Insights/metricAlerts", 260),
    ("Microsoft.Insights/scheduledQueryRules", 260),
    ("Microsoft.KeyVault/vaults", 24),
    ("Microsoft.KeyVault/vaults/keys", 127),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", 128),
    ("Microsoft.Network/networkSecurityGroups", 80),
    ("Microsoft.Network/privateDnsZones", 63),
    ("Microsoft.Network/privateEndpoints", 64),
    ("Microsoft.Network/virtualNetworks", 64),
    ("Microsoft.OperationalInsights/workspaces", 63),
    ("Microsoft.Storage/storageAccounts", 24),
    ("Microsoft.Storage/storageAccounts/blobServices/containers", 63),
    ("Microsoft.Web/serverfarms", 60),
    ("Microsoft.Web/sites", 43),
];

fn of_type<'a>(deployment: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    resources(deployment).iter().filter(move |resource| resource["type"] == kind)
}

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
    let Some(findings) = &*FINDINGS else { return };
    assert_file("infra/main.snapshot.json", &findings.default);
    let default = lines(&findings.deployments["default"]);
    let mut text =
        "What each option changes compared with infra/main.snapshot.json. The test infra writes this file.\n"
            .to_owned();
    for (name, parameters) in VARIANTS.iter().filter(|(name, _)| !["default", "longest names"].contains(name)) {
        let variant = lines(&findings.deployments[name]);
        write!(text, "\n# {name}: {}\n", parameters.replace('\n', ", ")).unwrap();
        default.difference(&variant).for_each(|line| writeln!(text, "- {line}").unwrap());
        variant.difference(&default).for_each(|line| writeln!(text, "+ {line}").unwrap());
    }
    assert_file("tests/repository/infra/variants.txt", &text);
}

/// Adds the parameters of every module.
fn modules(template: &Value, found: &mut Vec<Value>) {
    for module in template["resources"].as_object().into_iter().flatten().map(|(_, resource)| resource) {
        if module["type"] == "Microsoft.Resources/deployments" {
            found.push(module["properties"]["parameters"].clone());
            modules(&module["properties"]["template"], found);
        }
    }
}

#[test]
fn names_are_known_beforehand_so_that_what_if_shows_every_resource() {
    let Some(findings) = &*FINDINGS else { return };
    let mut parameters = Vec::new();
    modules(&findings.template, &mut parameters);
    assert!(parameters.len() > 10, "{parameters:?}");
    for parameters in parameters {
        // what-if does not look into a module with such a parameter.
        assert!(!parameters.to_string().contains("reference("), "{parameters:#}");
    }
    for (name, deployment) in &findings.deployments {
        assert_eq!(deployment["diagnostics"], json!([]), "{name}");
        for id in resources(deployment).iter().map(|resource| resource["id"].as_str().unwrap()) {
            let is_known_in_azure = ["environment()", "deployer()"].iter().any(|known| id.contains(known));
            assert!(!id.contains(['[', '(']) || is_known_in_azure, "{name}: {id}");
        }
    }
}

#[test]
fn names_have_the_length_that_azure_allows() {
    let Some(findings) = &*FINDINGS else { return };
    let mut seen = BTreeSet::new();
    for (variant, deployment) in &findings.deployments {
        for (kind, longest) in LONGEST_NAMES {
            for resource in of_type(deployment, kind) {
                seen.insert(kind);
                let name = resource["name"].as_str().unwrap().rsplit('/').next().unwrap();
                assert!(
                    (1..=longest).contains(&name.len()) || name.contains("environment()"),
                    "{variant}: {kind} {name}"
                );
            }
        }
    }
    assert_eq!(seen.len(), LONGEST_NAMES.len(), "{seen:?}");
}

#[test]
fn resources_have_the_promised_properties() {
    let Some(findings) = &*FINDINGS else { return };
    for (variant, deployment) in &findings.deployments {
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
    let Some(findings) = &*FINDINGS else { return };
    let scope = r"(\w+/[\w-]+)(?:/providers/|', ')Microsoft.Authorization/roleAssignments(?:/[0-9a-f-]{36}$|', guid)";
    let scope = Regex::new(scope).unwrap();
    for (variant, deployment) in &findings.deployments {
        let identity = of_type(deployment, "Microsoft.ManagedIdentity/userAssignedIdentities").next().unwrap();
        let principal = format!("[userAssignedIdentities/{}.principalId]", identity["name"].as_str().unwrap());
        let (mut roles, mut writers) = (BTreeSet::new(), BTreeSet::new());
        for role in of_type(deployment, "Microsoft.Authorization/roleAssignments") {
            let is_identitys = role["properties"]["principalId"] == principal;
            assert!(
                is_identitys || role["properties"]["principalId"] == "[deployer().objectId]",
                "{variant}: {role:#}"
            );
            assert!(!is_identitys || role["properties"]["principalType"] == "ServicePrincipal", "{variant}: {role:#}");
            let scope = &scope.captures(role["id"].as_str().unwrap()).unwrap()[1];
            // Accounts and components have other names in some variants.
            let scope = if scope.starts_with("storageAccounts") || scope.starts_with("components") {
                scope.split('/').next().unwrap()
            } else {
                scope
            };
            let definition = role["properties"]["roleDefinitionId"].as_str().unwrap().rsplit('/').next().unwrap();
            let found = if is_identitys { &mut roles } else { &mut writers };
            assert!(found.insert(format!("{definition} {scope}")), "{variant}: twice {definition} {scope}");
        }
        assert_eq!(writers, promises("writer").map(ToOwned::to_owned).collect(), "{variant}");
        let expected = promises("role").chain(promises(&format!("role of {variant}")));
        assert_eq!(roles, expected.map(ToOwned::to_owned).collect(), "{variant}");
    }
}

#[test]
fn app_settings_are_the_handlers_and_those_of_the_platform() {
    let Some(findings) = &*FINDINGS else { return };
    let expected: BTreeSet<String> = settings().into_iter().chain(PLATFORM_SETTINGS.map(ToOwned::to_owned)).collect();
    for (variant, deployment) in &findings.deployments {
        let set = of_type(deployment, "Microsoft.Web/sites/config").next().unwrap();
        let set: BTreeSet<String> = set["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(set, expected, "{variant}");
    }
}

#[test]
fn nothing_is_public_but_the_app() {
    let Some(findings) = &*FINDINGS else { return };
    for (variant, deployment) in &findings.deployments {
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
    let Some(findings) = &*FINDINGS else { return };
    let mut outputs = findings.deployments["everything"]["outputs"].as_object().unwrap().clone();
    for (output, path) in promises("output").map(|promise| promise.split_once(' ').unwrap_or((promise, ""))) {
        let value = outputs.remove(output).unwrap();
        let is_route = ROUTES.iter().any(|route| route.path.trim_end_matches("/{client_id?}") == path);
        let is_url = is_route && value == format!("[format('{{0}}{path}', settings.publicUrl)]");
        assert!(is_url || path.is_empty(), "{output}: {value}");
    }
    assert!(outputs.is_empty(), "{outputs:?}");
    let template = findings.template.to_string();
    for trouble in "listKeys listSecrets listAccountSas getSecret securestring secureObject".split(' ') {
        assert!(!template.contains(trouble), "{trouble}");
    }
}
