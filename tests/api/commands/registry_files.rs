//! Files that are no usual registries: what cannot be read is named, and what cannot be written stays.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use super::stderr;
use crate::config::DIGEST;
use crate::support::TestEnvironment;

async fn client(folder: &Path, arguments: &[&str], place: &str) -> Output {
    let mut command = TestEnvironment::default().command(&[&["client"], arguments, &["--in", place]].concat());
    command.current_dir(folder).output().await.unwrap()
}

fn registry() -> String {
    format!(r#"[{{"client_id": "a", "client_secret_sha256": ["{DIGEST}"], "grant_types": ["client_credentials"]}}]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_registry_is_named_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    let utf16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    write("empty", b"");
    write("blank", b" \n\n");
    write("utf16", &utf16);
    write("bytes", b"[\"\xff\"]");
    write("large", &vec![b' '; 1024 * 1024 + 1]);
    write("object", b"{}");
    write("text", b"clients");
    for (place, words) in [
        ("folder", "is a folder or a device"),
        ("/dev/null", "is a folder or a device"),
        ("empty", "is empty"),
        ("blank", "is empty"),
        ("utf16", "is UTF-16 text (save it as UTF-8)"),
        ("bytes", "is not UTF-8 text"),
        ("large", "is larger than 1 MiB"),
        ("object", "put it in square brackets"),
        ("text", "line 1, column 1"),
        ("folder/missing", "does not exist"),
    ] {
        for arguments in [&["list"][..], &["set", "a", "scope", "signature"]] {
            let output = client(folder.path(), arguments, place).await;
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {place}: {}", stderr(&output));
            assert!(
                stderr(&output).contains(words) && stderr(&output).contains(place),
                "{arguments:?} {place}: {}",
                stderr(&output)
            );
        }
        if place != "folder/missing" {
            assert_eq!(client(folder.path(), &["new", "b"], place).await.status.code(), Some(2), "{place}");
        }
    }
    assert_eq!(std::fs::read(folder.path().join("utf16")).unwrap(), utf16);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_created_only_where_its_folder_is() {
    let folder = tempfile::tempdir().unwrap();
    let output = client(folder.path(), &["new", "a"], "no/such/clients.json").await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("could not be written"), "{}", stderr(&output));
    assert!(output.stdout.is_empty(), "a secret that is in no registry is not shown");
    for place in ["clients.json", "./other.json", "ä b.json"] {
        let output = client(folder.path(), &["new", "a"], place).await;
        assert_eq!(output.status.code(), Some(0), "{place}: {}", stderr(&output));
        assert!(folder.path().join(place).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_would_grow_beyond_1_mib_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let item = "https://client.example/".to_owned() + &"x".repeat(10_000);
    let uris: Vec<String> = (0..104).map(|number| format!("{item}{number}")).collect();
    let text = format!(
        r#"[{{"client_id":"a","client_secret_sha256":["{DIGEST}"],"grant_types":["authorization_code"],"redirect_uris":{}}}]"#,
        serde_json::json!(uris)
    );
    assert!(text.len() < 1024 * 1024);
    std::fs::write(&path, &text).unwrap();
    let long = format!("{item}{}", "y".repeat(20_000));
    let output = client(folder.path(), &["add-redirect-uri", "a", &long], "clients.json").await;
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output).lines().last().unwrap_or_default());
    assert!(stderr(&output).contains("the registry would be larger than 1 MiB"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[expect(clippy::disallowed_methods, reason = "no program")]
#[tokio::test(flavor = "multi_thread")]
async fn new_files_and_replaced_ones_have_the_rights_that_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    std::fs::write(&path, registry()).unwrap();
    for mode in [0o600, 0o640, 0o664] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = client(folder.path(), &["rotate", "a"], "clients.json").await;
        assert!(output.status.success(), "{}", stderr(&output));
        client(folder.path(), &["rotate", "a", "--finish", "--yes"], "clients.json").await;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_a_killed_command_left_is_removed_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("clients.json"), registry()).unwrap();
    std::fs::write(folder.path().join(".clients.json.new"), "half").unwrap();
    std::fs::write(folder.path().join(".other.json.new"), "not ours").unwrap();
    assert!(client(folder.path(), &["set", "a", "scope", "signature"], "clients.json").await.status.success());
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".other.json.new", "clients.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_if_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    // Not formatted as commands write it.
    std::fs::write(&path, registry()).unwrap();
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    for arguments in [
        &["set", "a", "grant_types", "[\"client_credentials\"]"][..],
        &["set", "a", "scope", "null"],
        &["set", "a", "client_id", "a"],
        &["set", "a", "grant_types", "[\"client-credentials\"]"],
    ] {
        let output = client(folder.path(), arguments, "clients.json").await;
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), registry(), "{arguments:?}");
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_of_exactly_1_mib_is_read_and_changed_to_a_smaller_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let text = registry();
    std::fs::write(&path, format!("{text}{}", " ".repeat(1024 * 1024 - text.len()))).unwrap();
    let list = client(folder.path(), &["list"], "clients.json").await;
    assert!(list.status.success() && super::stdout(&list).starts_with("a: "), "{}", stderr(&list));
    assert!(client(folder.path(), &["set", "a", "scope", "signature"], "clients.json").await.status.success());
    assert!(std::fs::metadata(&path).unwrap().len() < 1024, "blanks around it are not kept");
}
