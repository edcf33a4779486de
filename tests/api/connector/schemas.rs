//! Checks the files with a published OpenAPI 2.0 validator and with Microsoft's JSON Schemas for connectors. The schemas are
//! not in the repository; the tests use them if they are next to it. Each validator starts once for all files of a test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{VARIANTS, files};
use crate::support::root;

/// A file of a connector: the draft of its schema, its schema and its name.
type Kind = (&'static str, &'static str, &'static str);

const DEFINITION: Kind = ("4", "apiDefinition.swagger.schema.json", "apiDefinition.swagger.json");
const PROPERTIES: Kind = ("7", "paconn-apiProperties.schema.json", "apiProperties.json");
const SETTINGS: Kind = ("7", "paconn-settings.schema.json", "settings.json");

/// The folder of the schemas. Prints a warning past the test runner's capture if it is missing.
fn schemas() -> Option<PathBuf> {
    let schemas = root().join("../shared/schemas");
    if schemas.is_dir() {
        return Some(schemas);
    }
    let message =
        "SKIPPED: the connector is NOT checked against Microsoft's schemas, because there is no ../shared/schemas";
    let _ = writeln!(std::io::stderr(), "\n{message}\n");
    None
}

/// What a validator reports for each file.
fn judge(program: &Path, arguments: Vec<PathBuf>) -> Vec<Option<String>> {
    let output = Command::new(program).args(arguments).current_dir(root().join("tests/tools")).output();
    let output = output.unwrap_or_else(|_| panic!("{} is missing: run ./test, which installs it", program.display()));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no verdict: {}", String::from_utf8_lossy(&output.stderr)))
}

fn openapi(files: &[PathBuf]) -> Vec<Option<String>> {
    assert!(root().join("tests/tools/node_modules").is_dir(), "node_modules is missing: run ./test, which installs it");
    judge(Path::new("node"), [&[PathBuf::from("swagger.mjs")], files].concat())
}

fn against_schemas(schemas: &Path, files: &[(Kind, PathBuf)]) -> Vec<Option<String>> {
    let python = root().join("tests/tools/.venv/bin/python");
    let each =
        files.iter().flat_map(|((draft, schema, _), file)| [PathBuf::from(draft), schemas.join(schema), file.clone()]);
    judge(&python, std::iter::once(PathBuf::from("connector.py")).chain(each).collect())
}

/// Writes all connectors. Microsoft's schema does not have the redirect mode with one redirect URL per connector yet.
async fn connectors() -> Vec<(&'static str, TempDir)> {
    let mut folders = Vec::new();
    for variant in VARIANTS {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files(variant).await {
            let text = String::from_utf8_lossy(content).replace("\"GlobalPerConnector\"", "\"Global\"");
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folders.push((variant, folder));
    }
    folders
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definitions_are_openapi_2() {
    let folders = connectors().await;
    let files: Vec<_> = folders.iter().map(|(_, folder)| folder.path().join(DEFINITION.2)).collect();
    for ((variant, _), error) in folders.iter().zip(openapi(&files)) {
        assert_eq!(error, None, "{variant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_match_microsofts_schemas() {
    let Some(schemas) = schemas() else { return };
    let folders = connectors().await;
    let each = |(variant, folder): &(&'static str, TempDir)| {
        [DEFINITION, PROPERTIES, SETTINGS].map(|kind| (*variant, (kind, folder.path().join(kind.2))))
    };
    let (variants, files): (Vec<_>, Vec<_>) = folders.iter().flat_map(each).unzip();
    for ((variant, (kind, _)), error) in variants.iter().zip(&files).zip(against_schemas(&schemas, &files)) {
        assert_eq!(error, None, "{variant}: {}", kind.2);
    }
}

/// Changes that each make a file invalid.
fn invalid_variants() -> Vec<(Kind, &'static str, Value)> {
    vec![
        (DEFINITION, "/paths/~1members~1current/get/responses", json!({})),
        (DEFINITION, "/parameters/FolderId/required", json!(false)),
        (DEFINITION, "/definitions/Folder/properties/CreatedDate/format", json!("phone")),
        (DEFINITION, "/x-ms-capabilities", json!({"testConnections": {}})),
        (PROPERTIES, "/properties/connectionParameters/token:site/type", json!("text")),
        (PROPERTIES, "/properties/policyTemplateInstances/0/templateId", json!("dynamichost")),
        (PROPERTIES, "/properties/policyTemplateInstances/0/parameters", json!({})),
        (SETTINGS, "/icon", json!(1)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_validators_find_errors() {
    let (_, folder) = connectors().await.remove(0);
    let spoil = |name: &str, pointer: &str, wrong: Value| {
        let mut json: Value = serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap();
        *json.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = wrong;
        let path = folder.path().join(format!("spoilt{}.json", pointer.replace(['/', '~', ':'], "-")));
        std::fs::write(&path, json.to_string()).unwrap();
        path
    };
    let twice = spoil(DEFINITION.2, "/paths/~1folders/post/operationId", json!("GetFolder"));
    let unnamed = spoil(DEFINITION.2, "/parameters/FolderId/name", json!("folder"));
    let found = openapi(&[twice, unnamed]);
    assert!(found[0].as_ref().is_some_and(|error| error.contains("GetFolder")) && found[1].is_some(), "{found:?}");
    let Some(schemas) = schemas() else { return };
    let spoilt: Vec<_> =
        invalid_variants().into_iter().map(|(kind, pointer, wrong)| (kind, spoil(kind.2, pointer, wrong))).collect();
    for (error, (_, file)) in against_schemas(&schemas, &spoilt).iter().zip(&spoilt) {
        assert!(error.is_some(), "{} is accepted", file.display());
    }
}
