//! The check *Routes*: only the app's own answers count, on every route of the package.

use std::path::Path;
use std::sync::Arc;

use http::{Request, Response};
use sandbox::Sandbox;
use sandbox::fault::{Fault, Faults};
use sandbox::host::{FunctionsHost, Phase};
use sandbox::manifest::Manifest;
use sandbox::server::{Body, Server, reply};
use serde_json::Value;
use tempfile::TempDir;

use super::{check, examine};
use crate::support::{TestApp, TestEnvironment, handler, root, run};

/// The files of the package that the host reads.
fn package() -> TempDir {
    let app_root = TempDir::new().unwrap();
    std::fs::copy(root().join("host.json"), app_root.path().join("host.json")).unwrap();
    for function in Manifest::read(&root()).unwrap().functions {
        std::fs::create_dir(app_root.path().join(&function.name)).unwrap();
        let file = format!("{}/function.json", function.name);
        std::fs::copy(root().join(&file), app_root.path().join(&file)).unwrap();
    }
    app_root
}

/// A host with a changed package.
pub async fn host(sandbox: &Sandbox, change: impl Fn(&Path)) -> (FunctionsHost, TempDir) {
    let app_root = package();
    change(app_root.path());
    let host = FunctionsHost::start(sandbox.host_options(app_root.path(), Some(&handler()), 0, &[])).await;
    host.wait_for(|phase| *phase != Phase::Starting).await;
    (host, app_root)
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// The exit code and the check of `doctor --routes`, which needs no settings.
async fn routes_at(url: &str) -> (Option<i32>, Value) {
    let output = run(&["doctor", "--json", "--routes", url], TestEnvironment::default()).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), report["checks"][0].clone())
}

fn has(check: &Value, field: &str, words: &str) -> bool {
    check[field].as_str().is_some_and(|text| text.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_package_that_is_lost_is_named_with_its_function() {
    let sandbox = Sandbox::start().await;
    let (whole, _files) = host(&sandbox, |_| {}).await;
    let (code, found) = routes_at(&whole.url()).await;
    assert_eq!((code, &found["verdict"]), (Some(0), &Value::from("good")), "{found:#}");
    assert_eq!(whole.key_lookups(), 1, "one request has a code");
    for function in Manifest::read(&root()).unwrap().functions {
        let (host, _files) = host(&sandbox, |root| std::fs::remove_dir_all(root.join(&function.name)).unwrap()).await;
        let (code, found) = routes_at(&host.url()).await;
        assert_eq!((code, &found["verdict"]), (Some(1), &Value::from("bad")), "{}: {found:#}", function.name);
        // The host has a page of its own for the app's address.
        let instead = if function.name == "home-function" { "status 200 and a page" } else { "status 404" };
        for (field, words) in [
            ("finding", format!("({}, ", function.name)),
            ("finding", format!("{instead} without x-request-id")),
            ("fix", "missing or disabled".to_owned()),
            ("fix", "AzureWebJobs.<function>.Disabled".to_owned()),
        ] {
            assert!(has(&found, field, &words), "{words}: {found:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_does_to_a_route_is_explained_by_its_status() {
    let sandbox = Sandbox::start().await;
    let (behind_a_key, _files) =
        host(&sandbox, |root| replace(&root.join("token-function/function.json"), "anonymous", "function")).await;
    let (_, found) = routes_at(&behind_a_key.url()).await;
    assert!(has(&found, "finding", "1 of ") && has(&found, "finding", "status 401"), "{found:#}");
    assert!(has(&found, "finding", "POST /oauth/token (token-function, "), "{found:#}");
    assert!(has(&found, "fix", "authLevel"), "{found:#}");
    let prefixed = |root: &Path| replace(&root.join("host.json"), r#""routePrefix": """#, r#""routePrefix": "api""#);
    let (prefixed, _files) = host(&sandbox, prefixed).await;
    let (_, found) = routes_at(&prefixed.url()).await;
    assert!(has(&found, "finding", "status 404") && has(&found, "fix", "routePrefix"), "{found:#}");
    let (whole, _files) = host(&sandbox, |_| {}).await;
    whole.set_storage_down(true);
    let (_, found) = routes_at(&whole.url()).await;
    assert!(has(&found, "finding", "1 of ") && has(&found, "finding", "status 500"), "{found:#}");
    assert!(has(&found, "finding", "GET /consent/callback?code=… (consent-callback, "), "{found:#}");
    assert!(has(&found, "fix", "azure-webjobs-secrets"), "{found:#}");
}

/// Without this check, a lost route counted as a refusal.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_check_concludes_anything_from_an_answer_that_is_not_the_apps() {
    for (function, name) in [
        ("authorize-function", "foreign_redirect_refused"),
        ("token-function", "wrong_secret_refused"),
        ("metadata-function", "public_url"),
    ] {
        let sandbox = Sandbox::start().await;
        let (host, _files) = host(&sandbox, |root| std::fs::remove_dir_all(root.join(function)).unwrap()).await;
        let app = TestApp::behind(sandbox, host);
        let url = app.host.url();
        let (code, report) = examine(&app.sandbox, &[("EVERGRANT_PUBLIC_URL", &url)]).await;
        assert_eq!((code, &check(&report, "routes")["verdict"]), (Some(1), &Value::from("bad")), "{report:#}");
        assert_eq!(check(&report, name)["verdict"], "skipped", "{report:#}");
    }
}

fn own(mut answer: Response<Body>) -> Response<Body> {
    answer.headers_mut().insert("x-request-id", "1".parse().unwrap());
    answer
}

/// Each row has what answers at `/oauth/revoke` in place of the app, and words of the finding and the fix.
#[tokio::test(flavor = "multi_thread")]
async fn silence_and_foreign_answers_are_bad() {
    let rows: [(Fault, &str, &str); 5] = [
        (Fault::Cut, "no answer (", "process has ended"),
        (Fault::Status(503), "status 503 without x-request-id", "process has ended"),
        (Fault::Status(403), "something in front of the app, or its platform, refuses", "rules"),
        (Fault::Status(502), "gets no answer from the app", "may pass by itself"),
        (Fault::Body("<html>Parked</html>".to_owned()), "status 200", "the package is deployed there"),
    ];
    let examined = rows.map(|(fault, finding, fix)| async move {
        let shown = format!("{fault:?}");
        let faults = Arc::new(Faults::default());
        faults.set(Some(fault));
        let answer = move |request: Request<_>| {
            let faults = Arc::clone(&faults);
            async move {
                let struck = if request.uri().path() == "/oauth/revoke" { faults.strike().await } else { None };
                struck.unwrap_or_else(|| Ok(own(reply(400, "text/plain", ""))))
            }
        };
        let server = Server::start(0, answer).await;
        let (code, found) = routes_at(&server.url()).await;
        let right = code == Some(1) && has(&found, "finding", finding) && has(&found, "fix", fix);
        (!right || !has(&found, "finding", "1 of ")).then(|| format!("{shown}: {found:#}"))
    });
    let wrong: Vec<String> = futures_util::future::join_all(examined).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_answers_the_routes_are_bad_for_a_deployment_and_not_checked_otherwise() {
    let (code, found) = routes_at("http://127.0.0.1:1").await;
    assert_eq!((code, &found["verdict"]), (Some(1), &Value::from("bad")), "{found:#}");
    assert!(has(&found, "finding", "Connection refused"), "{found:#}");
    let (code, report) = examine(&Sandbox::start().await, &[]).await;
    assert_eq!((code, &check(&report, "routes")["verdict"]), (Some(0), &Value::from("skipped")), "{report:#}");
}

/// The setup page would wait for its own app, and would be asked by it.
#[tokio::test(flavor = "multi_thread")]
async fn the_setup_page_does_not_ask_the_routes() {
    let app = TestApp::start().await;
    let headers = [("x-functions-key", sandbox::SETUP_KEY), ("accept", "application/json")];
    let page = app.http.call(http::Method::GET, &app.url("/setup"), &headers, "").await;
    assert!(page.text().contains("public_url") && !page.text().contains(r#""routes""#), "{}", page.text());
}
