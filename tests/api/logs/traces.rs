//! Tracing one request: its ids in all of its log lines, and its trace at DocuSign and Key Vault.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use http::Method;
use sandbox::client::Answer;
use sandbox::clm::ACCOUNT_ID;
use sandbox::docusign::ExpiresIn;
use sandbox::fault::Fault;
use sandbox::{CLIENT_ID, CLIENT_SECRET, GATEWAY_API_KEY, GATEWAY_ID, Sandbox};
use serde_json::Value;

use super::is_answer;
use crate::support::{TestApp, log_line, until, whole_log};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "b7ad6b7169203331";

fn traceparent(trace: &str) -> String {
    format!("00-{trace}-{PARENT}-01")
}

/// Requests a token with a scope that the warm-up did not mint.
async fn ask(app: &TestApp, traceparent: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "signature"),
    ];
    app.form(&[("traceparent", traceparent)], &form).await
}

/// An app that has finished its warm-up.
async fn warm(sandbox: Sandbox) -> TestApp {
    let app = TestApp::over(sandbox, &[]).await;
    app.until_sealing_is_done().await;
    assert_eq!(app.token(&[]).await.status, 200);
    app
}

fn assert_follows(line: &Value, answer: &Answer, trace: &str) {
    assert_eq!(line["request_id"], answer.header("x-request-id"), "{line}");
    assert_eq!(line["trace_id"], trace, "{line}");
    assert_eq!(line["client_id"], CLIENT_ID, "{line}");
}

/// Checks that no line has the same member twice, which a parser would not report.
fn assert_no_member_twice(app: &TestApp) {
    for line in app.host.output().stdout.all() {
        let members: BTreeMap<String, Value> = serde_json::from_str(&line).unwrap();
        for name in members.keys() {
            assert_eq!(line.matches(&format!("\"{name}\":")).count(), 1, "{name} in {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_mint_has_the_ids_of_the_request_that_started_it() {
    let app = warm(Sandbox::start().await).await;
    app.sandbox.docusign.faults.set(Some(Fault::Status(500)));
    let answer = ask(&app, &traceparent(TRACE)).await;
    assert_eq!(answer.status, 503);
    let failed = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    assert_follows(&failed, &answer, TRACE);
    let answered = log_line(&app.host, |line| line["event"] == "token_unavailable").await;
    assert_follows(&answered, &answer, TRACE);
    assert_no_member_twice(&app);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_mint_has_its_scope_and_the_ids_of_its_request() {
    let app = warm(Sandbox::start().await).await;
    app.sandbox.docusign.faults.set(Some(Fault::Json(400, r#"{"error":"brand_new"}"#.to_owned())));
    let answer = ask(&app, &traceparent(TRACE)).await;
    assert_eq!(answer.status, 503);
    for event in ["undocumented_refusal", "mint_failed"] {
        let line = log_line(&app.host, |line| line["event"] == event).await;
        assert_follows(&line, &answer, TRACE);
        assert_eq!(line["scope"], "signature impersonation", "{line}");
    }
    assert_no_member_twice(&app);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mint_has_the_ids_of_its_first_caller_only() {
    let app = warm(Sandbox::start().await).await;
    app.sandbox.docusign.faults.set(Some(Fault::Latency(Duration::from_millis(500))));
    let (_, before) = app.counts();
    let began = async { ask(&app, &traceparent(TRACE)).await };
    let joined = async {
        until(|| app.sandbox.docusign.traceparents().iter().any(|sent| sent.contains(TRACE))).await;
        ask(&app, &traceparent(OTHER_TRACE)).await
    };
    let (began, joined) = tokio::join!(began, joined);
    assert_eq!([began.status.as_u16(), joined.status.as_u16()], [200, 200]);
    assert_eq!(app.counts().1, before + 1);
    let minted = log_line(&app.host, |line| line["event"] == "docusign_token_minted" && line["request_id"].is_string());
    assert_follows(&minted.await, &began, TRACE);
    let issued = log_line(&app.host, |line| is_answer(line, joined.header("x-request-id"))).await;
    assert_follows(&issued, &joined, OTHER_TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_background_renewal_has_the_ids_of_its_request() {
    let app = warm(Sandbox::start().await).await;
    app.sandbox.docusign.set_expires_in(ExpiresIn::Number(500));
    assert_eq!(ask(&app, &traceparent(OTHER_TRACE)).await.status, 200);
    app.sandbox.docusign.faults.set(Some(Fault::Status(500)));
    let answer = ask(&app, &traceparent(TRACE)).await;
    assert_eq!(answer.status, 200);
    let failed = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    assert_follows(&failed, &answer, TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_continues_at_docusign_and_key_vault_with_one_span_per_call() {
    let app = warm(Sandbox::start().await).await;
    app.sandbox.docusign.faults.once(Fault::Status(500));
    assert_eq!(ask(&app, &traceparent(TRACE)).await.status, 200);
    let of_this_trace = |sent: Vec<String>| sent.into_iter().filter(|sent| sent.contains(TRACE)).collect::<Vec<_>>();
    let exchanges = of_this_trace(app.sandbox.docusign.traceparents());
    let signatures = of_this_trace(app.sandbox.key_vault.traceparents());
    assert_eq!([exchanges.len(), signatures.len()], [2, 1], "a failed exchange is retried");
    let mut spans = HashSet::new();
    for sent in exchanges.iter().chain(&signatures) {
        let [version, trace, span, flags] = sent.split('-').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!([version, trace, flags], ["00", TRACE, "01"]);
        assert!(is_id(span, 16) && span != PARENT, "{span}");
        assert!(spans.insert(span), "{span} twice");
    }
    let answer = gateway(&app, &traceparent(OTHER_TRACE)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let passed_on: Vec<_> =
        app.sandbox.docusign.traceparents().into_iter().filter(|t| t.contains(OTHER_TRACE)).collect();
    assert!(!passed_on.is_empty() && !passed_on.contains(&traceparent(OTHER_TRACE)), "{passed_on:?}");
    let answered = log_line(&app.host, |line| line["trace_id"] == OTHER_TRACE && line["status"] == 200).await;
    assert_eq!(answered["client_id"], GATEWAY_ID);
    assert_no_member_twice(&app);
}

async fn gateway(app: &TestApp, traceparent: &str) -> Answer {
    let path = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x");
    let headers = [("x-api-key", GATEWAY_API_KEY), ("traceparent", traceparent)];
    app.http.call(Method::GET, &app.url(&path), &headers, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_traceparent_a_request_starts_a_trace() {
    let app = warm(Sandbox::start().await).await;
    let zero = "0".repeat(32);
    let mut traces = HashSet::new();
    for invalid in [
        String::new(),
        "hunter2".to_owned(),
        traceparent(&zero),
        traceparent(&TRACE.to_uppercase()),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{}-01", &zero[..16]),
        format!("00-{TRACE}-{PARENT}-01-more"),
    ] {
        let answer = ask(&app, &invalid).await;
        let line = log_line(&app.host, |line| is_answer(line, answer.header("x-request-id"))).await;
        let trace = line["trace_id"].as_str().unwrap().to_owned();
        assert!(is_id(&trace, 32) && trace != TRACE, "{invalid:?}: {line}");
        assert!(traces.insert(trace), "{line}");
    }
    assert!(whole_log(&app).await.iter().all(|line| !line.to_string().contains("hunter2")));
    assert!(app.sandbox.docusign.traceparents().iter().any(|sent| traces.contains(sent.split('-').nth(1).unwrap())));
}

fn is_id(text: &str, length: usize) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == length && text.bytes().all(is_digit) && text.bytes().any(|byte| byte != b'0')
}
