//! What of a request reaches the log: the host's id and the caller's trace, if they look like one, and nothing else.

use std::collections::BTreeSet;

use http::Method;
use sandbox::Sandbox;
use sandbox::host::Phase;
use serde_json::Value;

use crate::support::{TestApp, log_line, log_lines};

/// Asks the handler at its own port, and returns the log line of the request.
async fn logged(app: &TestApp, headers: &[(&str, &str)]) -> Value {
    let Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    let answer = app.http.call(Method::GET, &format!("http://127.0.0.1:{port}/healthz"), headers, "").await;
    assert_eq!(answer.status, 200, "{headers:?}");
    let id = answer.header("x-request-id").to_owned();
    log_line(&app.host, |line| line["request_id"] == id && line["status"].is_number()).await
}

const INVOCATION: &str = "x-azure-functions-invocationid";

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_id_is_the_last_one_and_only_what_looks_like_an_id_is_logged() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let (longest, longer) = ("a".repeat(64), "a".repeat(65));
    for (values, expected) in [
        (&["0a1b-2c3d"][..], Some("0a1b-2c3d")),
        (&[&longest], Some(longest.as_str())),
        (&[&longer], None),
        (&["forged, 0a1b"], Some("0a1b")),
        (&["forged,0a1b "], Some("0a1b")),
        (&["forged", "0a1b"], Some("0a1b")),
        (&["0a1b", "forged, "], None),
        (&["0a1b,"], None),
        (&[""], None),
        (&["two words"], None),
        (&["a\"b"], None),
        (&["../x"], None),
        (&[], None),
    ] {
        let headers: Vec<(&str, &str)> = values.iter().map(|value| (INVOCATION, *value)).collect();
        let line = logged(&app, &headers).await;
        assert_eq!(line["invocation_id"].as_str(), expected, "{values:?}");
        assert!(!line.to_string().contains("forged"), "{line}");
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The examples of W3C Trace Context, and versions that do not exist yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_is_followed_in_every_version_that_can_be_read() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    for (values, is_followed) in [
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"][..], true),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"], true),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff"], true),
        (&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], true),
        (&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like"], true),
        (&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-the-future-will-not-be-like"], false),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like"], false),
        (&["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], false),
        (&["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"], false),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"], false),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"], false),
        (
            &[
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ],
            false,
        ),
        (&["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01,x"], false),
    ] {
        let headers: Vec<(&str, &str)> = values.iter().map(|value| ("traceparent", *value)).collect();
        let line = logged(&app, &headers).await;
        assert_eq!(line["trace_id"] == TRACE, is_followed, "{values:?}");
        assert_eq!(line["trace_id"] == line["request_id"], !is_followed, "otherwise the request begins one");
    }
}

/// Names of variables are the only wild text at start.
#[tokio::test(flavor = "multi_thread")]
async fn names_of_unknown_settings_are_logged_whatever_is_in_them() {
    let names = [
        "EVERGRANT_\"}",
        "EVERGRANT_\u{2028}\n{\"level\":\"ERROR\"}",
        "DOCUSIGN_\\",
        "evergrant_ä",
        "EVERGRANT_\u{1b}[31m",
    ];
    let settings = names.map(|name| (name, "hunter2"));
    let app = TestApp::over(Sandbox::start().await, &settings).await;
    log_line(&app.host, |line| line["event"] == "listening").await;
    let lines = log_lines(&app.host);
    let unknown = lines.iter().filter(|line| line["event"] == "unknown_setting");
    let found: BTreeSet<&str> = unknown.filter_map(|line| line["setting"].as_str()).collect();
    assert_eq!(found, BTreeSet::from(names));
    assert!(
        lines.iter().all(|line| line["timestamp"].is_string() && !line.to_string().contains("hunter2")),
        "{lines:#?}"
    );
}
