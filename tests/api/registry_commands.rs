//! `evergrant client` on a registry in a file and in a blob: the same commands, answers and exit codes.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use futures_util::future::join_all;
use http::Method;
use sandbox::blobs::{Blobs, Lie, own_headers};
use sandbox::proxy::StorageWay;
use sandbox::server::Server;
use sandbox::storage::{CONTAINER_URL, entra_token};
use sandbox::{SETUP_KEY, Sandbox, digest};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::{TestApp, TestEnvironment};

const URI: &str = "https://client.example/cb";
const OTHER_URI: &str = "https://client.example/other";
const BLOB_URL: &str = "https://evergrantsandbox.blob.core.windows.net/evergrant-registry/clients.json";
const BLOB: &str = "/evergrant-registry/clients.json";

/// Someone who is signed in to Azure, with storage in reach.
struct Person {
    sandbox: Sandbox,
    environment: TestEnvironment,
    blobs: Arc<Blobs>,
    _server: Server,
}

impl Person {
    async fn start() -> Self {
        let sandbox = Sandbox::start().await;
        let blobs = Blobs::new();
        let server = blobs.start(sandbox.certify("*.blob.core.windows.net").acceptor).await;
        sandbox.proxy.lead_storage(StorageWay::To(server.address));
        let environment = environment(&sandbox);
        Self { sandbox, environment, blobs, _server: server }
    }

    fn file(&self) -> PathBuf {
        self.sandbox.file("place", "").with_file_name("clients.json")
    }

    /// The two kinds of places.
    fn places(&self) -> [String; 2] {
        [self.file().display().to_string(), BLOB_URL.to_owned()]
    }

    fn put(&self, place: &str, registry: Option<&str>) {
        match registry {
            _ if place == BLOB_URL => self.blobs.put(BLOB, registry),
            Some(text) => std::fs::write(place, text).unwrap(),
            None => drop(std::fs::remove_file(place)),
        }
    }

    fn text(&self, place: &str) -> Option<String> {
        if place == BLOB_URL { self.blobs.get(BLOB) } else { std::fs::read_to_string(place).ok() }
    }

    fn registry(&self, place: &str) -> Value {
        serde_json::from_str(&self.text(place).unwrap()).unwrap()
    }

    /// `evergrant client …` with `--in`.
    async fn client(&self, place: &str, arguments: &[&str]) -> Output {
        self.answering(place, arguments, "").await
    }

    /// The same, with this on stdin.
    async fn answering(&self, place: &str, arguments: &[&str], input: &str) -> Output {
        client(&self.environment, place, arguments, input).await
    }
}

/// The Azure CLI's answer for a person who is signed in, and the way to the storage.
fn environment(sandbox: &Sandbox) -> TestEnvironment {
    let token = json!({"accessToken": entra_token(), "expires_on": 4_102_444_800_u64, "tokenType": "Bearer"});
    let az = sandbox.program("az", &format!("cat <<'END'\n{token}\nEND"));
    let path = format!("{}:/usr/bin:/bin", az.parent().unwrap().display());
    let kept = ["HTTPS_PROXY", "SSL_CERT_FILE"];
    let settings = sandbox.settings("http://127.0.0.1:1");
    let kept = settings.iter().filter(|(name, _)| kept.contains(&name.as_str()));
    kept.fold(TestEnvironment::default().with("PATH", &path), |env, (name, value)| env.with(name, value))
}

async fn client(environment: &TestEnvironment, place: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = environment.command(&[&["client"], arguments, &["--in", place]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    child.wait_with_output().await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_exit(output: &Output, code: i32, words: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(words), "{words}: {}", stderr(output));
}

fn entry(client_id: &str) -> Value {
    json!({"grant_types": ["authorization_code", "refresh_token"], "client_id": client_id,
           "client_secret_sha256": [digest("x")], "redirect_uris": [URI], "scope": null})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_made_alike_in_a_file_and_in_a_blob() {
    let person = Person::start().await;
    for place in person.places() {
        let changed = async |arguments: &[&str], words: &str| {
            let output = person.client(&place, arguments).await;
            assert_exit(&output, 0, words);
            person.registry(&place)
        };
        // `new` creates it.
        assert_exit(&person.client(&place, &["list"]).await, 2, "does not exist");
        assert_exit(&person.client(&place, &["set", "web", "scope", "signature"]).await, 2, "does not exist");
        let new = changed(&["new", "web", "--redirect-uri", URI], "Added web").await;
        assert_eq!((new.as_array().unwrap().len(), &new[0]["redirect_uris"]), (1, &json!([URI])));
        person.put(&place, Some(&json!([entry("a"), entry("web")]).to_string()));
        let added = changed(&["add-redirect-uri", "web", OTHER_URI], &format!("+      \"{OTHER_URI}\"")).await;
        assert_eq!((&added[0], &added[1]["redirect_uris"]), (&entry("a"), &json!([URI, OTHER_URI])));
        let (before, again) = (person.text(&place), ["add-redirect-uri", "web", OTHER_URI]);
        changed(&again, "already").await;
        assert_eq!(person.text(&place), before, "nothing is written");
        let names: Vec<_> = added[1].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["grant_types", "client_id", "client_secret_sha256", "redirect_uris", "scope"]);
        assert_eq!(before.unwrap(), format!("{added:#}\n"), "two spaces");
        let removal = ["remove-redirect-uri", "web", OTHER_URI, "--yes"];
        assert_eq!(changed(&removal, &format!("-      \"{OTHER_URI}\"")).await[1]["redirect_uris"], json!([URI]));
        assert_eq!(changed(&["set", "web", "require_pkce", "true"], "+").await[1]["require_pkce"], json!(true));
        assert_eq!(changed(&["set", "web", "scope", "signature"], "+").await[1]["scope"], json!("signature"));
        assert_eq!(changed(&["set", "web", "scope", "null"], "-").await[1].get("scope"), None);
        let uris = json!([OTHER_URI]).to_string();
        assert_eq!(
            changed(&["set", "web", "redirect_uris", &uris, "--yes"], "+").await[1]["redirect_uris"],
            json!([OTHER_URI])
        );
        assert_eq!(changed(&["rotate", "web"], "second").await[1]["client_secret_sha256"].as_array().unwrap().len(), 2);
        assert_eq!(changed(&["remove", "a", "--yes"], "Removed a").await.as_array().unwrap().len(), 1);
        let list = person.client(&place, &["list", "--json"]).await;
        assert_eq!(serde_json::from_slice::<Value>(&list.stdout).unwrap(), person.registry(&place));
        let show = person.client(&place, &["show", "web", "--json"]).await;
        assert_eq!(serde_json::from_slice::<Value>(&show.stdout).unwrap(), person.registry(&place)[0]);
        for command in [&["list"][..], &["show", "web"], &["check"]] {
            let output = person.client(&place, command).await;
            assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("web"), "{command:?}");
        }
        let check = person.client(&place, &["check", "--json"]).await;
        assert_eq!(serde_json::from_slice::<Value>(&check.stdout).unwrap()["clients"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_changes_nothing_and_exits_with_2() {
    let person = Person::start().await;
    let text = json!([entry("web")]).to_string();
    for place in person.places() {
        person.put(&place, Some(&text));
        for (arguments, words) in [
            (&["add-redirect-uri", "other", URI][..], "no client with this client_id"),
            (&["add-redirect-uri", "web", "https://*.example/"], "wildcard"),
            (&["remove-redirect-uri", "web", OTHER_URI, "--yes"], "no such redirect URI"),
            (&["remove-redirect-uri", "web", URI, "--yes"], "redirect_uris"),
            (&["set", "other", "scope", "x"], "no client with this client_id"),
            (&["set", "web", "colour", "red"], "clients have no such field"),
            (&["set", "web", "subject", "someone"], "expected integration_user or signed_in_user"),
            (&["set", "web", "client_secret_sha256", "null"], "client_secret_sha256"),
            (&["set", "web", "require_pkce", "yes"], "expected true or false"),
            (&["remove", "other", "--yes"], "no client with this client_id"),
            (&["show", "other"], "no client with this client_id"),
        ] {
            assert_exit(&person.client(&place, arguments).await, 2, words);
            assert_eq!(person.text(&place).as_deref(), Some(text.as_str()), "{arguments:?}");
        }
        for (broken, words) in [("[\n,]", "line 2, column 1"), (r#"[{"colour":1}]"#, "[0].colour"), ("", "empty")] {
            person.put(&place, Some(broken));
            for arguments in [&["check"][..], &["list"], &["new", "x"], &["remove", "web", "--yes"]] {
                assert_exit(&person.client(&place, arguments).await, 2, words);
            }
            assert_eq!(person.text(&place).as_deref(), Some(broken));
        }
    }
    for (place, words) in [
        ("https://evergrantsandbox.blob.core.windows.net/clients.json", "no blob after the container"),
        ("http://evergrantsandbox.blob.core.windows.net/a/b", "http://"),
        ("https://evergrantsandbox.blob.core.windows.net/a/b?sig=x", "SAS"),
    ] {
        assert_exit(&person.client(place, &["list"]).await, 2, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_without_a_yes() {
    let person = Person::start().await;
    let text = json!([entry("web"), entry("a")]).to_string();
    for place in person.places() {
        let one_uri = json!([URI]).to_string();
        for removal in [
            &["remove", "web"][..],
            &["remove-redirect-uri", "web", OTHER_URI],
            &["set", "web", "redirect_uris", &one_uri],
            &["set", "web", "client_id", "other"],
            &["rotate", "web", "--finish"],
        ] {
            let text = text.replacen(URI, &format!("{URI}\",\"{OTHER_URI}"), 1);
            let text = text.replacen(&digest("x"), &format!("{}\",\"{}", digest("x"), digest("y")), 1);
            person.put(&place, Some(&text));
            for answer in ["", "n\n", "\n", "no\n", "yess\n"] {
                let output = person.answering(&place, removal, answer).await;
                assert_exit(&output, 1, "Nothing was changed");
                assert!(stderr(&output).contains("[y/N]") && stderr(&output).contains("\n-"), "{}", stderr(&output));
                assert_eq!(person.text(&place).as_deref(), Some(text.as_str()));
            }
            assert_exit(&person.answering(&place, removal, "y\n").await, 0, "web");
            assert_ne!(person.text(&place).as_deref(), Some(text.as_str()));
        }
    }
}

/// Options and fields take the words of the registry with hyphens too; the registry gets its own spelling.
#[tokio::test(flavor = "multi_thread")]
async fn hyphens_are_accepted_wherever_a_command_takes_a_word_of_the_registry() {
    let person = Person::start().await;
    let place = person.places().into_iter().next().unwrap();
    let grant_types = json!(["authorization-code", "refresh_token"]).to_string();
    let new = ["new", "web", "--redirect-uri", URI, "--profile", "power-automate", "--subject", "signed-in-user"];
    let new = [&new[..], &["--grant-type", "authorization-code", "--grant-type", "refresh-token"]].concat();
    let words = ["power_automate", "signed_in_user", "authorization_code", "refresh_token"];
    let set = |field: &'static str, value| ["set", "web", field, value, "--yes"];
    for change in [
        &new[..],
        &set("profile", "workfront"),
        &set("profile", "power-automate"),
        &set("subject", "integration-user"),
        &set("subject", "signed-in-user"),
        &set("grant_types", &grant_types),
    ] {
        assert_exit(&person.client(&place, change).await, 0, "");
    }
    let entry = &person.registry(&place)[0];
    let written = [&entry["profile"], &entry["subject"], &entry["grant_types"][0], &entry["grant_types"][1]];
    assert_eq!(written, words.map(Value::from).each_ref());
    assert_exit(&person.client(&place, &set("profile", "power-auto")).await, 2, "did you mean power_automate");
    assert_exit(&person.client(&place, &set("access_token", "power-automate")).await, 2, "access_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_account_that_does_not_answer_or_refuses_is_exit_code_1() {
    let person = Person::start().await;
    person.put(BLOB_URL, Some("[]"));
    let forbidden =
        own_headers().into_iter().chain([("x-ms-error-code", "AuthorizationPermissionMismatch".to_owned())]);
    for (lie, words) in [
        (Lie::Answer(403, forbidden.collect(), String::new()), "Storage Blob Data Contributor"),
        (Lie::Cut, "no answer from the storage account"),
        (Lie::WithoutHeaders, "EVERGRANT_CLIENTS is a Blob container"),
    ] {
        person.blobs.lie(Some(lie));
        assert_exit(&person.client(BLOB_URL, &["list"]).await, 1, words);
    }
    person.blobs.lie(None);
    let stranger = person.environment.clone().with("PATH", "/nowhere");
    assert_exit(&client(&stranger, BLOB_URL, &["list"], "").await, 1, "az login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_added_by_a_person_works_in_the_running_app() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let (person, blob) = (environment(&sandbox), format!("{CONTAINER_URL}/clients.json"));
    assert_exit(&client(&person, &blob, &["new", "web", "--redirect-uri", URI], "").await, 0, "within 30 seconds");
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &blob)]).await;
    let url = app.url(&format!("/oauth/authorize?response_type=code&client_id=web&redirect_uri={OTHER_URI}"));
    let page = app.http.get(&url).await;
    assert!(page.status == 400 && page.text().contains("evergrant client add-redirect-uri web"), "{}", page.text());
    let setup = app.url(&format!("/setup?code={SETUP_KEY}"));
    // The second page reads the registry with `If-None-Match`.
    for _ in 0..2 {
        let answer = app.http.call(Method::GET, &setup, &[("accept", "application/json")], "").await;
        let clients =
            answer.json()["checks"].as_array().unwrap().iter().find(|check| check["check"] == "clients").cloned();
        assert_eq!(clients.unwrap()["finding"], "web", "{}", answer.text());
    }
    assert_exit(&client(&person, &blob, &["add-redirect-uri", "web", OTHER_URI], "").await, 0, "Added");
    app.http.get(&setup).await;
    assert_eq!(app.http.get(&url).await.status, 302, "goes on to DocuSign");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_writers_at_the_same_time_none_is_lost_without_a_word() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let environment = environment(&sandbox);
    let blob = format!("{CONTAINER_URL}/clients.json");
    let file = sandbox.file("clients.json", "[]").display().to_string();
    let names: Vec<String> = (0..5).map(|number| format!("client-{number}")).collect();
    for place in [blob, file] {
        let writers = names.iter().map(|name| {
            let (environment, place) = (&environment, &place);
            async move { client(environment, place, &["new", name, "--json"], "").await }
        });
        let mut written = Vec::new();
        for (name, output) in names.iter().zip(join_all(writers).await) {
            if output.status.success() {
                let issued: Value = serde_json::from_slice(&output.stdout).unwrap();
                written.push((name, digest(issued["client_secret"].as_str().unwrap())));
            } else {
                assert_exit(&output, 1, "it was changed meanwhile; run this again");
            }
        }
        let list = client(&environment, &place, &["list", "--json"], "").await;
        let list: Value = serde_json::from_slice(&list.stdout).unwrap_or_else(|_| panic!("{}", stderr(&list)));
        let listed = list
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["client_id"].clone(), entry["client_secret_sha256"][0].clone()));
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by_key(|(name, _)| name.to_string());
        assert_eq!(listed, written.iter().map(|(name, digest)| (json!(name), json!(digest))).collect::<Vec<_>>());
        assert!(!written.is_empty());
    }
}
