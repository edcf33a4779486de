//! The compiler, its linter and checkov accept the templates, and the templates have types and descriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use readers::files::report;
use readers::files::{files, is_a, read, root, skipped};
use regex::Regex;
use serde_json::{Value, json};

use super::deployments::{FINDINGS, MISTAKES, lines, resources};
use super::{has, promises};

/// The compiler that read the templates last. Newer ones know newer API versions, which is no mistake of ours.
const READ_BY: &str = "0.49.2";

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

/// `./deploy --what-if` shows the same before the group exists and after.
#[test]
fn the_template_of_the_group_has_the_parameters_of_the_other_and_creates_the_same() {
    let Some(findings) = &*FINDINGS else { return };
    let parameters = |template: &Value| template["parameters"].as_object().unwrap().clone();
    let (of_group, of_main) = (parameters(&findings.group_template), parameters(&findings.template));
    let more: Vec<_> = of_group.keys().filter(|name| !of_main.contains_key(*name)).collect();
    assert_eq!(more, ["resourceGroupName"]);
    for (name, mut parameter) in of_main {
        let mut other = of_group.get(&name).unwrap_or_else(|| panic!("{name} is missing in group.bicep")).clone();
        let has_default = parameter.as_object_mut().unwrap().remove("defaultValue").is_some();
        let may_be_left_out = other.as_object_mut().unwrap().remove("nullable").is_some();
        assert_eq!(has_default && name != "location", may_be_left_out, "{name}");
        assert_eq!(parameter, other, "{name}");
    }
    let (mut preview, default) = (lines(&findings.preview), lines(&findings.deployments["default"]));
    preview.retain(|line| !line.starts_with("/subscriptions/"));
    assert_eq!(preview, default);
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
    let untyped = Regex::new(r"(?m)^(param|output) \w+ (object|array)\b").unwrap();
    let reason = Regex::new(r"checkov:skip=\w+:.{15,}").unwrap();
    for name in files("infra").into_iter().filter(|name| is_a("bicep", name)) {
        let text = read(&name);
        assert!(!untyped.is_match(&text), "{name}: use a type");
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

#[test]
fn other_files_have_the_promised_properties() {
    for (file, promise) in promises("file").map(|promise| promise.split_once(' ').unwrap()) {
        let text = read(file);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| readers::yaml::parse(&text));
        assert!(has(&json, promise), "{file} {promise}: {json:#}");
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
