//! The host's forward mode reads a path once more after it has chosen the function, so neither key levels nor method lists of
//! `function.json` protect anything there. Evergrant relies on neither.

use evergrant::server::{Methods, ROUTES};
use http::Method;
use sandbox::SETUP_KEY;
use sandbox::client::Answer;
use sandbox::host::{Generation, Phase};

use crate::support::{TestApp, log_line};

/// What the host adds to `User-Agent` in forward mode.
const FORWARDED: (&str, &str) = ("user-agent", "curl/8.5.0 Azure-Functions-Host/4.1037.0");

/// What a browser, a script and curl accept.
const FORMATS: [(&str, &str); 4] = [
    ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
    ("*/*", "text/html"),
    ("application/json", "application/json"),
    ("text/plain", "text/plain"),
];

/// Paths of anonymous functions that a host in forward mode hands on as another path, and that path.
const WALKED_ROUND: [(&str, &str); 11] = [
    ("/gateway/..%5Csetup", "/setup"),
    ("/gateway/..%5csetup", "/setup"),
    ("/gateway/%252e%252e/setup", "/setup"),
    ("/gateway/x/..%5C..%5Csetup", "/setup"),
    ("/gateway/..%5Csetup%3F", "/setup"),
    ("/gateway/..%5Csetup%23x", "/setup"),
    ("/oauth/authorize/..%5C..%5Csetup", "/setup"),
    ("/workfront/..%5Csetup", "/setup"),
    ("/workfront/%252e%252e/setup", "/setup"),
    ("/oauth/authorize/..%5Ctoken", "/oauth/token"),
    ("/gateway/..%5Coauth/token", "/oauth/token"),
];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "REPORT"];

/// The handler's own address, without the host.
fn direct(app: &TestApp, path: &str) -> String {
    let Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    format!("http://127.0.0.1:{port}{path}")
}

#[track_caller]
fn assert_refused(answer: &Answer, media_type: &str) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.header("content-type").starts_with(media_type), "{}", answer.header("content-type"));
    assert!(answer.text().contains("forward mode") && !answer.text().contains("BEGIN PUBLIC KEY"), "{}", answer.text());
    assert_eq!(answer.header("x-request-id").len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_page_is_never_shown_through_a_host_in_forward_mode() {
    let app = TestApp::on(Generation::Forwarding).await;
    for (accept, media_type) in FORMATS {
        let headers = [("accept", accept), ("x-functions-key", SETUP_KEY)];
        assert_refused(&app.http.call(Method::GET, &app.url("/setup"), &headers, "").await, media_type);
        let walked_round = [("accept", accept), FORWARDED];
        assert_refused(&app.http.call(Method::GET, &direct(&app, "/setup"), &walked_round, "").await, media_type);
    }
    let line = log_line(&app.host, |line| line["route"] == "/setup").await;
    assert_eq!((line["event"].as_str(), line["cause"].as_str()), (Some("call_refused"), Some("forward_mode")));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_an_anonymous_path_shows_another_functions_answer() {
    for generation in [Generation::Proxying, Generation::Forwarding] {
        let app = TestApp::on(generation).await;
        for (sent, seen) in WALKED_ROUND {
            for method in [Method::GET, Method::POST] {
                let answer = app.http.call(method.clone(), &app.url(sent), &[("accept", "text/plain")], "").await;
                let refused = (400..=405).contains(&answer.status.as_u16());
                assert!(refused, "{generation:?} {method} {sent} ({seen}): {} {}", answer.status, answer.text());
                // In forward mode, the key is walked round, and the page itself refuses, if the other function takes the method.
                let reaches_it = (generation, seen) == (Generation::Forwarding, "/setup");
                let itself_refuses = answer.text().contains("forward mode");
                assert!(itself_refuses == reaches_it || method == Method::POST, "{generation:?} {method} {sent}");
            }
        }
        assert_eq!(app.http.get(&app.url("/setup")).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workfronts_paths_in_other_letters_are_answered_with_the_right_one() {
    let app = TestApp::start().await;
    for (path, right) in [
        ("/workfront/v1/UploadInit", "/workfront/v1/uploadInit"),
        ("/workfront/V1/files/", "/workfront/v1/files"),
        ("/workfront/v1/SERVICEINFO", "/workfront/v1/serviceInfo"),
    ] {
        let answer = app.http.get(&app.url(path)).await;
        let expected = format!("there is no such operation; the right path is {right}");
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (404, Some(expected.as_str())), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_checks_methods_and_credentials_itself() {
    let app = TestApp::start().await;
    for route in ROUTES {
        let path = match route.path {
            "/oauth/authorize/{client_id?}" => "/oauth/authorize",
            "/gateway/{*path}" => "/gateway/clm/members/current",
            "/workfront/{*path}" => "/workfront/v1/files",
            path => path,
        };
        // What the route answers to a caller without credentials, if it accepts the method.
        let expected: &[u16] = match route.path {
            "/" | "/healthz" | "/.well-known/oauth-authorization-server" => &[200],
            "/setup" => &[403],
            "/gateway/{*path}" => &[401],
            "/workfront/{*path}" => &[403, 405],
            _ => &[400, 401],
        };
        for method in METHODS {
            let method: Method = method.parse().unwrap();
            let answer = app.http.call(method.clone(), &direct(&app, path), &[FORWARDED], "").await;
            let status = answer.status.as_u16();
            let accepted = match route.methods {
                Methods::Only(methods) => methods.contains(&method),
                Methods::Any => method != Method::TRACE,
            };
            // In Azure, the setup page is closed for every method.
            if accepted || path == "/setup" {
                assert!(expected.contains(&status), "{method} {path}: {status} {}", answer.text());
            } else {
                assert_eq!((status, answer.header("allow").is_empty()), (405, false), "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_raise_the_alarm_of_a_host_that_lacks_a_mode_flag() {
    let app = TestApp::start().await;
    let url = direct(&app, "/token-function");
    for (host, status) in [("contoso-evergrant.azurewebsites.net", 404), ("127.0.0.1:7071", 500)] {
        let headers = [FORWARDED, ("host", host), ("content-type", "application/json")];
        assert_eq!(app.http.call(Method::POST, &url, &headers, "{\"Data\":{}}").await.status, status, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_can_ask_with_head_and_starts_no_checks() {
    for generation in [Generation::Proxying, Generation::Forwarding] {
        let app = TestApp::on(generation).await;
        for path in ["/healthz", "/.well-known/oauth-authorization-server", "/"] {
            let answer = app.http.call(Method::HEAD, &app.url(path), &[], "").await;
            assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{generation:?} {path}");
            assert_eq!(answer.header("x-request-id").len(), 32, "{path}: the handler's own answer");
        }
    }
    let app = TestApp::start().await;
    let key = [("x-functions-key", SETUP_KEY)];
    let answer = app.http.call(Method::HEAD, &app.url("/setup"), &key, "").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(app.http.call(Method::HEAD, &app.url("/setup"), &[], "").await.status, 401);
    let line = log_line(&app.host, |line| line["route"] == "/setup").await;
    assert_eq!(line["event"], "answered", "a page with checks logs their result");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_address_shows_what_this_is_and_nothing_about_the_installation() {
    for generation in [Generation::Proxying, Generation::Forwarding] {
        let app = TestApp::on(generation).await;
        for (accept, media_type) in [("text/html,*/*;q=0.8", "text/html"), ("*/*", "text/plain"), ("", "text/plain")] {
            let answer = app.http.call(Method::GET, &app.url("/"), &[("accept", accept)], "").await;
            let text = answer.text();
            assert_eq!(answer.status, 200, "{generation:?} {accept}");
            assert!(
                answer.header("content-type").starts_with(media_type),
                "{accept}: {}",
                answer.header("content-type")
            );
            for words in ["Evergrant is running", "/setup", "function key", "az functionapp keys list", "./deploy"] {
                assert!(text.contains(words), "{accept} {words}: {text}");
            }
            for secret in [env!("CARGO_PKG_VERSION"), "http", sandbox::INTEGRATION_KEY, sandbox::CLIENT_ID, "example"] {
                assert!(!text.contains(secret), "{accept} {secret}: {text}");
            }
        }
    }
}
