//! DocuSign's answers through the gateway: each status as it is, but for those that would mislead the caller.

use http::Method;
use sandbox::GATEWAY_API_KEY;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use serde_json::{Value, json};

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::Stage;

const PATH: &str = "/gateway/clm/members/current";

async fn call(stage: &Stage, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
    let headers = [&[("x-api-key", GATEWAY_API_KEY), ("content-type", "application/json")], more].concat();
    stage.app.http.call(method, &format!("{}{path}", stage.app.issuer), &headers, body).await
}

/// A stage whose account is known already.
async fn start() -> Stage {
    let stage = Stage::start().await;
    assert_eq!(call(&stage, Method::GET, PATH, &[], "").await.status, 200);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_passes_as_it_is_with_its_body() {
    let stage = start().await;
    let body = json!({"Error": {"ErrorCode": 999, "UserMessage": "their words"}}).to_string();
    for status in [
        200, 201, 202, 203, 206, 207, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 406, 409, 410, 411, 412, 413,
        415, 416, 418, 422, 423, 428, 429, 451, 500, 501, 502, 503, 504, 599,
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            stage.clm.faults.once(Fault::Json(status, body.clone()));
            let answer = call(&stage, method.clone(), PATH, &[], "").await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, body.clone()), "{method}");
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(
                (answer.header("cache-control"), answer.header("x-content-type-options")),
                ("no-store", "nosniff")
            );
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox", "it is not our page");
            assert!(!answer.header("x-request-id").is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_has_no_body_stays_without_one() {
    let stage = start().await;
    for status in [204, 304] {
        stage.clm.faults.once(Fault::Status(status));
        let answer = call(&stage, Method::GET, PATH, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (status, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_takes_no_token_along() {
    let stage = start().await;
    for to in ["https://example.org/", "/v2/x", &format!("{}/gateway/clm/x", stage.app.issuer)] {
        stage.clm.faults.once(Fault::Redirect(to.to_owned()));
        let before = stage.clm.calls().len();
        let answer = call(&stage, Method::GET, PATH, &[], "").await;
        assert!(answer.status.is_redirection() && answer.header("location") == to, "{to}: {}", answer.status);
        assert_eq!(stage.clm.calls().len(), before, "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_of_docusign_is_never_a_401_of_the_caller() {
    let stage = start().await;
    for method in [Method::GET, Method::POST] {
        for answers in 2..4 {
            (0..answers).for_each(|_| stage.clm.faults.once(Fault::Json(401, "{\"theirs\":1}".to_owned())));
            let answer = call(&stage, method.clone(), PATH, &[], "{}").await;
            assert_eq!((answer.status.as_u16(), answer.json()), (403, json!({"theirs": 1})), "{method}");
            assert!(answer.header("www-authenticate").is_empty(), "the caller's credentials are right");
            stage.later(200);
            // What was not used up.
            call(&stage, method.clone(), PATH, &[], "{}").await;
            stage.later(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clms_205_is_what_its_headers_say() {
    let stage = start().await;
    stage.clm.faults.once(Fault::Json(205, "all".to_owned()));
    let whole = call(&stage, Method::GET, PATH, &[("range", "bytes=0-9")], "").await;
    assert_eq!((whole.status.as_u16(), whole.text().as_str()), (200, "all"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_question_is_asked_again_when_its_connection_is_lost() {
    let stage = start().await;
    for (method, again) in
        [("GET", true), ("HEAD", true), ("POST", false), ("PUT", false), ("PATCH", false), ("DELETE", false)]
    {
        stage.clm.faults.once(Fault::Cut);
        stage.clm.faults.once(Fault::Json(418, String::new()));
        let answer = call(&stage, method.parse().unwrap(), PATH, &[], "").await;
        if again {
            assert_eq!(answer.status, 418, "{method}: the second answer");
            continue;
        }
        assert_outage(&answer);
        // The answer that was not asked for is still there.
        assert_eq!(call(&stage, Method::GET, PATH, &[], "").await.status, 418, "{method} was made once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_waited_for_is_passed_on() {
    let stage = start().await;
    let wait = [("prefer", "respond-async")];
    let begin = async || call(&stage, Method::POST, "/gateway/clm/workflows", &wait, "{}").await;
    let href = |href: &str| json!({"Status": "Processing", "Href": href});
    for (status, body, begun) in [
        (200, href("https://h/workflows/12-ab"), true),
        (201, href("12-ab/"), true),
        (202, href(&format!("/{}", "a".repeat(64))), true),
        (200, href(&format!("/{}", "a".repeat(65))), false),
        (200, href(""), false),
        (200, href("https://h/workflows/a b"), false),
        (200, href("https://h/workflows/%2e%2e"), false),
        (200, json!({"Href": null}), false),
        (200, json!({"Href": 5}), false),
        (200, json!({"Status": "Processing"}), false),
        (200, json!([]), false),
        (200, json!(null), false),
        (400, href("https://h/workflows/1"), false),
        (404, json!({"Error": {"ErrorCode": 126}}), false),
        (429, json!({"Error": {"ErrorCode": 103}}), false),
        (500, json!({}), false),
        (302, json!({}), false),
    ] {
        stage.clm.faults.once(Fault::Json(status, body.to_string()));
        let answer = begin().await;
        if begun {
            assert_eq!(
                (answer.status.as_u16(), answer.text().as_str(), answer.header("retry-after")),
                (202, "", "5"),
                "{body}"
            );
            assert_eq!(answer.header("preference-applied"), "respond-async");
            continue;
        }
        assert_eq!((answer.status.as_u16(), answer.json()), (status, body.clone()), "{body}");
        assert!(answer.header("location").is_empty() && answer.header("preference-applied").is_empty(), "{body}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    }
    for _ in 0..2 {
        stage.clm.faults.once(Fault::Json(401, "{}".to_owned()));
    }
    assert_eq!(begin().await.status, 403);
    stage.clm.faults.once(Fault::Cut);
    assert_outage(&begin().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_answers_oddly_is_an_outage_and_goes_on_later() {
    let stage = start().await;
    stage.clm.faults.once(Fault::Json(200, json!({"Href": "/workflows/1"}).to_string()));
    let begun = call(&stage, Method::POST, "/gateway/clm/workflows?x=y", &[("prefer", "respond-async")], "{}").await;
    let location = begun.header("location").to_owned();
    for (fault, status) in [
        (Fault::Body("<html>".to_owned()), 503),
        (Fault::Body("{}".to_owned()), 503),
        (Fault::Body(json!({"Status": null}).to_string()), 503),
        (Fault::Status(500), 503),
        (Fault::Throttle(None), 503),
        (Fault::Json(403, "{}".to_owned()), 403),
        (Fault::Json(404, "{}".to_owned()), 404),
        (Fault::Body(json!({"Status": "Something new"}).to_string()), 202),
        (Fault::Body(json!({"Status": "completed", "Extra": 1}).to_string()), 200),
    ] {
        stage.clm.faults.once(fault.clone());
        let answer = stage.get(&location).await;
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.text());
        assert_eq!(answer.header("location") == location, status == 202, "{fault:?}");
    }
    for (age, pause) in [(0, "5"), (50, "5"), (10, "6"), (2900, "296"), (40, "300"), (500, "300")] {
        stage.later(age);
        stage.clm.faults.once(Fault::Body(json!({"Status": "Running"}).to_string()));
        let answer = stage.get(&location).await;
        assert_eq!(answer.header("retry-after"), pause, "{age} s later: {}", answer.text());
    }
    let forged = location.replace("/clm/tasks/", "/clm/tasks/x");
    assert_error(&stage.get(&forged).await, 400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_gateways_own_is_no_answer_of_docusign() {
    let stage = start().await;
    for (path, status, error) in [
        ("/gateway/clm//x", 400, "invalid_request"),
        ("/gateway/nothing/x", 404, "not_found"),
        ("/gateway/navigator/v1/accounts/default/agreements", 403, "insufficient_scope"),
        ("/gateway/clm/v2/11111111-6b1a-4c57-9a83-0d5e7b21c4aa/x", 403, "access_denied"),
    ] {
        let answer = call(&stage, Method::GET, path, &[], "").await;
        let json: Value = assert_error(&answer, status, error);
        assert!(answer.header("content-security-policy").is_empty(), "{path}: {json}");
    }
}
