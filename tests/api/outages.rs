//! Each upstream with each fault, and each route that depends on it: what the caller gets, what is remembered, and what goes
//! on meanwhile.

use http::Method;
use sandbox::client::Answer;
use sandbox::clm::ACCOUNT_ID;
use sandbox::fault::Fault;
use sandbox::{GATEWAY_API_KEY, INTEGRATION_EMAIL, OTHER_EMAIL, digest};
use serde_json::json;

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::{Stage, client};

/// A service at DocuSign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    Tokens,
    UserInfo,
    Clm,
    Esignature,
}

/// A route, and the services that it needs when nothing is cached.
struct Route {
    path: String,
    is_workfront: bool,
    needs: &'static [Upstream],
}

const KEYS: [(&str, &str); 2] = [("x-api-key", GATEWAY_API_KEY), ("username", INTEGRATION_EMAIL)];

/// A stage with clients for all routes, and the routes.
async fn start() -> (Stage, Vec<Route>) {
    use Upstream::{Clm, Esignature, Tokens, UserInfo};
    let mut workfront = client();
    (workfront["client_id"], workfront["profile"]) = (json!("workfront"), json!("workfront"));
    workfront["api_key_sha256"] = json!([digest("workfront")]);
    let stage = Stage::with(&json!([client(), workfront])).await;
    let (folder, queue) = (stage.folder("Inbox"), stage.clm.queue_named("Legal").unwrap());
    let workflow = stage.start_workflow().await;
    let route = |path: String, needs| Route { path, is_workfront: false, needs };
    let clm: &[Upstream] = &[Tokens, UserInfo, Clm];
    let routes = vec![
        route("/gateway/clm/members/current".to_owned(), clm),
        route(format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/users"), &[Tokens, UserInfo, Esignature]),
        route(format!("/triggers/clm/documents?folder={folder}"), clm),
        route(format!("/triggers/clm/documents?folder={folder}&subfolders=true"), clm),
        route(format!("/triggers/clm/workitems?queue={queue}"), clm),
        route(format!("/triggers/clm/workflow?id={workflow}"), clm),
        route("/triggers/esignature/envelopes".to_owned(), &[Tokens, UserInfo, Esignature]),
        Route {
            path: "/workfront/v1/metadata?id=/".to_owned(),
            is_workfront: true,
            needs: &[Tokens, UserInfo, Clm, Esignature],
        },
    ];
    (stage, routes)
}

impl Route {
    async fn get(&self, stage: &Stage) -> Answer {
        // Without a user name, no user is looked up.
        let headers = if self.is_workfront { [("apikey", "workfront"), KEYS[1]].to_vec() } else { KEYS[..1].to_vec() };
        stage.get_with(&self.path, &headers).await
    }

    /// Whether DocuSign's own answer is the gateway's.
    fn passes_on(&self, upstream: Upstream) -> bool {
        self.path.starts_with("/gateway/esign") && upstream == Upstream::Esignature
    }
}

fn set(stage: &Stage, upstream: Upstream, fault: Option<Fault>) {
    let docusign = &stage.app.docusign;
    match upstream {
        Upstream::Tokens => docusign.faults.set(fault),
        Upstream::UserInfo => docusign.userinfo_faults.set(fault),
        Upstream::Clm => stage.clm.faults.set(fault),
        Upstream::Esignature => docusign.esign_faults.set(fault),
    }
}

/// Calls to every upstream so far.
fn calls(stage: &Stage) -> (u32, usize, u32, u32) {
    let docusign = &stage.app.docusign;
    (docusign.exchanges(), stage.clm.calls().len(), docusign.user_lookups(), docusign.envelope_lists())
}

/// Faults, and for each the least and the most seconds that it is remembered.
fn faults() -> Vec<(Fault, u64, u64)> {
    vec![
        (Fault::Status(500), 2, 5),
        (Fault::Body("<html>".to_owned()), 2, 5),
        (Fault::Body("null".to_owned()), 2, 5),
        (Fault::Redirect("https://example.org/".to_owned()), 2, 5),
        (Fault::Throttle(Some("30".to_owned())), 5, 60),
        (Fault::Cut, 2, 5),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_one_service_is_an_outage_of_the_routes_that_need_it_and_of_no_other() {
    let (mut stage, routes) = start().await;
    for upstream in [Upstream::Tokens, Upstream::UserInfo, Upstream::Clm, Upstream::Esignature] {
        for (fault, least, most) in faults() {
            stage.later(3600);
            stage.restart(&[]).await;
            set(&stage, upstream, Some(fault.clone()));
            for route in &routes {
                let answer = route.get(&stage).await;
                let seen = format!("{upstream:?} {fault:?} {}: {} {}", route.path, answer.status, answer.text());
                if !route.needs.contains(&upstream) {
                    assert!(answer.status.is_success(), "{seen}");
                } else if route.passes_on(upstream) && !matches!(fault, Fault::Cut) {
                    assert!(answer.json()["error_description"].is_null(), "DocuSign's own answer: {seen}");
                } else {
                    let retry_after = answer.header("retry-after").parse::<u64>();
                    assert!(retry_after.is_ok_and(|seconds| (1..=most.max(least)).contains(&seconds)), "{seen}");
                    if route.is_workfront {
                        assert_error(&answer, 500, "")
                    } else {
                        assert_outage(&answer);
                        json!(null)
                    };
                    assert!(!answer.text().contains("html") && !answer.text().contains("example"), "{seen}");
                }
            }
            set(&stage, upstream, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_remembered_and_then_works_again_by_itself() {
    let (mut stage, routes) = start().await;
    for upstream in [Upstream::Tokens, Upstream::UserInfo, Upstream::Clm, Upstream::Esignature] {
        for fault in [Fault::Status(500), Fault::Throttle(None)] {
            stage.later(3600);
            stage.restart(&[]).await;
            set(&stage, upstream, Some(fault.clone()));
            let affected: Vec<&Route> =
                routes.iter().filter(|route| route.needs.contains(&upstream) && !route.passes_on(upstream)).collect();
            for route in &affected {
                route.get(&stage).await;
            }
            // The second round costs no call, and its answers are the same.
            set(&stage, upstream, None);
            let before = calls(&stage);
            for route in &affected {
                let answer = route.get(&stage).await;
                let expected = if route.is_workfront { 500 } else { 503 };
                assert_eq!(answer.status, expected, "{upstream:?} {fault:?} {}: {}", route.path, answer.text());
            }
            assert_eq!(calls(&stage), before, "{upstream:?} {fault:?}");
            stage.later(31);
            for route in &affected {
                let answer = route.get(&stage).await;
                assert!(answer.status.is_success(), "{upstream:?} {fault:?} {}: {}", route.path, answer.text());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_credential_or_path_is_refused_before_anything_is_asked_of_docusign() {
    let (stage, _) = start().await;
    let before = calls(&stage);
    for (path, headers, status) in [
        ("/gateway/clm/members/current", &[][..], 401),
        ("/gateway/clm/members/current", &[("x-api-key", "wrong")], 401),
        ("/gateway/clm/members/current", &[KEYS[0], ("apikey", "x")], 400),
        ("/gateway/clm/members/current", &[("authorization", "Bearer x")], 401),
        ("/gateway/clm/a//b", &KEYS[..1], 400),
        ("/gateway/navigator/v1/accounts/default/agreements", &KEYS[..1], 403),
        ("/gateway/other/x", &KEYS[..1], 404),
        ("/triggers/clm/documents?folder=1", &[], 401),
        ("/triggers/clm/documents", &KEYS[..1], 400),
        ("/triggers/clm/documents?folder=1&cursor=x", &KEYS[..1], 400),
        ("/triggers/clm/tasks/x", &KEYS[..1], 400),
        ("/triggers/clm/other", &KEYS[..1], 404),
        ("/workfront/v1/metadata?id=/", &[], 403),
        ("/workfront/v1/metadata?id=/", &[("apikey", "workfront")], 403),
        ("/workfront/v1/metadata?id=/", &KEYS, 403),
        ("/workfront/v1/other", &[("apikey", "workfront"), KEYS[1]], 404),
    ] {
        let answer = stage.get_with(path, headers).await;
        assert_eq!(answer.status, status, "{path} {headers:?}: {}", answer.text());
    }
    assert_eq!(calls(&stage), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_has_not_consented_reads_so_and_others_go_on() {
    let mut people = client();
    (people["client_id"], people["subject"]) = (json!("people"), json!("signed_in_user"));
    people["api_key_sha256"] = json!([digest("people")]);
    let mut workfront = people.clone();
    (workfront["client_id"], workfront["profile"]) = (json!("workfront"), json!("workfront"));
    workfront["api_key_sha256"] = json!([digest("workfront")]);
    let stage = Stage::with(&json!([client(), people, workfront])).await;
    stage.app.docusign.withdraw_consent(sandbox::OTHER_USER);
    let folder = stage.folder("Inbox");
    for path in ["/gateway/clm/members/current".to_owned(), format!("/triggers/clm/documents?folder={folder}")] {
        let get = async |user: &str| stage.get_with(&path, &[("x-api-key", "people"), ("username", user)]).await;
        let refused = get(OTHER_EMAIL).await;
        assert_outage(&refused);
        assert!(
            refused.text().contains("connect again") && refused.header("retry-after").parse::<u64>().unwrap() <= 30
        );
        assert!(get(INTEGRATION_EMAIL).await.status.is_success(), "{path}");
    }
    let get = async |user: &str| {
        let url = format!("{}/workfront/v1/metadata?id=/", stage.app.issuer);
        stage.app.http.call(Method::GET, &url, &[("apikey", "workfront"), ("username", user)], "").await
    };
    assert_error(&get(OTHER_EMAIL).await, 403, "has not consented");
    assert_eq!(get(INTEGRATION_EMAIL).await.status, 200);
    stage.app.docusign.consent(sandbox::OTHER_USER, "signature impersonation spring_read spring_write");
    stage.later(30);
    assert_eq!(get(OTHER_EMAIL).await.status, 200, "consent is seen half a minute later");
}
