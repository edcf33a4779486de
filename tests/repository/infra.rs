//! Checks what the Azure templates deploy, as the Bicep compiler computes it, and how they are written.

mod compiler;
mod deployments;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use deployments::{FINDINGS, MISTAKES, VARIANTS, lines, resources};
use evergrant::server::ROUTES;
use regex::Regex;
use sandbox::process::report;
use sandbox::repository::{files, is_a, read, root, skipped};
use serde_json::{Value, json};

use crate::rust::settings;

/// The compiler that read the templates last. Newer ones know newer API versions, which is no mistake of ours.
const READ_BY: &str = "0.49.2";

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

/// The lines of `infra/promises.txt` that start with `kind`.
fn promises(kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    let start = format!("{kind}: ");
    include_str!("infra/promises.txt").lines().filter_map(move |line| line.strip_prefix(&start))
}

/// Whether a resource has a property with this JSON value.
fn has(what: &Value, promise: &str) -> bool {
    let (property, value) = promise.split_once(' ').unwrap();
    let found = ["/properties/", "/"].iter().find_map(|start| what.pointer(&format!("{start}{property}")));
    found.unwrap_or(&Value::Null) == &serde_json::from_str::<Value>(value).unwrap()
}

fn of_type<'a>(deployment: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    resources(deployment).iter().filter(move |resource| resource["type"] == kind)
}

/// Compares a file of the repository with what it should be, or writes it if `EVERGRANT_UPDATE_SNAPSHOT` is set.
#[track_caller]
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
fn the_compiler_and_its_linter_have_nothing_to_say() {
    let Some(findings) = &*FINDINGS else { return };
    let is_age = |found: &String| found.contains("use-recent-api-versions") && findings.version != READ_BY;
    for (file, found) in &findings.diagnostics {
        assert!(found.iter().all(is_age), "{file}: {found:#?}");
    }
    for (file, found, formatted) in &findings.formatted {
        assert!(found == formatted, "{file} is not as `bicep format` writes it");
    }
}

#[test]
fn the_compiler_refuses_mistakes_in_templates_parameters_and_clients() {
    let Some(findings) = &*FINDINGS else { return };
    for ((changes, reasons), found) in MISTAKES.iter().zip(&findings.of_mistakes) {
        for reason in *reasons {
            assert!(found.iter().any(|found| found.contains(reason)), "{changes:?}, {reason}: {found:#?}");
        }
    }
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

#[test]
fn names_are_known_beforehand_so_that_what_if_shows_every_resource() {
    let Some(findings) = &*FINDINGS else { return };
    fn modules(template: &Value, found: &mut Vec<Value>) {
        for module in template["resources"].as_object().into_iter().flatten().map(|(_, resource)| resource) {
            if module["type"] == "Microsoft.Resources/deployments" {
                found.push(module["properties"]["parameters"].clone());
                modules(&module["properties"]["template"], found);
            }
        }
    }
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
            assert!(!id.contains(['[', '(']) || id.contains("environment()"), "{name}: {id}");
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
fn other_files_have_the_promised_properties() {
    for (file, promise) in promises("file").map(|promise| promise.split_once(' ').unwrap()) {
        let text = read(file);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| crate::workflows::yaml(&text));
        assert!(has(&json, promise), "{file} {promise}: {json:#}");
    }
}

#[test]
fn every_role_is_the_identitys_and_limited_to_its_key_container_or_component() {
    let Some(findings) = &*FINDINGS else { return };
    let scope = Regex::new(r"(\w+/[\w-]+)/providers/Microsoft.Authorization/roleAssignments/[0-9a-f-]{36}$").unwrap();
    for (variant, deployment) in &findings.deployments {
        let identity = of_type(deployment, "Microsoft.ManagedIdentity/userAssignedIdentities").next().unwrap();
        let principal = format!("[userAssignedIdentities/{}.principalId]", identity["name"].as_str().unwrap());
        let mut roles = BTreeSet::new();
        for role in of_type(deployment, "Microsoft.Authorization/roleAssignments") {
            assert_eq!(role["properties"]["principalId"], principal, "{variant}");
            let scope = &scope.captures(role["id"].as_str().unwrap()).unwrap()[1];
            // Accounts and components have other names in some variants.
            let scope = if scope.starts_with("storageAccounts") || scope.starts_with("components") {
                scope.split('/').next().unwrap()
            } else {
                scope
            };
            let definition = role["properties"]["roleDefinitionId"].as_str().unwrap().rsplit('/').next().unwrap();
            assert!(roles.insert(format!("{definition} {scope}")), "{variant}: twice {definition} {scope}");
        }
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

#[test]
fn clients_have_the_fields_of_the_json_schema() {
    let Some(findings) = &*FINDINGS else { return };
    let schema: Value = serde_json::from_str(&read("docs/clients.schema.json")).unwrap();
    let schema = &schema["$defs"]["client"];
    let (name, client) = findings.template["definitions"]
        .as_object()
        .unwrap()
        .iter()
        .find(|(name, _)| name.ends_with("registeredClient"))
        .unwrap();
    let of_type: BTreeMap<&String, bool> = client["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, field)| (name, field["nullable"] != true))
        .collect();
    let is_required = |name: &String| schema["required"].as_array().unwrap().contains(&json!(name));
    let of_schema = schema["properties"].as_object().unwrap().keys().map(|name| (name, is_required(name))).collect();
    assert_eq!(of_type, of_schema, "{name}");
    assert_eq!(client["additionalProperties"], false);
    for (name, field) in client["properties"].as_object().unwrap() {
        assert!(field["metadata"]["description"].is_string(), "{name}");
        let values = |field: &Value, key: &str| -> BTreeSet<String> {
            field[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        };
        let expected = &schema["properties"][name];
        let expected = if expected["items"]["enum"].is_array() { &expected["items"] } else { expected };
        let found = if field["items"]["allowedValues"].is_array() { &field["items"] } else { field };
        assert_eq!(values(found, "allowedValues"), values(expected, "enum"), "{name}");
    }
}

#[test]
fn parameters_and_outputs_have_descriptions_and_disabled_rules_have_reasons() {
    let reason = Regex::new(r"checkov:skip=\w+:.{15,}").unwrap();
    for name in files("infra").into_iter().filter(|name| is_a("bicep", name)) {
        let text = read(&name);
        assert!(
            !Regex::new(r"(?m)^(param|output) \w+ (object|array)\b").unwrap().is_match(&text),
            "{name}: use a type"
        );
        for declaration in text.split("\n\n") {
            let declares = |kind: &str| declaration.lines().any(|line| line.starts_with(kind));
            let described = [("param ", "e.g. "), ("output ", "@description('"), ("type ", "@description('")];
            let is_described = |(kind, words): &(&str, &str)| !declares(kind) || declaration.contains(words);
            assert!(described.iter().all(is_described), "{name}: {declaration}");
        }
        for pair in text.lines().collect::<Vec<_>>().windows(2) {
            assert!(!pair[1].contains("checkov:skip=") || reason.is_match(pair[1]), "{name}: {}", pair[1]);
            let is_explained = pair[0].contains("// ") || pair[1].contains("// ");
            assert!(!pair[1].contains("#disable-next-line") || is_explained, "{name}: {}", pair[1]);
        }
    }
}

/// checkov cannot read types, so it gets what would be deployed. The templates have the reasons for what it may skip.
#[test]
fn checkov_reads_what_is_deployed_and_finds_no_problem() {
    let Some(findings) = &*FINDINGS else { return };
    let checkov = root().join("tests/tools/infra/.venv/bin/checkov");
    if !checkov.exists() {
        return skipped("checkov is not installed, so the templates were not checked by it; ./test installs it");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, deployment) in findings.deployments.iter().filter(|(name, _)| ["default", "everything"].contains(name)) {
        let template = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": resources(deployment)});
        std::fs::write(folder.path().join(format!("{name}.json")), template.to_string()).unwrap();
    }
    let skip = Regex::new(r"checkov:skip=(\w+):").unwrap();
    let texts: String = files("infra").iter().map(|name| read(name)).collect();
    let skips: BTreeSet<&str> = skip.captures_iter(&texts).map(|found| found.get(1).unwrap().as_str()).collect();
    let mut command = Command::new(checkov);
    command.args(["--framework", "arm", "--skip-download", "--compact", "--quiet", "--skip-check"]);
    command.arg(skips.into_iter().collect::<Vec<_>>().join(",")).arg("--directory").arg(folder.path());
    // Keep the byte code of the first run for later runs.
    let report = report(command.current_dir(root()).env_remove("PYTHONDONTWRITEBYTECODE")).unwrap();
    assert!(report.contains("Failed checks: 0"), "{report}");
    // checkov does not fail for unreadable files, so check its output.
    for trouble in ["Parsing errors", "Failed to run check", "Passed checks: 0"] {
        assert!(!report.contains(trouble), "{report}");
    }
}
