//! `evergrant status` at an address where something else answers, or an app of another version.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use sandbox::server::{self, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{json as parsed, stderr, stdout};
use crate::support::{TestEnvironment, root};

const COMMAND: [&str; 5] = ["status", "--app", "contoso-evergrant", "--resource-group", "evergrant"];
const KEY: &str = "hunter2-function-key";

/// A simulated Azure CLI that leads to a server with one answer.
struct Stage {
    azure: TempDir,
    answer: Arc<Mutex<Response<String>>>,
    _server: Server,
}

impl Stage {
    async fn set() -> Self {
        let answer: Arc<Mutex<Response<String>>> = Arc::default();
        let given = Arc::clone(&answer);
        let server = Server::start(0, move |_: Request<_>| {
            let answer = given.lock().unwrap().clone();
            async move { Ok(answer.map(server::body)) }
        })
        .await;
        let azure = TempDir::new().unwrap();
        std::fs::write(azure.path().join("function_key"), KEY).unwrap();
        std::fs::write(azure.path().join("host_name"), server.url().trim_start_matches("http://")).unwrap();
        Self { azure, answer, _server: server }
    }

    /// `status` while the server gives this answer.
    async fn status(
        &self,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
        options: &[&str],
    ) -> std::process::Output {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        *self.answer.lock().unwrap() = answer.body(body.to_owned()).unwrap();
        let path = format!("{}:/usr/bin:/bin", root().join("tests/tools/azure").display());
        let environment =
            TestEnvironment::default().with("PATH", &path).with("STUB_AZURE", &self.azure.path().display().to_string());
        let output = environment.command(&[&COMMAND, options].concat()).output().await.unwrap();
        let text = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!text.contains(KEY) && !text.contains("panicked"), "{text}");
        output
    }
}

const OWN: (&str, &str) = ("x-request-id", "0af7651916cd43dd8448eb211c80319c");

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_app_is_named_with_a_fix() {
    let stage = Stage::set().await;
    let moved = [("location", "https://login.microsoftonline.com/x?secret=hunter2")];
    for (status, headers, body, words) in [
        (
            404,
            &[][..],
            "not found",
            &["status 404, which the app did not send", "./deploy --resource-group evergrant"][..],
        ),
        (418, &[], "teapot", &["status 418, which the app did not send", "what is in front of the app"]),
        (401, &[], "", &["does not accept the function key that Azure returned"]),
        (
            302,
            &moved,
            "",
            &["which leads to https://login.microsoftonline.com/x", "a sign-in page is in front of the app"],
        ),
        (
            403,
            &[],
            "The web app is stopped.",
            &["the app is stopped", "az functionapp start --resource-group evergrant"],
        ),
        (407, &[], "", &["asks for a sign-in"]),
    ] {
        let output = stage.status(status, headers, body, &[]).await;
        let text = stderr(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{status}: {text}");
        for words in words {
            assert!(text.contains(words), "{status} without {words}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_own_refusal_is_repeated_and_what_is_no_report_is_not_guessed() {
    let stage = Stage::set().await;
    let unknown = "this version of evergrant does not understand the report";
    let check =
        json!({"check": "x", "area": "azure", "title": "X", "verdict": "good", "finding": "y", "duration_ms": 1.0});
    let with = |name: &str, value: &str| {
        let mut check = check.clone();
        check[name] = value.into();
        json!({"healthy": true, "checks": [check]}).to_string()
    };
    let refusal = r#"{"error":"x","error_description":"the page is\u001b[31m not shown\nhere"}"#;
    for (status, body, words) in [
        (403, refusal.to_owned(), "answers with status 403: the page is [31m not shown here"),
        (500, r#"{"error":"server_error"}"#.to_owned(), unknown),
        (200, "not JSON".to_owned(), unknown),
        (200, r#"{"checks":{}}"#.to_owned(), unknown),
        (200, r#"{"checks":[5]}"#.to_owned(), unknown),
        (200, with("verdict", "excellent"), unknown),
        (200, with("area", "moon"), unknown),
    ] {
        let output = stage.status(status, &[OWN], &body, &[]).await;
        let text = stderr(&output);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{body}: {text}");
        assert!(text.contains(words) && !text.contains('\u{1b}'), "{body}: {text}");
    }
}

/// A report with these checks, of an app that has no public URL of its own.
fn report(checks: &Value, more: &Value) -> String {
    let mut report = json!({"healthy": true, "checks": checks});
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    report.to_string()
}

fn check(name: &str, verdict: &str, finding: &str) -> Value {
    json!({"check": name, "area": "clients", "title": name, "verdict": verdict, "finding": finding, "duration_ms": 1.0})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_configured_is_counted_in_the_right_number() {
    let stage = Stage::set().await;
    for (count, sentence) in [(1, "its settings have 1 error\n"), (3, "its settings have 3 errors\n")] {
        let checks: Vec<Value> =
            (0..count).map(|number| check(&format!("setting{number}"), "bad", "x is invalid")).collect();
        let body = report(&json!(checks), &json!({"status": "not_configured", "healthy": false}));
        let output = stage.status(503, &[OWN], &body, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stdout(&output).contains(&format!("The app is not configured: {sentence}")), "{}", stdout(&output));
        assert!(!stdout(&output).contains("Routes"), "routes are asked only at an app that is configured");
        let output = stage.status(503, &[OWN], &body, &["--json"]).await;
        assert_eq!((output.status.code(), &parsed(&output)["status"]), (Some(2), &json!("not_configured")));
    }
}

/// A report comes over the network, so its texts must not reach the terminal's controls.
#[tokio::test(flavor = "multi_thread")]
async fn control_characters_of_a_report_do_not_reach_the_terminal() {
    let stage = Stage::set().await;
    let wild = "a\u{1b}]0;title\u{7}b\rc\u{9b}31md\u{0}";
    let mut bad = check(wild, "bad", wild);
    bad["fix"] = wild.into();
    let more = json!({"docusign_redirect_uri": wild, "consent_url": wild, "public_keys": [{"setting": wild, "sha256": wild, "pem": wild}]});
    let output = stage.status(200, &[OWN], &report(&json!([bad]), &more), &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let controls = stdout(&output).chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(controls, None, "{:?}", stdout(&output));
    // JSON has them escaped.
    let output = stage.status(200, &[OWN], &report(&json!([bad]), &more), &["--json"]).await;
    assert_eq!(parsed(&output)["docusign_redirect_uri"], wild);
    assert!(!stdout(&output).contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_a_sealing_key_has_no_consent_link_and_says_why() {
    let stage = Stage::set().await;
    let more =
        json!({"docusign_redirect_uri": "https://x.example/consent/callback", "consent_url": null, "public_keys": []});
    let output =
        stage.status(200, &[OWN], &report(&json!([check("sealing_key", "bad", "does not sign")]), &more), &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output).replace('\n', " ");
    assert!(text.contains("There is no consent link, because the sealing key cannot be used"), "{text}");
}
