//! Checks the files with a published OpenAPI 2.0 validator and with Microsoft's JSON Schemas for connectors. The schemas are
//! not in the repository; the tests use them if they are next to it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{COMMITTED_URL, write};
use crate::support::root;

const DEFINITION: (&str, &str, &str) = ("4", "apiDefinition.swagger.schema.json", "apiDefinition.swagger.json");
const PROPERTIES: (&str, &str, &str) = ("7", "paconn-apiProperties.schema.json", "apiProperties.json");
const SETTINGS: (&str, &str, &str) = ("7", "paconn-settings.schema.json", "settings.json");

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

/// The problems that a program reports for a file.
fn judge(program: &Path, arguments: &[&Path]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).current_dir(root().join("tests/tools")).output();
    let output = output.unwrap_or_else(|_| panic!("{} is missing: run ./test, which installs it", program.display()));
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(()) } else { Err(printed.concat()) }
}

fn openapi(file: &Path) -> Result<(), String> {
    assert!(root().join("tests/tools/node_modules").is_dir(), "node_modules is missing: run ./test, which installs it");
    judge(Path::new("node"), &[Path::new("swagger.mjs"), file])
}

fn fits(schemas: &Path, (draft, schema, _): (&str, &str, &str), file: &Path) -> Result<(), String> {
    let python = root().join("tests/tools/.venv/bin/python");
    judge(&python, &[Path::new("connector.py"), Path::new(draft), &schemas.join(schema), file])
}

/// Microsoft's schema does not have the redirect mode with one redirect URL per connector yet.
fn without_the_newer_redirect_mode(folder: &Path) {
    let path = folder.join("apiProperties.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace("\"GlobalPerConnector\"", "\"Global\"")).unwrap();
}

/// Both connectors, as the command writes them.
async fn connectors() -> Vec<tempfile::TempDir> {
    let mut folders = Vec::new();
    for way in [&["--public-url", COMMITTED_URL][..], &["--api-key", "--public-url", COMMITTED_URL]] {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), way).await.status.success());
        folders.push(folder);
    }
    folders
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definitions_are_openapi_2() {
    for folder in connectors().await {
        assert_eq!(openapi(&folder.path().join("apiDefinition.swagger.json")), Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_match_microsofts_schemas() {
    let Some(schemas) = schemas() else { return };
    for folder in connectors().await {
        without_the_newer_redirect_mode(folder.path());
        for kind in [DEFINITION, PROPERTIES, SETTINGS] {
            assert_eq!(fits(&schemas, kind, &folder.path().join(kind.2)), Ok(()), "{}", kind.2);
        }
    }
}

/// Changes that each make a file invalid.
fn invalid_variants() -> Vec<((&'static str, &'static str, &'static str), &'static str, Value)> {
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
    let folder = connectors().await.remove(0);
    without_the_newer_redirect_mode(folder.path());
    let spoil = |name: &str, pointer: &str, wrong: Value| {
        let mut json: Value = serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap();
        *json.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = wrong;
        let path = folder.path().join("spoilt.json");
        std::fs::write(&path, json.to_string()).unwrap();
        path
    };
    let twice = spoil(DEFINITION.2, "/paths/~1folders/post/operationId", json!("GetFolder"));
    assert!(openapi(&twice).unwrap_err().contains("GetFolder"));
    let unnamed = spoil(DEFINITION.2, "/parameters/FolderId/name", json!("folder"));
    assert!(openapi(&unnamed).is_err());
    let Some(schemas) = schemas() else { return };
    for (kind, pointer, wrong) in invalid_variants() {
        let path = spoil(kind.2, pointer, wrong);
        assert!(fits(&schemas, kind, &path).is_err(), "{pointer} is accepted");
    }
}
