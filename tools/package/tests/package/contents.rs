//! The content of the package, and the errors of building it.

use std::fs;
use std::io::{Cursor, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use package::{FOLDER, Report, ZIP};
use tempfile::TempDir;
use zip::{DateTime, ZipArchive};

use crate::programs;

const HOST_JSON: &str = r#"{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "handler"}}}"#;
const FUNCTION_JSON: &str = r#"{"bindings": []}"#;

/// A small repository: an app, other files, and a binary with another name.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    put("host.json", HOST_JSON.as_bytes());
    put("token-function/function.json", FUNCTION_JSON.as_bytes());
    put("token-function/notes.txt", b"not for Azure");
    put("consent-callback/function.json", FUNCTION_JSON.as_bytes());
    put("tests/deeper/function.json", FUNCTION_JSON.as_bytes());
    put("local.settings.json", b"{}");
    put("src/main.rs", b"fn main() {}");
    put("target/built", &programs::fine());
    root
}

fn package(root: &Path) -> Result<Report, package::PackageError> {
    package::package(root, &root.join("target/built"), &root.join("target"))
}

fn zip_of(root: &Path) -> Vec<u8> {
    fs::read(root.join("target").join(ZIP)).unwrap()
}

#[track_caller]
fn refused(root: &Path, why: &str) {
    let message = package(root).unwrap_err().to_string();
    assert!(message.contains(why), "{message}");
    assert!(!root.join("target").join(ZIP).exists());
}

#[test]
fn the_zip_contains_only_the_app_in_order_with_modes_and_a_fixed_time() {
    let root = repository();
    let report = package(root.path()).unwrap();
    let mut zip = ZipArchive::new(Cursor::new(zip_of(root.path()))).unwrap();
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).unwrap();
        // Regular files from Unix, because only their modes are used.
        found.push((entry.name().unwrap().into_owned(), entry.unix_mode().unwrap()));
        assert_eq!(entry.last_modified(), Some(DateTime::from_date_and_time(1980, 2, 1, 0, 0, 0).unwrap()));
    }
    let expected = [
        ("consent-callback/function.json", 0o100_644),
        ("handler", 0o100_755),
        ("host.json", 0o100_644),
        ("token-function/function.json", 0o100_644),
    ];
    assert_eq!(found, expected.map(|(name, mode)| (name.to_owned(), mode)));
    assert_eq!(report.entries, expected.map(|(name, _)| name));
    let mut program = Vec::new();
    zip.by_name("handler").unwrap().read_to_end(&mut program).unwrap();
    assert_eq!(program, programs::fine());
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let (one, two) = (repository(), repository());
    // File modes, file times and the previous package have no influence.
    fs::set_permissions(two.path().join("host.json"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::File::open(two.path().join("host.json")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let (first, second) = (package(one.path()).unwrap(), package(two.path()).unwrap());
    assert_eq!(zip_of(one.path()), zip_of(two.path()));
    assert_eq!(first, second);
    assert_eq!(package(one.path()).unwrap(), first, "and again");
}

#[test]
fn the_folder_has_only_the_same_files_and_modes() {
    let root = repository();
    let folder = root.path().join("target").join(FOLDER);
    fs::create_dir_all(folder.join("revoked-function")).unwrap();
    package(root.path()).unwrap();
    let mut entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    entries.sort();
    assert_eq!(entries, ["consent-callback", "handler", "host.json", "token-function"]);
    for (name, mode) in [("handler", 0o755), ("host.json", 0o644), ("token-function", 0o755), (".", 0o755)] {
        assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o7777, mode, "{name}");
    }
    assert_eq!(fs::read(folder.join("handler")).unwrap(), programs::fine());
}

#[test]
fn the_checksum_file_works_with_sha256sum() {
    let root = repository();
    let report = package(root.path()).unwrap();
    let line = fs::read_to_string(root.path().join("target/evergrant.zip.sha256")).unwrap();
    assert_eq!(line, format!("{}  evergrant.zip\n", report.zip.sha256));
    assert!(report.zip.sha256.len() == 64 && report.zip.size == zip_of(root.path()).len());
}

#[test]
fn a_binary_that_would_not_run_is_not_packed() {
    let root = repository();
    fs::write(root.path().join("target/built"), programs::for_machine(programs::AARCH64)).unwrap();
    refused(root.path(), "target/built: built for machine 183");
    fs::remove_file(root.path().join("target/built")).unwrap();
    refused(root.path(), "target/built: No such file");
}

#[test]
fn host_json_must_have_a_plain_executable_name() {
    let root = repository();
    let host = root.path().join("host.json");
    fs::write(&host, r#"{"version": "2.0"}"#).unwrap();
    refused(root.path(), "set customHandler.description.defaultExecutablePath");
    for name in ["./handler", "/handler", "bin/handler", "..", "%HANDLER%"] {
        fs::write(&host, HOST_JSON.replace("\"handler\"", &format!("\"{name}\""))).unwrap();
        refused(root.path(), "use a plain file name");
    }
    fs::write(&host, "{").unwrap();
    refused(root.path(), "host.json is not JSON");
    fs::remove_file(&host).unwrap();
    refused(root.path(), "run this on the folder that has host.json");
}

#[test]
fn functions_must_exist_and_be_valid() {
    let root = repository();
    fs::write(root.path().join("token-function/function.json"), "{").unwrap();
    refused(root.path(), "token-function/function.json is not JSON");
    fs::remove_dir_all(root.path().join("token-function")).unwrap();
    fs::remove_dir_all(root.path().join("consent-callback")).unwrap();
    refused(root.path(), "no function: no folder next to host.json");
}
