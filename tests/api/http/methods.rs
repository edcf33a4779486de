//! Every route with every method: 405 with `Allow`, and the same head for `GET` and `HEAD`.

use std::collections::HashSet;

use evergrant::server::{ROUTES, Route};
use futures_util::future::join_all;
use http::Method;

use super::{Wire, ask};
use crate::local::LocalApp;

const METHODS: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "Post", "QUERY"];

/// A path of the route.
fn path(route: &Route) -> String {
    route.path.replace("/{client_id?}", "/web").replace("{*path}", "x/y")
}

fn is_request_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_takes_its_methods_and_refuses_all_others_with_what_it_allows() {
    let app = LocalApp::start().await;
    let mut ids = HashSet::new();
    for route in ROUTES {
        let allowed: Vec<&str> = route.methods.listed().iter().map(Method::as_str).collect();
        let path = path(route);
        let asked = join_all(METHODS.map(|method| ask(&app, method, &path, &[], ""))).await;
        for (method, answer) in METHODS.into_iter().zip(asked) {
            let accepts = route.methods.contain(&method.parse().unwrap());
            assert_eq!(answer.status != 405, accepts, "{method} {path}: {answer:?}");
            assert_eq!(
                answer.header("allow"),
                if accepts { String::new() } else { allowed.join(", ") },
                "{method} {path}"
            );
            let id = answer.header("x-request-id").to_owned();
            assert!(is_request_id(&id) && ids.insert(id), "{method} {path}: {answer:?}");
        }
    }
}

#[test]
fn every_method_that_is_allowed_is_accepted() {
    for route in ROUTES {
        assert!(!route.methods.listed().is_empty());
        for method in route.methods.listed() {
            assert!(route.methods.contain(method), "{method} {}", route.path);
        }
        for method in [Method::CONNECT, Method::TRACE] {
            assert!(!route.methods.contain(&method) && !route.methods.listed().contains(&method), "{}", route.path);
        }
    }
}

/// What may differ between two answers to the same request.
fn comparable(mut answer: Wire) -> Wire {
    for name in ["x-request-id", "date"] {
        answer.headers.remove(name);
    }
    answer.body.clear();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_the_head_of_get_and_no_body() {
    let app = LocalApp::start().await;
    for (path, accept) in [
        ("/", "text/html"),
        ("/", "*/*"),
        ("/healthz", "*/*"),
        ("/.well-known/oauth-authorization-server", "*/*"),
        ("/nothing", "*/*"),
        ("/healthz/", "*/*"),
        ("/HEALTHZ", "text/html"),
        ("/gateway/clm/folders", "*/*"),
    ] {
        let accept = format!("accept: {accept}");
        let get = ask(&app, "GET", path, &[&accept], "").await;
        let head = ask(&app, "HEAD", path, &[&accept], "").await;
        assert!(!get.body.is_empty() && head.body.is_empty(), "{path}");
        assert_eq!(get.header("content-length"), get.body.len().to_string(), "{path}");
        assert_eq!(comparable(head), comparable(get), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_refused_has_no_body_for_head_and_a_sentence_for_others() {
    let app = LocalApp::start().await;
    for (path, allow) in
        [("/oauth/token", "POST"), ("/oauth/revoke", "POST"), ("/consent/callback", "GET"), ("/oauth/authorize", "GET")]
    {
        let head = ask(&app, "HEAD", path, &[], "").await;
        assert_eq!((head.status, head.header("allow"), head.body.as_str()), (405, allow, ""), "{path}");
        let put = ask(&app, "PUT", path, &[], "a=b").await;
        assert_eq!((put.status, put.header("content-type")), (405, "text/plain; charset=utf-8"), "{path}");
        assert_eq!(put.body, "This path does not accept this method.\n");
    }
}

/// The checks of the setup page call DocuSign and Key Vault.
#[tokio::test(flavor = "multi_thread")]
async fn head_of_the_setup_page_asks_no_one() {
    let app = LocalApp::start().await;
    let head = ask(&app, "HEAD", "/setup", &["accept: application/json"], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""), "{head:?}");
    assert_eq!(app.docusign.exchanges(), 0);
    let get = ask(&app, "GET", "/setup", &["accept: application/json"], "").await;
    assert!(get.body.contains("\"checks\"") && app.docusign.exchanges() > 0, "{get:?}");
}
