//! Under a Functions host, wrong settings do not end the process: it lists them on the setup page, and everyone else is asked to
//! wait.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use futures_util::future::join_all;
use http::Method;
use sandbox::client::{Answer, HttpClient};
use sandbox::process::{self, Output};
use sandbox::{Sandbox, free_port};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::config::{DIGEST, MARKER, good};
use crate::support::{TestEnvironment, run, until};

/// A setting, its wrong value (empty: it is missing), what is wrong with it, and a part of the fix.
type Fault = (&'static str, &'static str, &'static str, &'static str);

const REFERENCE: &str = "@Microsoft.KeyVault(SecretUri=https://hunter2-marker.vault.azure.net/secrets/a)";
const IN_APP_CONFIGURATION: &str = "@Microsoft.AppConfiguration(Endpoint=https://hunter2-marker.azconfig.io; Key=a)";

const FAULTS: [Fault; 26] = [
    ("EVERGRANT_PUBLIC_URL", "", "is missing", "https://contoso-evergrant.azurewebsites.net"),
    ("EVERGRANT_PUBLIC_URL", "http://hunter2-marker", "it begins with http://", "without a path"),
    ("EVERGRANT_PUBLIC_URL", REFERENCE, "it is a Key Vault reference", "Key Vault Secrets User"),
    (
        "EVERGRANT_PUBLIC_URL",
        IN_APP_CONFIGURATION,
        "it is an App Configuration reference",
        "App Configuration Data Reader",
    ),
    (
        "EVERGRANT_SIGNING_KEY_ID",
        "https://hunter2-marker.vault.azure.net/keys/a",
        "it has no version",
        "Key Vault key identifier",
    ),
    ("EVERGRANT_SIGNING_KEY_ID", "file:/nowhere/hunter2-marker", "the file it names does not exist", "file:"),
    ("EVERGRANT_SIGNING_KEY_ID", "file:Cargo.toml", "the file it names", "PEM"),
    ("EVERGRANT_SIGNING_KEY_ID_NEXT", "hunter2-marker", "it is not a URL", "with its version"),
    ("EVERGRANT_SEALING_KEY_ID", "", "is missing", "with its version"),
    ("EVERGRANT_SEALING_KEY_ID", "https://contoso.vault.azure.net/secrets/a/0a", "it names a secret", "key identifier"),
    ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "/subscriptions/hunter2-marker", "it is a resource ID", "key identifier"),
    ("EVERGRANT_CLIENTS", "", "is missing", "a JSON array of clients"),
    ("EVERGRANT_CLIENTS", "[{\"client_id\": \"hunter2-marker\",}]", "line 1, column", "a JSON array of clients"),
    (
        "EVERGRANT_CLIENTS",
        "@/nowhere/hunter2-marker.json",
        "the file it names does not exist",
        "a JSON array of clients",
    ),
    ("EVERGRANT_CLIENTS", REFERENCE, "it is a Key Vault reference", "Key Vault Secrets User"),
    ("EVERGRANT_STORE", "AccountName=a;AccountKey=hunter2-marker", "it is a connection string", "memory"),
    ("EVERGRANT_LOG", "hunter2-marker=infos", "did you mean info?", "a level"),
    ("DOCUSIGN_ENVIRONMENT", "prod", "did you mean production?", "demo or production"),
    ("DOCUSIGN_INTEGRATION_KEY", "https://hunter2-marker", "it is a URL", "a GUID"),
    ("DOCUSIGN_USER_ID", "hunter2-marker@example.org", "it is an e-mail address", "API Username"),
    ("DOCUSIGN_ACCOUNT_ID", "12345678", "it is a plain number", "API Account ID"),
    ("DOCUSIGN_SCOPES", "signature+hunter2-marker", "it has + between scopes", "separated by spaces"),
    ("DOCUSIGN_OAUTH_URL", "https://account.docusign.com", "belongs to production", "base URL"),
    ("DOCUSIGN_SECRET_KEY", "\"hunter2-marker\"", "it has quotes around it", "secret key"),
    ("DOCUSIGN_ADMINS", "hunter2-marker", "item 1:", "User IDs"),
    ("AZURE_CLIENT_ID", REFERENCE, "it is a Key Vault reference", "Key Vault Secrets User"),
];

/// A handler, as the Functions host starts it.
struct Handler {
    url: String,
    http: HttpClient,
    output: Output,
    process: Child,
}

impl Handler {
    async fn start(environment: &TestEnvironment) -> Self {
        Self::of(&mut environment.command(&[])).await
    }

    async fn of(command: &mut Command) -> Self {
        let (port, output) = (free_port(), Output::default());
        let host =
            [("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()), ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w".into())];
        let process = process::spawn(command.envs(host), &output);
        until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        Self { url: format!("http://127.0.0.1:{port}"), http: HttpClient::default(), output, process }
    }

    async fn get(&self, path: &str, accept: &str) -> Answer {
        self.http.call(Method::GET, &format!("{}{path}", self.url), &[("accept", accept)], "").await
    }

    fn lines(&self, event: &str) -> Vec<Value> {
        let lines = self.output.stdout.all();
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
        lines.filter(|line| line["event"] == event).collect()
    }
}

/// The page, the text and the JSON of the setup page.
async fn setup_pages(handler: &Handler) -> Vec<String> {
    let mut pages = Vec::new();
    for (accept, content_type) in [
        ("text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("application/json", "application/json"),
    ] {
        let answer = handler.get("/setup", accept).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (503, content_type));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.header("x-request-id").is_empty());
        pages.push(answer.text().replace("&#39;", "'").replace("&#34;", "\"").replace("\\\"", "\""));
    }
    pages
}

async fn assert_reported((name, value, reason, fix): Fault) {
    let environment = if value.is_empty() { good().without(name) } else { good().with(name, value) };
    let handler = Handler::start(&environment).await;
    let pages = setup_pages(&handler).await;
    assert!(pages[0].contains(r#"href="">Check again</a>"#), "{}", pages[0]);
    for page in pages {
        let message = page.contains(name) && page.contains(reason) && page.contains(fix);
        assert!(message && !page.contains(MARKER), "{name}={value}: {page}");
    }
    assert_eq!(handler.get("/", "*/*").await.status, 200, "the host's probe");
    assert_eq!(handler.get("/healthz", "*/*").await.text(), r#"{"status":"not_configured"}"#);
    let token = handler.http.post_form(&format!("{}/oauth/token", handler.url), &[], &[("grant_type", "x")]).await;
    assert_eq!((token.status.as_u16(), &token.json()["error"]), (503, &"temporarily_unavailable".into()));
    let lines = handler.lines("not_configured");
    assert_eq!(lines.len(), 1, "{name}={value}: {lines:#?}");
    let message = lines[0]["message"].as_str().unwrap();
    assert!(lines[0]["level"] == "ERROR" && lines[0]["setting"] == name, "{:#}", lines[0]);
    assert!(message.contains(reason) && message.contains(fix), "{message}");
    let log = handler.output.stdout.all().join("\n");
    assert!(!log.contains(MARKER) && handler.output.stderr.all().is_empty(), "{log} {:?}", handler.output.stderr.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_is_on_the_setup_page_with_its_fix_and_in_the_log() {
    for faults in FAULTS.chunks(6) {
        join_all(faults.iter().map(|fault| assert_reported(*fault))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_errors_are_listed_together_with_a_secret_that_did_not_arrive() {
    let clients = format!(
        r#"[{{"client_id": "flows", "client_secret_sha256": ["{REFERENCE}"], "grant_types": ["client_credentials"]}}]"#
    );
    let environment = good()
        .with("EVERGRANT_CLIENTS", &clients)
        .with("DOCUSIGN_SECRET_KEY", REFERENCE)
        .with("EVERGRANT_STOR", MARKER);
    let mut command = environment.command(&[]);
    command.env("EVERGRANT_STORE", OsStr::from_bytes(b"https://contoso.blob.core.windows.net/\xff"));
    let handler = Handler::of(&mut command).await;
    for page in setup_pages(&handler).await {
        for words in [
            "EVERGRANT_CLIENTS[0].client_secret_sha256 (client flows)",
            "it is a Key Vault reference, which works only as the whole value of a setting",
            "DOCUSIGN_SECRET_KEY is invalid: it is a Key Vault reference that the platform did not resolve",
            "EVERGRANT_STORE is invalid: it has bytes that are not UTF-8",
            "EVERGRANT_STOR is unknown: did you mean EVERGRANT_STORE?",
        ] {
            assert!(page.contains(words) && !page.contains(MARKER), "{words}: {page}");
        }
    }
    assert_eq!(handler.lines("not_configured").len(), 3);
    assert_eq!(handler.lines("unknown_setting").len(), 1);
    let report = handler.get("/setup", "application/json").await.json();
    assert_eq!((&report["status"], &report["healthy"]), (&"not_configured".into(), &false.into()));
    assert_eq!(report["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "bad").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_its_callers_to_wait_in_their_own_format() {
    let handler = Handler::start(&good().without("DOCUSIGN_USER_ID")).await;
    let json = "application/json";
    for (method, path, content_type, words) in [
        (Method::GET, "/healthz", json, "not_configured"),
        (Method::HEAD, "/healthz", json, ""),
        (Method::HEAD, "/setup", "text/html; charset=utf-8", ""),
        (Method::POST, "/setup", json, r#"{"error":"temporarily_unavailable""#),
        (Method::POST, "/oauth/token", json, r#"{"error":"temporarily_unavailable""#),
        (Method::GET, "/oauth/token", json, r#"{"error":"temporarily_unavailable""#),
        (Method::POST, "/oauth/revoke", json, r#"{"error":"temporarily_unavailable""#),
        (Method::GET, "/.well-known/oauth-authorization-server", json, r#"{"error":"temporarily_unavailable""#),
        (Method::GET, "/oauth/authorize?client_id=x", "text/html; charset=utf-8", "This app is not ready yet"),
        (Method::GET, "/oauth/authorize/x", "text/html; charset=utf-8", "temporarily_unavailable"),
        (Method::GET, "/consent/callback?code=x&state=y", "text/html; charset=utf-8", "temporarily_unavailable"),
        (Method::DELETE, "/gateway/clm/documents/x", json, r#"{"error":"temporarily_unavailable""#),
        (Method::GET, "/workfront/v1/files", json, r#"{"status":"error","error":"temporarily_unavailable: "#),
        (Method::GET, "/workfront/v1/open?id=x", "text/html; charset=utf-8", "temporarily_unavailable"),
        (Method::GET, "/nothing", json, "temporarily_unavailable"),
        (Method::POST, "/token-function", json, "temporarily_unavailable"),
    ] {
        let answer = handler.http.call(method.clone(), &format!("{}{path}", handler.url), &[], "a=b").await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "60"), "{method} {path}");
        assert_eq!(answer.header("content-type"), content_type, "{method} {path}");
        assert!(answer.text().contains(words), "{method} {path}: {}", answer.text());
        let id = answer.header("x-request-id");
        until(|| handler.output.stdout.all().iter().any(|line| line.contains(id))).await;
    }
    let answers = handler.output.stdout.all();
    let answers = answers.iter().filter(|line| line.contains("\"status\":503"));
    assert!(answers.clone().count() == 16 && answers.clone().all(|line| line.contains("\"cause\":\"not_configured\"")));
}

/// In forward mode the host's key does not protect the page: it reads the path once more after it has checked the key.
#[tokio::test(flavor = "multi_thread")]
async fn in_azure_the_setup_page_is_refused_in_forward_mode() {
    let wrong = good().without("DOCUSIGN_USER_ID");
    for (environment, agent, status) in [
        (wrong.clone().with("WEBSITE_INSTANCE_ID", "x"), "curl/8.5 Azure-Functions-Host/4.1037.0", 403),
        (wrong.clone().with("WEBSITE_INSTANCE_ID", "x"), "curl/8.5", 503),
        (wrong, "curl/8.5 Azure-Functions-Host/4.1037.0", 503),
    ] {
        let handler = Handler::start(&environment).await;
        for accept in ["text/html", "text/plain", "application/json"] {
            let headers = [("user-agent", agent), ("accept", accept)];
            let answer = handler.http.call(Method::GET, &format!("{}/setup", handler.url), &headers, "").await;
            assert_eq!(answer.status, status, "{agent} {accept}");
            assert_eq!(answer.text().contains("DOCUSIGN_USER_ID"), status == 503, "{agent} {accept}");
        }
    }
}

/// A client that sends all of its body before it reads would lose an answer that closes the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_read_before_the_answer() {
    let handler = Handler::start(&good().without("DOCUSIGN_USER_ID")).await;
    let body = "x".repeat(4 << 20);
    for path in ["/oauth/token", "/gateway/clm-upload/folders/x/documents"] {
        let answer = handler.http.call(Method::POST, &format!("{}{path}", handler.url), &[], &body).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_functions_host_wrong_settings_end_the_process() {
    for (name, value) in [("DOCUSIGN_USER_ID", "x"), ("EVERGRANT_CLIENTS", "@/nowhere.json"), ("EVERGRANT_LOG", "x")] {
        let output = run(&["serve"], good().with(name, value).with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", " ")).await;
        assert_eq!(output.status.code(), Some(2), "{name}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with(&format!("evergrant: {name} is invalid: ")), "{stderr}");
    }
}

/// No one could reach it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_cannot_be_read_or_is_taken_ends_the_process() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().map(|address| (address.port().to_string(), taken)).unwrap();
    for (port, code) in [("x", 2), (taken.0.as_str(), 1)] {
        let environment = good().without("DOCUSIGN_USER_ID").with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w");
        let output = run(&["serve"], environment.with("FUNCTIONS_CUSTOMHANDLER_PORT", port)).await;
        assert_eq!(output.status.code(), Some(code), "{port}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("evergrant: "));
    }
}

/// The settings' files are read every 30 s; a unit test has the time.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_points_to_the_setup_page_of_an_app_that_is_not_configured() {
    let handler =
        Handler::start(&good().with("EVERGRANT_CLIENTS", &format!("[{{\"client_secret_sha256\":\"{DIGEST}\"}}]")))
            .await;
    let sandbox = Sandbox::start().await;
    let environment = TestEnvironment::from(&sandbox.settings(&handler.url));
    let output = run(&["doctor", "--json"], environment).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "public_url").unwrap();
    assert_eq!(check["verdict"], "bad");
    assert!(check["finding"].as_str().unwrap().contains("not configured"), "{check:#}");
    assert!(check["fix"].as_str().unwrap().contains(&format!("{}/setup", handler.url)), "{check:#}");
    drop(handler.process);
}
