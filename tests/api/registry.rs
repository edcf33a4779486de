//! The client registry while the app runs: a new version takes effect as a whole, and a broken one changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sandbox::blobs::{Blobs, Lie, own_headers};
use sandbox::browser::Browser;
use sandbox::client::Answer;
use sandbox::proxy::StorageWay;
use sandbox::server::Server;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, SETUP_KEY, Sandbox, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::local::{CLIENT, LocalApp, REDIRECT_URI, client, clients, connection};
use crate::support::{TestApp, assert_error, assert_outage, whole_log};

const BLOB_URL: &str = "https://evergrantsandbox.blob.core.windows.net/evergrant-registry/clients.json";
const BLOB: &str = "/evergrant-registry/clients.json";

/// An app whose registry is a file.
struct FileApp {
    app: LocalApp,
    folder: TempDir,
}

impl FileApp {
    async fn start(clients: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.json");
        std::fs::write(&path, clients.to_string()).unwrap();
        let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &format!("@{}", path.display()))]).await;
        Self { app, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clients.json")
    }

    /// Writes a version, which the app reads at once instead of within 30 s.
    async fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
        self.app.app.registry.read_again().await;
    }

    async fn gateway(&self, credential: (&str, &str)) -> Answer {
        let url = format!("{}/gateway/clm/x", self.app.issuer);
        self.app.http.call(Method::GET, &url, &[credential], "").await
    }

    async fn setup(&self) -> Value {
        let url = format!("{}/setup", self.app.issuer);
        self.app.http.call(Method::GET, &url, &[("accept", "application/json")], "").await.json()
    }
}

/// The check of the registry.
fn check(report: &Value) -> &Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["check"] == "clients").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_client_is_refused_at_once_and_an_added_one_works() {
    let mut all = clients();
    all.as_array_mut().unwrap().push(client("keyed", &json!({"api_key_sha256": [digest("the key")]})));
    let running = FileApp::start(&all).await;
    let app = &running.app;
    let (refresh_token, code) = (app.connect("web").await.refresh_token, app.code("web", &[]).await);
    let sealed = app.token("sealed", &[("grant_type", "client_credentials")]).await.json()["access_token"].clone();
    let bearer = format!("Bearer {}", sealed.as_str().unwrap());
    for credential in [("authorization", bearer.as_str()), ("x-api-key", "the key")] {
        assert_error(&running.gateway(credential).await, 403, "insufficient_scope");
    }
    running.write(&json!([client("new", &json!({})), client("machine", &json!({}))]).to_string()).await;
    assert_error(&app.refresh("web", &refresh_token, &[]).await, 401, "invalid_client");
    assert_error(&app.redeem("web", &code, &[]).await, 401, "invalid_client");
    for credential in [("authorization", bearer.as_str()), ("x-api-key", "the key")] {
        assert_error(&running.gateway(credential).await, 401, "invalid_token");
    }
    let page = app.get(&app.authorize_url("web", &[])).await;
    assert!(page.status == 400 && page.text().contains("not registered"), "{}", page.text());
    // Another client cannot use what the removed one had.
    assert_error(&app.refresh("new", &refresh_token, &[]).await, 400, "invalid_grant");
    app.connect("new").await;
    // The removed one comes back with everything it had.
    running.write(&all.to_string()).await;
    connection(&app.redeem("web", &code, &[]).await);
    connection(&app.refresh("web", &refresh_token, &[]).await);
    assert_error(&running.gateway(("authorization", bearer.as_str())).await, 403, "insufficient_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_under_way_ends_without_a_code_if_its_client_or_redirect_uri_is_removed() {
    let running = FileApp::start(&clients()).await;
    let moved = json!([client("web", &json!({"redirect_uris": ["https://client.example/elsewhere"]}))]);
    for version in [json!([]), moved] {
        running.write(&clients().to_string()).await;
        let mut browser = Browser::stopping_at(&format!("{}/consent/callback", running.app.issuer));
        let visit = browser.sign_in(&running.app.authorize_url("web", &[]), INTEGRATION_USER, "allow").await;
        running.write(&version.to_string()).await;
        browser.stop_at = Some(CLIENT.to_owned());
        let page = browser.open(&visit.url).await;
        assert!(!page.url.starts_with(CLIENT) && page.answer.text().contains("no longer registered"), "{}", page.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_page_names_what_is_wrong_with_a_refused_version_while_the_last_good_one_serves() {
    let running = FileApp::start(&clients()).await;
    let secret = "hunter2-marker";
    let wrong_field = json!([client("web", &json!({"subject": secret}))]).to_string();
    for (text, found) in [
        ("[\n  {\"client_id\": \"web\",}\n]", "line 2, column 23: there is a comma before the closing bracket"),
        (wrong_field.as_str(), "EVERGRANT_CLIENTS[0].subject (client web) is invalid"),
    ] {
        running.write(text).await;
        running.app.connect("web").await;
        let report = running.setup().await;
        let check = check(&report);
        assert_eq!((&check["verdict"], &report["healthy"]), (&json!("bad"), &json!(false)));
        let finding = check["finding"].as_str().unwrap();
        assert!(
            finding.contains(found) && finding.contains("last good version") && !finding.contains(secret),
            "{finding}"
        );
        assert_eq!(report["clients"].as_array().unwrap().len(), 8);
    }
    std::fs::remove_file(running.path()).unwrap();
    let report = running.setup().await;
    assert!(check(&report)["finding"].as_str().unwrap().contains("does not exist"), "{report:#}");
    running.app.connect("web").await;
    // Opening the page reads the registry: a corrected version works at once.
    std::fs::write(running.path(), json!([client("web", &json!({}))]).to_string()).unwrap();
    assert_eq!(check(&running.setup().await)["verdict"], "good");
}

/// One edit of the registry: what each of two clients is, or a text that is refused.
#[derive(Clone, Debug)]
enum Edit {
    /// Number of the secret and whether the scope is wide, for each client that is registered.
    Clients([Option<(u8, bool)>; 2]),
    Broken,
    Gone,
}

const IDS: [&str; 2] = ["one", "two"];
const SCOPES: [&str; 2] = ["signature", "signature spring_read"];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let entry = || proptest::option::weighted(0.8, (0..3u8, any::<bool>()));
    let edit = prop_oneof![
        6 => [entry(), entry()].prop_map(Edit::Clients),
        1 => Just(Edit::Broken),
        1 => Just(Edit::Gone),
    ];
    proptest::collection::vec(edit, 5..15)
}

fn text_of(version: [Option<(u8, bool)>; 2]) -> String {
    let entries = IDS.iter().zip(version).filter_map(|(id, entry)| {
        let (secret, wide) = entry?;
        Some(json!({
            "client_id": id, "client_secret_sha256": [digest(&format!("secret {secret}"))], "access_token": "sealed",
            "grant_types": ["client_credentials"], "scope": SCOPES[usize::from(wide)],
        }))
    });
    Value::Array(entries.collect()).to_string()
}

/// A request as both clients in turn sends a secret and learns the client's scope.
async fn ask(app: &LocalApp, client: usize, secret: u8) -> Option<bool> {
    let secret = format!("secret {secret}");
    let form = [("grant_type", "client_credentials"), ("client_id", IDS[client]), ("client_secret", secret.as_str())];
    let answer = app.http.post_form(&format!("{}/oauth/token", app.issuer), &[], &form).await;
    match answer.status.as_u16() {
        200 => Some(answer.json()["scope"] == SCOPES[1]),
        // Too many failures in a minute, of which there are many here.
        401 | 429 => None,
        _ => panic!("{}", answer.text()),
    }
}

/// Edits the registry under load. Each answer must fit one version that was in force while it was made.
async fn edit_under_load(edits: Vec<Edit>) {
    let first = [Some((0, false)), Some((1, true))];
    let running = FileApp::start(&serde_json::from_str(&text_of(first)).unwrap()).await;
    let mut versions = vec![first];
    for edit in &edits {
        versions.extend(if let Edit::Clients(version) = edit { Some(*version) } else { None });
    }
    // How many versions have been begun, and how many are in force for certain.
    let (begun, certain, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let load = join_all((0..6u8).map(|number| {
        let (running, versions, begun, certain, over) = (&running, &versions, &begun, &certain, &over);
        async move {
            let (client, secret) = (usize::from(number % 2), number % 3);
            let mut asked = 0;
            while !over.load(Ordering::SeqCst) || asked == 0 {
                let earliest = certain.load(Ordering::SeqCst);
                let found = ask(&running.app, client, secret).await;
                let latest = begun.load(Ordering::SeqCst);
                let expected = |version: &[Option<(u8, bool)>; 2]| {
                    version[client].filter(|(accepted, _)| *accepted == secret).map(|(_, wide)| wide)
                };
                let fits = versions[earliest..=latest].iter().any(|version| expected(version) == found);
                assert!(fits, "{found:?} fits none of {:?}", &versions[earliest..=latest]);
                asked += 1;
            }
        }
    }));
    let editing = async {
        for edit in &edits {
            match edit {
                Edit::Clients(version) => {
                    begun.fetch_add(1, Ordering::SeqCst);
                    running.write(&text_of(*version)).await;
                    certain.fetch_add(1, Ordering::SeqCst);
                }
                Edit::Broken => running.write("[{").await,
                Edit::Gone => {
                    let _ = std::fs::remove_file(running.path());
                    running.app.app.registry.read_again().await;
                }
            }
            ask(&running.app, 0, 0).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(load, editing);
}

#[test]
fn no_request_sees_a_mixture_of_versions_whatever_is_edited_under_load() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases: 4, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&edits(), |edits| {
        runtime.block_on(edit_under_load(edits));
        Ok(())
    });
    tried.unwrap();
}

/// An app whose registry is a blob.
struct BlobApp {
    app: TestApp,
    blobs: Arc<Blobs>,
    _server: Server,
}

impl BlobApp {
    async fn start(registry: Option<&str>, lie: Option<Lie>) -> Self {
        let sandbox = Sandbox::start().await;
        let blobs = Blobs::new();
        let server = blobs.start(sandbox.certify("*.blob.core.windows.net").acceptor).await;
        sandbox.proxy.lead_storage(StorageWay::To(server.address));
        blobs.put(BLOB, registry);
        blobs.lie(lie);
        let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", BLOB_URL)]).await;
        Self { app, blobs, _server: server }
    }

    /// Opens the setup page, which reads the registry at once instead of within 30 s.
    async fn setup(&self) -> Value {
        let headers = [("x-functions-key", SETUP_KEY), ("accept", "application/json")];
        self.app.http.call(Method::GET, &self.app.url("/setup"), &headers, "").await.json()
    }

    async fn token(&self, client_id: &str) -> Answer {
        let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", CLIENT_SECRET)];
        self.app.form(&[], &form).await
    }
}

fn machine(client_id: &str) -> Value {
    client(client_id, &json!({"grant_types": ["client_credentials"]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_read_at_start_and_every_later_version_without_a_restart() {
    let app = BlobApp::start(Some(&json!([machine("first")]).to_string()), None).await;
    assert_eq!(app.token("first").await.status, 200, "the first request waits for the registry");
    let (reads, unchanged) = app.blobs.reads();
    app.setup().await;
    assert_eq!(app.blobs.reads(), (reads + 1, unchanged + 1), "a version that is known is not sent again");
    app.blobs.put(BLOB, Some(&json!([machine("second")]).to_string()));
    assert_eq!(check(&app.setup().await)["finding"], "second");
    assert_error(&app.token("first").await, 401, "invalid_client");
    assert_eq!(app.token("second").await.status, 200);
    // Broken, deleted and unreachable: the last good version stays.
    app.blobs.put(BLOB, Some("[\n{]"));
    for _ in 0..2 {
        let report = app.setup().await;
        assert!(check(&report)["finding"].as_str().unwrap().contains("line 2, column 2"), "{report:#}");
        assert_eq!(app.token("second").await.status, 200);
    }
    app.blobs.put(BLOB, None);
    assert!(check(&app.setup().await)["finding"].as_str().unwrap().contains("does not exist"));
    let forbidden =
        own_headers().into_iter().chain([("x-ms-error-code", "AuthorizationPermissionMismatch".to_owned())]);
    app.blobs.lie(Some(Lie::Answer(403, forbidden.collect(), String::new())));
    let report = app.setup().await;
    assert!(check(&report)["fix"].as_str().unwrap().contains("Storage Blob Data Reader"), "{report:#}");
    assert_eq!(app.token("second").await.status, 200);
    app.blobs.lie(None);
    app.blobs.put(BLOB, Some(&json!([machine("third")]).to_string()));
    assert_eq!((&app.setup().await["healthy"], app.token("third").await.status.as_u16()), (&json!(true), 200));
    let lines = whole_log(&app.app).await;
    let refused: Vec<_> = lines.iter().filter(|line| line["event"] == "registry_refused").collect();
    assert_eq!((refused.len(), &refused[0]["level"]), (1, &json!("ERROR")), "one line per version: {refused:?}");
    assert!(refused[0]["message"].as_str().unwrap().contains("line 2, column 2"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_good_version_everything_that_needs_clients_is_an_outage() {
    let app = BlobApp::start(None, None).await;
    for wrong in [None, Some("{}"), Some(r#"[{"client_id":"web"}]"#)] {
        app.blobs.put(BLOB, wrong);
        assert_eq!(check(&app.setup().await)["verdict"], "bad");
        assert_outage(&app.token("web").await);
        let form = [("token", "x"), ("client_id", "web"), ("client_secret", CLIENT_SECRET)];
        assert_outage(&app.app.http.post_form(&app.app.url("/oauth/revoke"), &[], &form).await);
        let headers = [("x-api-key", "x"), ("username", "robot@example.org")];
        assert_outage(&app.app.http.call(Method::GET, &app.app.url("/gateway/clm/x"), &headers, "").await);
        let pages = [
            format!("/oauth/authorize?client_id=web&response_type=code&redirect_uri={REDIRECT_URI}"),
            "/workfront/v1/open?client=web&id=x".to_owned(),
            "/workfront/v1/metadata?id=x".to_owned(),
        ];
        for page in pages {
            let answer = app.app.http.call(Method::GET, &app.app.url(&page), &headers, "").await;
            let retry_after = answer.header("retry-after").parse::<u64>();
            assert!(answer.status == 503 && retry_after.is_ok_and(|seconds| seconds > 0), "{page}: {}", answer.text());
        }
        for page in ["/healthz", "/.well-known/oauth-authorization-server", "/workfront/v1/serviceInfo"] {
            assert_eq!(app.app.http.get(&app.app.url(page)).await.status, 200, "{page}");
        }
    }
    app.blobs.put(BLOB, Some(&json!([machine("web")]).to_string()));
    app.setup().await;
    assert_eq!(app.token("web").await.status, 200);
}
