//! Request targets: exactly one spelling of each path is ours, and no other one reaches an endpoint.

use evergrant::server::ROUTES;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::ask;
use crate::local::LocalApp;

#[tokio::test(flavor = "multi_thread")]
async fn no_other_spelling_of_a_path_is_ours() {
    let app = LocalApp::start().await;
    for target in [
        "/oauth%2Ftoken",
        "/oauth%2ftoken",
        "/%6Fauth/token",
        "/oauth/t%6Fken",
        "/oauth/./token",
        "/./healthz",
        "/oauth/../oauth/token",
        "/x/../healthz",
        "/%2e%2e/healthz",
        "/..;/healthz",
        "/healthz%00",
        "/healthz%20",
        "/healthz;v=1",
        "/healthz,",
        "/healthz.",
        "/healthz%2F",
        "/healthz%3Fx",
        "/healthz\\",
        "//healthz",
        "///",
        "//",
        "/%2F",
        "/index.html",
        "/favicon.ico",
        "/robots.txt",
        "/admin/host/status",
        "/setup%2F",
        "/gateway%2Fclm%2Ffolders",
        "/gateway/..%2Fsetupx/../../setup%2F",
        "/.well-known/oauth-authorization-server/x",
        "/.well-known/openid-configuration",
        "/triggers",
        "/triggers/",
        "/consent",
        "/consent/",
        "/consent/callback/x",
        "/oauth",
        "/oauth/",
        "/ünter",
    ] {
        // Only the gateway, Workfront and the triggers have paths below them, and refuse what is ambiguous themselves.
        let answer = ask(&app, "GET", target, &[], "").await;
        let refused =
            if target.starts_with("/gateway/") { answer.status >= 400 } else { matches!(answer.status, 400 | 404) };
        assert!(refused && !answer.body.contains("\"status\":\"ok\""), "{target}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_never_changes_the_route() {
    let app = LocalApp::start().await;
    for target in [
        "/healthz?",
        "/healthz?/",
        "/healthz?x=/../setup",
        "/healthz?%00",
        "/healthz??",
        "/healthz?a=b&a=b",
        "/?code=x",
        "/?",
    ] {
        let answer = ask(&app, "GET", target, &["accept: application/json"], "").await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
    }
    for (target, status) in
        [("?", 400), ("http://other.example/healthz", 200), ("http://other.example", 200), ("*", 400)]
    {
        let answer = ask(&app, "GET", target, &[], "").await;
        assert!(answer.status == status || answer.status == 404, "{target}: {answer:?}");
    }
}

/// Targets that are near ours.
fn wild_target() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop_oneof![
            Just("oauth"), Just("token"), Just("authorize"), Just("revoke"), Just("consent"), Just("callback"), Just("setup"), Just("healthz"),
            Just("gateway"), Just("workfront"), Just("triggers"), Just("v1"), Just(".well-known"), Just("oauth-authorization-server"),
        ]
        .prop_map(ToOwned::to_owned),
        1 => "[a-zA-Z.]{0,3}",
        1 => "%[0-9A-Fa-f]{2}",
        1 => "[;:@!$&'()*+,=~^|`{}<>\\\\\"\\[\\]-]{1,2}",
    ];
    let query = proptest::option::of("[a-z0-9=&%/?]{0,8}");
    (proptest::collection::vec(piece, 0..5), "/{0,2}", query).prop_map(|(pieces, end, query)| {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("/{}{end}{query}", pieces.join("/"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn any_target_gets_one_answer_and_the_server_goes_on() {
    let app = LocalApp::start().await;
    let mut runner = TestRunner::deterministic();
    let wild = wild_target();
    let targets: Vec<String> = (0..240).map(|_| wild.new_tree(&mut runner).unwrap().current()).collect();
    for some in targets.chunks(24) {
        let answers = join_all(some.iter().map(|target| ask(&app, "GET", target, &["accept: text/plain"], ""))).await;
        for (target, answer) in some.iter().zip(answers) {
            assert!((200..=503).contains(&answer.status) && answer.status != 500, "{target}: {answer:?}");
            let is_known = |path: &str| ROUTES.iter().any(|route| path.eq_ignore_ascii_case(route.path));
            if answer.status == 200 {
                let path = target.split('?').next().unwrap();
                assert!(is_known(path) || path.starts_with("/workfront/v1/"), "{target}: {answer:?}");
            }
        }
    }
    assert_eq!(ask(&app, "GET", "/healthz", &[], "").await.status, 200);
}
