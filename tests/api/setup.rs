//! `GET /setup`, the setup page: behind a function key, everything that the operator has to know.

use http::Method;
use sandbox::client::Answer;
use sandbox::{CLIENT_ID, SETUP_KEY, Sandbox};
use serde_json::Value;

use crate::local::LocalApp;
use crate::support::{TestApp, log_line};

async fn setup(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    app.http.call(Method::GET, &app.url("/setup"), headers, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_page_requires_a_function_key() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    for headers in [&[][..], &[("x-functions-key", "another")]] {
        assert_eq!(setup(&app, headers).await.status, 401);
    }
    assert_eq!(setup(&app, &[("x-functions-key", SETUP_KEY)]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_get_the_report_as_json_without_secrets() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let answer = setup(&app, &[("x-functions-key", SETUP_KEY), ("accept", "application/json")]).await;
    let (report, base) = (answer.json(), app.host.url());
    assert_eq!((answer.status.as_u16(), &report["healthy"]), (200, &Value::Bool(true)), "{report:#}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(report["docusign_redirect_uri"], format!("{base}/consent/callback"));
    assert_eq!(report["endpoints"]["token"], format!("{base}/oauth/token"));
    assert_eq!(report["endpoints"]["workfront"], format!("{base}/workfront/v1"));
    let gateway = report["clients"].as_array().unwrap().iter().find(|client| client["client_id"] == "gateway").unwrap();
    assert_eq!((gateway["api_keys"].as_u64(), &gateway["gateway_allow"][0]), (Some(1), &Value::from("* /clm/")));
    assert_eq!(report["public_keys"][0]["pem"], app.sandbox.signing_key.public_pem());
    assert!(report["consent_url"].as_str().unwrap().starts_with(&app.sandbox.docusign_url()));
    let clients = report["clients"].as_array().unwrap();
    let client = clients.iter().find(|client| client["client_id"] == CLIENT_ID).unwrap();
    assert_eq!(client["secrets"], 1);
    let text = answer.text();
    let digest = sandbox::digest(sandbox::CLIENT_SECRET);
    assert!(!text.contains(&digest) && !text.contains("ds-at-") && !text.contains(SETUP_KEY));
    let line = log_line(&app.host, |line| line["route"] == "/setup").await;
    assert_eq!(line["event"], "setup_healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lists_failed_checks_first() {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let answer = setup(&app, &[("x-functions-key", SETUP_KEY), ("accept", accept)]).await;
    let page = answer.text();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    for words in ["Not everything works yet", "Consent for every scope", "Give consent at DocuSign", "BEGIN PUBLIC KEY"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    // The policy allows the one script by its digest, and nothing else.
    assert_eq!(page.matches("<script").count(), 1);
    assert!(answer.header("content-security-policy").contains("script-src 'sha256-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_functions_host_a_foreign_site_cannot_read_the_page() {
    let app = LocalApp::with(&[("EVERGRANT_PUBLIC_URL", "https://app.example")]).await;
    let url = format!("{}/setup", app.issuer);
    for (host, status) in [
        ("localhost", 200),
        ("127.0.0.1:8080", 200),
        ("app.example", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
    ] {
        for accept in ["text/html", "application/json", "text/plain"] {
            let answer = app.http.call(Method::GET, &url, &[("host", host), ("accept", accept)], "").await;
            assert_eq!(answer.status, status, "{host}: {}", answer.text());
            assert_eq!(status == 403, answer.text().contains("not available under this host name"), "{host}");
        }
    }
}
