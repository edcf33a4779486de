//! What is for machines: one JSON value on stdout, alone, also if the command fails.

use std::process::Output;

use sandbox::Sandbox;
use serde_json::{Value, json};

use super::{json, stderr};
use crate::config::DIGEST;
use crate::support::{TestEnvironment, run};

const REGISTRY: &str = "clients.json";

/// A folder with a registry.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(registry: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(REGISTRY), registry.to_string()).unwrap();
        Self(folder)
    }

    async fn client(&self, arguments: &[&str]) -> Output {
        let mut command = TestEnvironment::default().command(&[&["client"], arguments, &["--in", REGISTRY]].concat());
        command.current_dir(&self.0).output().await.unwrap()
    }

    fn registry(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.0.path().join(REGISTRY)).unwrap()).unwrap()
    }
}

fn entry(client_id: &str, more: &Value) -> Value {
    let mut entry =
        json!({"client_id": client_id, "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]});
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_entries_are_the_registry_itself() {
    let odd = entry("odd\"\\é".trim_end_matches('é'), &json!({"scope": null, "gateway_allow": []}));
    let registry = json!([entry("a", &json!({"scope": "signature"})), odd]);
    let folder = Folder::with(&registry);
    assert_eq!(json(&folder.client(&["list", "--json"]).await), registry);
    for (position, id) in ["a", "odd\"\\"].into_iter().enumerate() {
        assert_eq!(json(&folder.client(&["show", id, "--json"]).await), registry[position]);
    }
    let empty = Folder::with(&json!([]));
    assert_eq!(json(&empty.client(&["list", "--json"]).await), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_prints_no_half_of_an_object() {
    let folder = Folder::with(&json!([entry("a", &json!({}))]));
    for arguments in [
        &["show", "b", "--json"][..],
        &["new", "a", "--json"],
        &["rotate", "b", "--json"],
        &["rotate", "a", "--api-key", "--json"],
        &["rotate", "a", "--finish", "--json", "--yes"],
    ] {
        let output = folder.client(arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && stderr(&output).contains("evergrant: "), "{arguments:?}");
    }
    let broken = Folder::with(&json!([{"client_id": "a"}]));
    for arguments in [&["list", "--json"][..], &["show", "a", "--json"], &["check", "--json"], &["new", "b", "--json"]]
    {
        let output = broken.client(arguments).await;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_the_object_once_and_their_digests_in_the_registry() {
    let folder = Folder::with(&json!([]));
    let digests = |entry: &Value, field: &str| entry[field].as_array().cloned().unwrap_or_default();
    for (options, secret, key) in [
        (&["one"][..], true, false),
        (&["two", "--api-key"], false, true),
        (&["three", "--api-key", "--grant-type", "client_credentials"], true, true),
        (&["four", "--public", "--redirect-uri", "https://client.example/cb"], false, false),
    ] {
        let output = folder.client(&[&["new"], options, &["--json"]].concat()).await;
        let (issued, text) = (json(&output), stderr(&output));
        assert_eq!(issued["client_id"], options[0]);
        let registry = folder.registry();
        let entry = registry.as_array().unwrap().last().unwrap();
        for (member, field, has) in
            [("client_secret", "client_secret_sha256", secret), ("api_key", "api_key_sha256", key)]
        {
            let shown = issued[member].as_str();
            assert_eq!(shown.is_some(), has, "{options:?}: {issued}");
            let Some(shown) = shown else { continue };
            assert_eq!(digests(entry, field), [Value::from(sandbox::digest(shown))], "{options:?}");
            assert!(shown.len() >= 43 && !text.contains(shown), "only on stdout: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_shows_the_second_secret_only() {
    let folder = Folder::with(&json!([entry(
        "a",
        &json!({"api_key_sha256": [sandbox::digest("key")], "gateway_allow": ["GET /clm/"]})
    )]));
    for (options, member, other, field) in [
        (&["rotate", "a", "--json"][..], "client_secret", "api_key", "client_secret_sha256"),
        (&["rotate", "a", "--api-key", "--json"], "api_key", "client_secret", "api_key_sha256"),
    ] {
        let before = folder.registry()[0][field].clone();
        let issued = json(&folder.client(options).await);
        let digest = sandbox::digest(issued[member].as_str().unwrap());
        assert_eq!(issued.get(other), None, "{issued}");
        assert_eq!(folder.registry()[0][field], json!([before[0], digest]), "the new one is second");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_counts_clients_and_lists_each_warning_with_its_client() {
    let noisy = entry("noisy", &json!({"secretless_refresh": true, "token_request_in_query": true}));
    let folder = Folder::with(&json!([entry("quiet", &json!({})), noisy]));
    let report = json(&folder.client(&["check", "--json"]).await);
    assert_eq!((&report["valid"], &report["clients"]), (&json!(true), &json!(2)));
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{report}");
    for (warning, field) in warnings.iter().zip(["secretless_refresh: ", "token_request_in_query: "]) {
        assert!(
            warning["client_id"] == "noisy" && warning["warning"].as_str().unwrap().starts_with(field),
            "{warning}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctors_object_has_the_same_keys_whatever_it_finds() {
    let sandbox = Sandbox::start_without_consent().await;
    let settings = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"));
    for (environment, code) in [
        (settings.clone(), 1),
        (settings.clone().without("DOCUSIGN_USER_ID").with("EVERGRANT_STOR", "x"), 2),
        (TestEnvironment::default(), 2),
    ] {
        let output = run(&["doctor", "--json"], environment).await;
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        let report = json(&output);
        assert_eq!(report["healthy"], false);
        let checks = report["checks"].as_array().unwrap();
        assert!(!checks.is_empty());
        for check in checks {
            for key in ["check", "area", "title", "verdict", "finding"] {
                assert!(check[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {check}");
            }
            assert!(["good", "bad", "note", "skipped"].contains(&check["verdict"].as_str().unwrap()), "{check}");
            assert!(["azure", "docusign", "clients"].contains(&check["area"].as_str().unwrap()), "{check}");
            assert!(check["duration_ms"].as_f64().is_some_and(|took| took >= 0.0), "{check}");
            let has_fix = check["fix"].as_str().is_some_and(|fix| !fix.is_empty());
            let needs_one = ["bad", "note"].contains(&check["verdict"].as_str().unwrap());
            assert_eq!(has_fix, needs_one, "what is not right has a fix: {check}");
        }
    }
}

/// What a client is and has, in one line; the registry of the setting without `--in`.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_a_line_for_each_client_wherever_the_registry_is() {
    let digest = |text: &str| sandbox::digest(text);
    let issuer = json!({"issuer": "https://issuer.example", "audience": "a", "subject": "b"});
    let uris = json!(["https://client.example/cb"]);
    let registry = json!([
        entry("script", &json!({})),
        entry("rotating", &json!({"client_secret_sha256": [DIGEST, digest("two")], "subject": "integration_user"})),
        entry("native", &json!({"client_secret_sha256": [], "grant_types": ["authorization_code"], "redirect_uris": uris})),
        entry("key", &json!({"client_secret_sha256": [], "grant_types": [], "api_key_sha256": [digest("a")]})),
        entry("keys", &json!({"client_secret_sha256": [], "grant_types": [], "api_key_sha256": [digest("b"), digest("c")]})),
        {"client_id": "job", "grant_types": ["client_credentials"], "trust": [issuer]},
        {"client_id": "jobs", "grant_types": ["client_credentials"], "trust": [issuer, issuer], "subject": "integration_user"},
    ]);
    let expected = [
        "script: integration_user, client_credentials, 1 secret",
        "rotating: integration_user, client_credentials, 2 secrets",
        "native: integration_user, authorization_code, public",
        "key: integration_user, 1 API key",
        "keys: integration_user, 2 API keys",
        "job: integration_user, client_credentials, 1 trust entry",
        "jobs: integration_user, client_credentials, 2 trust entries",
    ];
    let folder = Folder::with(&registry);
    let setting = |value: &str| TestEnvironment::default().with("EVERGRANT_CLIENTS", value);
    for (environment, place) in [
        (TestEnvironment::default(), &["--in", REGISTRY][..]),
        (setting(&registry.to_string()), &[]),
        (setting(&format!("@{REGISTRY}")), &[]),
        (setting(&format!("@ {REGISTRY}")), &[]),
    ] {
        let mut command = environment.command(&[&["client", "list"], place].concat());
        let output = command.current_dir(&folder.0).output().await.unwrap();
        let text = super::stdout(&output);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, expected, "{place:?}: {}", stderr(&output));
        let mut command = environment.command(&[&["client", "show", "jobs", "--json"], place].concat());
        assert_eq!(json(&command.current_dir(&folder.0).output().await.unwrap()), registry[6]);
    }
}
