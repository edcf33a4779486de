//! Checks the Azure templates with the Bicep compiler, which computes the resources of a deployment, and with checkov.

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

/// The output of the Bicep compiler in `folder`. It uses the one on the PATH, of the Azure CLI, or next to the repository.
fn bicep(folder: &Path, arguments: &str) -> Option<Result<String, String>> {
    let of_azure = std::env::home_dir().unwrap_or_default().join(".azure/bin/bicep");
    let programs: [PathBuf; 3] = ["bicep".into(), of_azure, root().join("../shared/tools/bicep/bicep")];
    let program = programs.iter().find(|program| Command::new(program).arg("--version").output().is_ok());
    if program.is_none() {
        skipped("there is no Bicep compiler, so the templates were not compiled; install it with `az bicep install`");
    }
    let guid = "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e";
    let settings = [("DOCUSIGN_ENVIRONMENT", "demo"), ("DOCUSIGN_INTEGRATION_KEY", guid), ("DOCUSIGN_USER_ID", guid)];
    program.map(|program| report(Command::new(program).args(arguments.split(' ')).current_dir(folder).envs(settings)))
}

/// A copy of the templates, to change them.
fn copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    report(Command::new("cp").current_dir(root()).args(["-r", "infra/."]).arg(copy.path())).unwrap();
    copy
}

/// The resources of a deployment with these parameters. `[module.output]` is a value that only Azure knows.
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

/// The lines of `infra/promises.txt` that start with `kind`.
fn promises(kind: &'static str) -> impl Iterator<Item = &'static str> {
    include_str!("infra/promises.txt").lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(": "))
}

/// Whether a resource has a property with this JSON value.
fn has(what: &Value, promise: &str) -> bool {
    let (property, value) = promise.split_once(' ').unwrap();
    let found = ["/properties/", "/"].iter().find_map(|start| what.pointer(&format!("{start}{property}")));
    found.unwrap_or(&Value::Null) == &serde_json::from_str::<Value>(value).unwrap()
}

#[test]
fn resources_have_the_promised_properties() {
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
fn other_files_have_the_promised_properties() {
    for (file, promise) in promises("file").map(|promise| promise.split_once(' ').unwrap()) {
        let text = read(file);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| crate::workflows::yaml(&text));
        assert!(has(&json, promise), "{file} {promise}: {json:#}");
    }
}

#[test]
fn every_role_is_limited_to_its_key_container_or_component() {
    let Some(full) = &*FULL else { return };
    let role = Regex::new(r"^\[extensionResourceId\('[^']*/(\w+/[^']+)', .*/([\w-]+)'\)\)\]$").unwrap();
    let ids = resources(full).iter().filter_map(|resource| role.captures(resource["id"].as_str()?));
    let roles: BTreeSet<String> = ids.map(|found| format!("{} {}", &found[2], &found[1])).collect();
    assert_eq!(roles, promises("role").map(ToOwned::to_owned).collect());
}

#[test]
fn the_app_settings_match_the_handlers_settings() {
    let Some(full) = &*FULL else { return };
    let is_meant = |resource: &&Value| resource["type"] == "Microsoft.Web/sites/config";
    let set = resources(full).iter().find(is_meant).and_then(|resource| resource["properties"].as_object()).unwrap();
    let ours = set.keys().filter(|name| name.starts_with("EVERGRANT_") || name.starts_with("DOCUSIGN_")).cloned();
    assert_eq!(ours.collect::<BTreeSet<_>>(), settings());
}

#[test]
fn outputs_are_the_handlers_urls_and_contain_no_secret() {
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
fn the_templates_compile_without_warnings_or_secrets() {
    let folder = copy();
    let Some(template) = bicep(folder.path(), "build main.bicep --stdout") else { return };
    // API versions become outdated without a change, so this warning is ignored.
    let template = template.unwrap().replace("Warning use-recent-api-versions", "");
    for trouble in "Warning listKeys listSecrets listAccountSas getSecret securestring secureObject".split(' ') {
        assert!(!template.contains(trouble), "{trouble}: {template}");
    }
    // The compiler must find an error in a broken template.
    let vault = folder.path().join("modules/vault.bicep");
    let text = std::fs::read_to_string(&vault).unwrap().replace("enablePurgeProtection", "enablePurgeProtektion");
    std::fs::write(&vault, text).unwrap();
    let wrong = bicep(folder.path(), "build main.bicep --stdout").unwrap().unwrap_or_else(|error| error);
    assert!(wrong.contains("BCP"), "{wrong}");
}

#[test]
fn parameters_and_outputs_have_descriptions_and_disabled_rules_have_reasons() {
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
fn checkov_reads_every_template_and_finds_no_problem() {
    let checkov = root().join("tests/tools/infra/.venv/bin/checkov");
    if !checkov.exists() {
        return skipped("checkov is not installed, so the templates were not checked by it; ./test installs it");
    }
    let mut command = Command::new(checkov);
    command.args(["--framework", "bicep", "--skip-download", "--compact", "--quiet", "--directory", "infra"]);
    // Keep the byte code of the first run for later runs.
    let report = report(command.current_dir(root()).env_remove("PYTHONDONTWRITEBYTECODE")).unwrap();
    assert!(report.contains("Failed checks: 0"), "{report}");
    // checkov does not fail for unreadable files, so check its output.
    for trouble in ["Parsing errors", "Failed to run check", "Passed checks: 0"] {
        assert!(!report.contains(trouble), "{report}");
    }
}

#[test]
fn alert_queries_use_the_handlers_events() {
    let source: String = SOURCES.iter().map(|source| source.code.as_str()).collect();
    let query = read("infra/queries/failed-mints.kql");
    let asked = Regex::new(r"has_any \(([^)]*)\)").unwrap().captures(&query).unwrap()[1].to_owned();
    for event in asked.split(", ") {
        assert!(source.contains(&format!("event={event}")), "{event}");
    }
    for name in ["failed-mints", "unavailable"] {
        let query = read(&format!("infra/queries/{name}.kql"));
        // The template inserts the name. A new workspace has no tables yet, and a union without tables is not an error.
        assert!(["APP_NAME", "union isfuzzy=true", "datatable("].iter().all(|part| query.contains(part)), "{name}");
    }
}
