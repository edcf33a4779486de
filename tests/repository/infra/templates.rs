//! The compiler, its linter and checkov accept the templates, and the templates have types and descriptions.

use std::collections::BTreeSet;

use readers::bicep::{Finding, compiler};
use readers::deployments::{DEPLOYMENTS, deployment, lines, resources, with};
use readers::files::{files, is_a, read};
use readers::linters::checkov;
use readers::promises::{has, promises};
use readers::templates::fields;
use readers::yaml;
use regex::Regex;
use serde_json::{Value, json};

/// The compiler that read the templates last. Newer ones know newer API versions, which is no mistake of ours.
const READ_BY: &str = "0.49.2";

#[test]
fn the_compiler_and_its_linter_have_nothing_to_say() {
    let Some(mut compiler) = compiler() else { return };
    let version = compiler.version();
    let is_age = |found: &Finding| found.text.contains("use-recent-api-versions") && version != READ_BY;
    for file in ["main.bicep", "main.bicepparam", "group.bicep"] {
        let found = compiler.diagnostics(file);
        assert!(found.iter().all(is_age), "{found:#?}");
    }
    for name in files("infra").iter().filter(|name| is_a("bicep", name) || is_a("bicepparam", name)) {
        let formatted = compiler.formatted(name.strip_prefix("infra/").unwrap());
        assert!(formatted == read(name), "{name} is not as `bicep format` writes it");
    }
}

#[test]
fn the_compiler_refuses_mistakes_in_templates_parameters_and_clients() {
    let Some(mut compiler) = compiler() else { return };
    compiler.write("parent.bicep", "module wrong 'wrong.bicep' = { name: 'wrong' }\n");
    for (file, asked) in [("wrong.bicep", "parent.bicep"), ("wrong.bicepparam", "wrong.bicepparam")] {
        let text = read(&format!("tests/repository/infra/{file}"));
        compiler.write(file, &text);
        let found = compiler.diagnostics(asked);
        for (line, number) in text.lines().zip(1..) {
            let found: Vec<_> = found.iter().filter(|found| found.line == number).map(|found| &found.text).collect();
            let is_expected = line
                .split_once(" // ")
                .map_or(found.is_empty(), |(_, reason)| found.iter().any(|found| found.contains(reason)));
            assert!(is_expected, "{file}:{number}: {line}: {found:#?}");
        }
    }
}

/// `./deploy --what-if` shows the same before the group exists and after.
#[test]
fn the_template_of_the_group_has_the_parameters_of_the_other_and_creates_the_same() {
    let (Some(deployments), Some(mut compiler)) = (&*DEPLOYMENTS, compiler()) else { return };
    let mut parameters = |file| compiler.template(file)["parameters"].as_object().unwrap().clone();
    let (of_group, of_main) = (parameters("group.bicep"), parameters("main.bicep"));
    let more: Vec<_> = of_group.keys().filter(|name| !of_main.contains_key(*name)).collect();
    assert_eq!(more, ["resourceGroupName"]);
    for (name, mut parameter) in of_main {
        let mut other = of_group.get(&name).unwrap_or_else(|| panic!("{name} is missing in group.bicep")).clone();
        let has_default = parameter.as_object_mut().unwrap().remove("defaultValue").is_some();
        let may_be_left_out = other.as_object_mut().unwrap().remove("nullable").is_some();
        assert_eq!(has_default && name != "location", may_be_left_out, "{name}");
        assert_eq!(parameter, other, "{name}");
    }
    let place = with("param resourceGroupName = 'evergrant', param location = 'westeurope'");
    let preview = deployment(&mut compiler, &place.replace("using 'main.bicep'", "using 'group.bicep'"), None);
    let mut preview = lines(&preview);
    preview.retain(|line| !line.starts_with("/subscriptions/"));
    assert_eq!(preview, lines(&deployments["default"]));
}

#[test]
fn clients_have_the_fields_of_the_json_schema() {
    let Some(mut compiler) = compiler() else { return };
    let schema: Value = serde_json::from_str(&read("docs/clients.schema.json")).unwrap();
    let (schema, types) = (&schema["$defs"]["client"], &compiler.template("main.bicep")["definitions"]);
    let (_, client) = types.as_object().unwrap().iter().find(|(name, _)| name.ends_with("registeredClient")).unwrap();
    let of_schema = fields(schema, |name, _| schema["required"].as_array().unwrap().contains(&json!(name)), "enum");
    assert_eq!(fields(client, |_, field| field["nullable"] != true, "allowedValues"), of_schema, "registeredClient");
    assert_eq!(client["additionalProperties"], false);
    for (name, field) in client["properties"].as_object().unwrap() {
        assert!(field["metadata"]["description"].is_string(), "{name}");
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
        let json = serde_json::from_str(&text).unwrap_or_else(|_| yaml::parse(&text));
        assert!(has(&json, promise), "{file} {promise}: {json:#}");
    }
}

/// checkov cannot read types, so it gets what would be deployed. The templates have the reasons for what it may skip.
#[test]
fn checkov_reads_what_is_deployed_and_finds_no_problem() {
    let Some(deployments) = &*DEPLOYMENTS else { return };
    let templates = ["default", "everything"].map(|name| (name, resources(&deployments[name])));
    let skip = Regex::new(r"checkov:skip=(\w+):").unwrap();
    let texts: String = files("infra").iter().map(|name| read(name)).collect();
    let skips: BTreeSet<&str> = skip.captures_iter(&texts).map(|found| found.get(1).unwrap().as_str()).collect();
    let Some(report) = checkov(&templates, skips) else { return };
    assert!(report.contains("Failed checks: 0"), "{report}");
    // checkov does not fail for unreadable files, so check its output.
    for trouble in ["Parsing errors", "Failed to run check", "Passed checks: 0"] {
        assert!(!report.contains(trouble), "{report}");
    }
}
