//! `Prefer: respond-async`: the result at an address of its own.

use http::Method;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::{GATEWAY_API_KEY, digest};
use serde_json::{Value, json};

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::{Stage, client};

const WAIT: [(&str, &str); 3] =
    [("x-api-key", GATEWAY_API_KEY), ("content-type", "application/json"), ("prefer", "respond-async")];

async fn post(stage: &Stage, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let url = format!("{}/gateway/clm/{path}", stage.app.issuer);
    stage.app.http.call(Method::POST, &url, headers, &body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_of_each_kind_is_waited_for() {
    let stage = Stage::start().await;
    stage.clm.slow_searches.store(true, std::sync::atomic::Ordering::SeqCst);
    let href = |path: &str| json!({"Href": format!("{}/v2/{}/{path}", stage.clm.api_url(), sandbox::clm::ACCOUNT_ID)});
    let folder = stage.folder("Waiting");
    let document = stage.clm.add_document("Original.pdf", &folder, "x");
    let launcher = href("doclauncherconfigurations/a55b0000-0000-4000-8000-1c2d3e4f5a6b");
    for (path, body, member) in [
        (
            "copytasks",
            json!({"DocumentsToCopy": [href(&format!("documents/{document}"))], "DestinationFolder": href(&format!("folders/{folder}"))}),
            "DocumentResults",
        ),
        ("documentsearchtasks?pageSortParams.sortProperty=UpdatedDate", json!({"Title": "Original"}), "Result"),
        ("foldersearchtasks", json!({"Title": "Waiting"}), "Result"),
        (
            "doclaunchertasks",
            json!({"Data": "<a/>", "DataType": "xml", "DocLauncherConfiguration": launcher}),
            "DocLauncherResultUrl",
        ),
    ] {
        let begun = post(&stage, path, &WAIT, &body).await;
        assert_eq!((begun.status.as_u16(), begun.text().as_str()), (202, ""), "{path} {}", begun.text());
        assert_eq!((begun.header("retry-after"), begun.header("preference-applied")), ("5", "respond-async"));
        let location = begun.header("location").to_owned();
        assert!(location.starts_with(&format!("{}/triggers/clm/tasks/", stage.app.issuer)), "{location}");
        let look = stage.get(&location).await;
        assert_eq!(
            (look.status.as_u16(), look.header("location"), look.header("retry-after")),
            (202, location.as_str(), "5")
        );
        let result = stage.get(&location).await;
        assert_eq!((result.status.as_u16(), &result.json()["Status"]), (200, &json!("Success")), "{path}");
        assert!(!result.json()[member].is_null(), "{}", result.text());
        // Without the preference, CLM's answer passes as it is.
        let direct = post(&stage, path, &WAIT[..2], &body).await;
        assert_eq!(direct.json()["Status"], "Processing", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_waited_for_until_it_ends() {
    let stage = Stage::start().await;
    let begun = post(&stage, "workflows", &WAIT, &json!({"Name": "Renewal"})).await;
    let location = begun.header("location").to_owned();
    stage.later(1000);
    let look = stage.get(&location).await;
    assert_eq!(
        (look.status.as_u16(), look.header("retry-after")),
        (202, "100"),
        "the longer it takes, the fewer looks"
    );
    let id = stage.clm.calls().last().unwrap().rsplit('/').next().unwrap().to_owned();
    stage.clm.faults.once(Fault::Status(500));
    assert_outage(&stage.get(&location).await);
    stage.clm.set_workflow_status(&id, "Failed");
    let ended = stage.get(&location).await;
    assert_eq!((ended.status.as_u16(), &ended.json()["Status"]), (200, &json!("Failed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_caller_can_wait_and_errors_pass() {
    let mut other = client();
    (other["client_id"], other["api_key_sha256"]) = (json!("other"), json!([digest("other")]));
    let stage = Stage::with(&json!([client(), other])).await;
    // An error of CLM's is not waited for.
    let refused = post(&stage, "workflows", &WAIT, &json!({"Name": "Unknown"})).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["Error"]["ErrorCode"]), (404, &json!(126)));
    // Neither is what is not a task.
    let folder = post(&stage, "folders", &WAIT, &json!({"Name": "x"})).await;
    assert_eq!(folder.status, 422);
    let begun = post(&stage, "foldersearchtasks", &WAIT, &json!({"Title": ""})).await;
    let location = begun.header("location").to_owned();
    assert_error(&stage.get_with(&location, &[("x-api-key", "other")]).await, 400, "invalid_request");
    assert_error(&stage.get(&format!("{location}x")).await, 400, "invalid_request");
    assert_error(&stage.get_with(&location, &[]).await, 401, "unauthorized");
    assert_eq!(stage.get(&location).await.status, 200);
    stage.clm.forget_tasks();
    assert_error(&stage.get(&location).await, 404, "not_found");
}
