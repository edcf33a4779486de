//! The templates for Azure: what a deployment would make of them, as the Bicep compiler computes it, and what checkov says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use evergrant::server::ROUTES;
use regex::Regex;
use sandbox::process::report;
use sandbox::repository::{files, is_a, read, root, skipped};
use serde_json::Value;

use crate::rust::{SOURCES, settings};

static DEFAULT: LazyLock<Option<Value>> = LazyLock::new(|| snapshot(&read("infra/main.bicepparam")));
static FULL: LazyLock<Option<Value>> = LazyLock::new(|| snapshot(include_str!("infra/everything.bicepparam")));

/// What the Bicep compiler prints in `folder`: that on the PATH, that of the Azure CLI, or that next to the repository.
fn bicep(folder: &Path, arguments: &str) -> Option<Result<String, String>> {
    let of_azure = std::env::home_dir().unwrap_or_default().join(".azure/bin/bicep");
    let programs: [PathBuf; 3] = ["bicep".into(), of_azure, root().join("../shared/tools/bicep/bicep")];
    let program = programs.iter().find(|program| Command::new(program).arg("--version").output().is_ok());
    if program.is_none() {
        skipped("there is no Bicep compiler, so the templates were not compiled; `az bicep install` brings one");
    }
    let guid = "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e";
    let settings = [("DOCUSIGN_ENVIRONMENT", "demo"), ("DOCUSIGN_INTEGRATION_KEY", guid), ("DOCUSIGN_USER_ID", guid)];
    program.map(|program| report(Command::new(program).args(arguments.split(' ')).current_dir(folder).envs(settings)))
}

/// A copy of the templates that may be changed.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    report(Command::new("cp").current_dir(root()).args(["-r", "infra/."]).arg(copy.path())).unwrap();
    copy
}

/// What a deployment with these parameters would make; `[module.output]` is what only Azure knows.
fn snapshot(parameters: &str) -> Option<Value> {
    let folder = copy();
    std::fs::write(folder.path().join("test.bicepparam"), parameters).unwrap();
    let id = "00000000-0000-4000-8000-000000000000";
    let place = format!("--subscription-id {id} --tenant-id {id} --resource-group evergrant --location westeurope");
    bicep(folder.path(), &format!("snapshot test.bicepparam {place}"))?.unwrap();
    let text = std::fs::read_to_string(folder.path().join("test.snapshot.json")).unwrap();
    let module = r"reference\(resourceId\('[^']*', '[^']*', 'Microsoft\.Resources/deployments', format\('([\w-]+?)-\{0\}'.*?\.outputs\.(\w+)\.value";
    serde_json::from_str(&Regex::new(module).unwrap().replace_all(&text, "$1.$2")).unwrap()
}

fn resources(snapshot: &Value) -> &[Value] {
    snapshot["predictedResources"].as_array().unwrap()
}

/// The lines of `infra/promises.txt` that begin with `kind`, without it.
fn promises(kind: &'static str) -> impl Iterator<Item = &'static str> {
    include_str!("infra/promises.txt").lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(": "))
}

/// Whether something has a property with a value, which is written as JSON.
fn has(what: &Value, promise: &str) -> bool {
    let (property, value) = promise.split_once(' ').unwrap();
    let found = ["/properties/", "/"].iter().find_map(|start| what.pointer(&format!("{start}{property}")));
    found.unwrap_or(&Value::Null) == &serde_json::from_str::<Value>(value).unwrap()
}

#[test]
fn resources_are_what_was_promised() {
    let (Some(default), Some(full)) = (&*DEFAULT, &*FULL) else { return };
    let of = |kind, snapshot| promises(kind).map(move |promise| (promise, snapshot));
    let always = of("always", default).chain(of("always", full));
    for (promise, snapshot) in always.chain(of("default", default)).chain(of("everything", full)) {
        let (kind, promise) = promise.split_once(' ').unwrap();
        let ends = |id: &Value, end: &str| id.as_str().is_some_and(|id| id.ends_with(end));
        let is_meant =
            |resource: &&Value| ends(&resource["type"], &format!("Microsoft.{kind}")) || ends(&resource["id"], kind);
        let meant: Vec<&Value> = resources(snapshot).iter().filter(is_meant).collect();
        let is_kept = !meant.is_empty() && meant.iter().all(|resource| has(resource, promise));
        assert!(is_kept, "{kind} {promise}: {meant:#?}");
    }
}

#[test]
fn other_files_are_what_was_promised() {
    for (file, promise) in promises("file").map(|promise| promise.split_once(' ').unwrap()) {
        let text = read(file);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| crate::workflows::yaml(&text));
        assert!(has(&json, promise), "{file} {promise}: {json:#}");
    }
}

#[test]
fn every_role_ends_at_the_key_container_or_component_it_is_for() {
    let Some(full) = &*FULL else { return };
    let role = Regex::new(r"^\[extensionResourceId\('[^']*/(\w+/[^']+)', .*/([\w-]+)'\)\)\]$").unwrap();
    let ids = resources(full).iter().filter_map(|resource| role.captures(resource["id"].as_str()?));
    let roles: BTreeSet<String> = ids.map(|found| format!("{} {}", &found[2], &found[1])).collect();
    assert_eq!(roles, promises("role").map(ToOwned::to_owned).collect());
}

#[test]
fn app_settings_are_those_that_the_handler_reads() {
    let Some(full) = &*FULL else { return };
    let is_meant = |resource: &&Value| resource["type"] == "Microsoft.Web/sites/config";
    let set = resources(full).iter().find(is_meant).and_then(|resource| resource["properties"].as_object()).unwrap();
    let ours = set.keys().filter(|name| name.starts_with("EVERGRANT_") || name.starts_with("DOCUSIGN_")).cloned();
    assert_eq!(ours.collect::<BTreeSet<_>>(), settings());
}

#[test]
fn outputs_are_the_urls_that_the_handler_serves_and_nothing_secret() {
    let Some(full) = &*FULL else { return };
    let mut outputs = full["outputs"].as_object().unwrap().clone();
    for (output, path) in promises("output").map(|promise| promise.split_once(' ').unwrap_or((promise, ""))) {
        let value = outputs.remove(output).unwrap();
        let is_route = ROUTES.iter().any(|route| route.path.trim_end_matches("/{client_id?}") == path);
        let is_url = is_route && value == format!("[format('{{0}}{path}', app.publicUrl)]");
        assert!(is_url || path.is_empty(), "{output}: {value}");
    }
    assert!(outputs.is_empty(), "{outputs:?}");
}

#[test]
fn the_compiler_has_nothing_against_the_templates_and_finds_no_secrets() {
    let folder = copy();
    let Some(template) = bicep(folder.path(), "build main.bicep --stdout") else { return };
    // A warning about age comes by itself.
    let template = template.unwrap().replace("Warning use-recent-api-versions", "");
    for trouble in "Warning listKeys listSecrets listAccountSas getSecret securestring secureObject".split(' ') {
        assert!(!template.contains(trouble), "{trouble}: {template}");
    }
    // It finds what is wrong, so that its silence means something.
    let vault = folder.path().join("modules/vault.bicep");
    let text = std::fs::read_to_string(&vault).unwrap().replace("enablePurgeProtection", "enablePurgeProtektion");
    std::fs::write(&vault, text).unwrap();
    let wrong = bicep(folder.path(), "build main.bicep --stdout").unwrap().unwrap_or_else(|error| error);
    assert!(wrong.contains("BCP"), "{wrong}");
}

#[test]
fn every_parameter_and_output_is_described_and_every_rule_that_is_switched_off_has_a_reason() {
    let reason = Regex::new(r"checkov:skip=\w+:.{15,}").unwrap();
    for name in files("infra").into_iter().filter(|name| is_a("bicep", name)) {
        let text = read(&name);
        for declaration in text.split("\n\n") {
            let declares = |kind: &str| declaration.lines().any(|line| line.starts_with(kind));
            let described = [("param ", "e.g. "), ("output ", "@description('")];
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
fn checkov_reads_every_template_and_has_nothing_against_it() {
    let checkov = root().join("tests/tools/infra/.venv/bin/checkov");
    if !checkov.exists() {
        return skipped("checkov is not installed, so the templates were not checked by it; ./test installs it");
    }
    let mut command = Command::new(checkov);
    command.args(["--framework", "bicep", "--skip-download", "--compact", "--quiet", "--directory", "infra"]);
    // The first run leaves its byte code for the next ones.
    let report = report(command.current_dir(root()).env_remove("PYTHONDONTWRITEBYTECODE")).unwrap();
    assert!(report.contains("Failed checks: 0"), "{report}");
    // A file it cannot read is no failure to it, but one to us.
    for trouble in ["Parsing errors", "Failed to run check", "Passed checks: 0"] {
        assert!(!report.contains(trouble), "{report}");
    }
}

#[test]
fn alerts_ask_for_events_that_the_handler_writes() {
    let source: String = SOURCES.iter().map(|source| source.code.as_str()).collect();
    let query = read("infra/queries/failed-mints.kql");
    let asked = Regex::new(r"has_any \(([^)]*)\)").unwrap().captures(&query).unwrap()[1].to_owned();
    for event in asked.split(", ") {
        assert!(source.contains(&format!("event={event}")), "{event}");
    }
    for name in ["failed-mints", "unavailable"] {
        let query = read(&format!("infra/queries/{name}.kql"));
        // The template fills in the name. A new workspace has no table yet; a union of none is no error.
        assert!(["APP_NAME", "union isfuzzy=true", "datatable("].iter().all(|part| query.contains(part)), "{name}");
    }
}
