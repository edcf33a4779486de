//! CLM's errors are visible in flows.

use http::Method;
use sandbox::clm::ACCOUNT_ID;
use serde_json::{Value, json};

use super::actions::id;
use super::platform::Platform;
use super::sign_in::connect;
use crate::support::TestApp;

async fn refused(platform: &Platform, operation: &str, inputs: Value) -> (u16, Value) {
    let answer = platform.call(operation, inputs).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn clms_errors_are_returned_unchanged() {
    let app = TestApp::start().await;
    let (platform, _) = connect(&app, &[]).await;
    let contracts = platform.act("GetFolderByPath", json!({"path": "/Contracts"})).await;
    let parent = json!({"Href": contracts["Href"]});
    let missing = "00000000-0000-4000-8000-000000000000";
    let search = platform.act("SearchDocuments", json!({"body": {"Title": "Agreement 01"}})).await;
    let document = id(&search["Result"]["Items"][0]);
    let metadata = |group: &str, name: &str| json!({"documentId": document, "body": {"AttributeGroups": {group: {name: {"Value": "x"}}}}});
    let cases = [
        ("GetFolder", json!({"folderId": missing}), 404, 109),
        ("GetFolderByPath", json!({"path": "/Nowhere"}), 404, 109),
        ("GetDocument", json!({"documentId": missing}), 404, 117),
        ("DownloadDocument", json!({"documentId": missing}), 404, 117),
        ("GetCopyTask", json!({"taskId": missing}), 404, 104),
        ("GetWorkflow", json!({"workflowId": missing}), 404, 126),
        ("CreateFolder", json!({"body": {"Name": "a/b", "ParentFolder": parent}}), 422, 101),
        ("SearchDocuments", json!({"body": {}}), 422, 1024),
        ("StartWorkflow", json!({"body": {"Name": "No such workflow"}}), 404, 126),
        ("UpdateDocument", metadata("Nothing", "Supplier"), 422, 101),
        ("UpdateDocument", metadata("Contract", "Nothing"), 422, 101),
        ("UploadDocument", json!({"folderId": id(&contracts), "name": "a.txt", "body": ""}), 422, 116),
        ("UploadDocument", json!({"folderId": missing, "name": "a.txt", "body": "a"}), 404, 109),
    ];
    for (operation, inputs, status, code) in cases {
        let (actual, body) = refused(&platform, operation, inputs.clone()).await;
        assert_eq!((actual, body["Error"]["ErrorCode"].as_u64()), (status, Some(code)), "{operation} {inputs}: {body}");
        assert_eq!(body["Error"]["HttpStatusCode"], status);
    }
    let (_, body) = refused(&platform, "UpdateDocument", metadata("Contract", "Nothing")).await;
    assert_eq!(body["ValidationErrors"][0]["ErrorCode"], 1006);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_token_or_one_without_clm_scope_is_rejected() {
    let app = TestApp::start().await;
    let (mut platform, _) = connect(&app, &[]).await;
    let not_for_clm = app.token(&[("scope", "signature")]).await.json();
    let reads_only = app.token(&[("scope", "spring_read")]).await.json();
    for token in ["not a DocuSign token", not_for_clm["access_token"].as_str().unwrap()] {
        platform.set_access_token(token);
        let (status, body) = refused(&platform, "GetCurrentMember", json!({})).await;
        assert_eq!((status, &body["Error"]["ErrorCode"]), (401, &json!(103)));
    }
    platform.set_access_token(reads_only["access_token"].as_str().unwrap());
    let root = platform.act("GetSystemFolder", json!({})).await;
    let folder = json!({"Name": "x", "ParentFolder": {"Href": root["Href"]}});
    assert_eq!(refused(&platform, "CreateFolder", json!({"body": folder})).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_return_when_calls_may_resume() {
    let app = TestApp::start().await;
    let (platform, _) = connect(&app, &[]).await;
    app.sandbox.clm.refuse_next(429, 103);
    let answer = platform.call("GetCurrentMember", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["Error"]["ErrorCode"].as_u64()), (429, Some(103)));
    assert!(!answer.header("x-ratelimit-limit").is_empty() && !answer.header("x-ratelimit-reset").is_empty());
    platform.act("GetCurrentMember", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_requested_below_the_api_host_if_configured() {
    let app = TestApp::start().await;
    let (mut platform, _) = connect(&app, &["--content-on-api-host"]).await;
    // A site that serves uploads and downloads below /content, for the same account.
    let api = platform.hosts[0].0.clone();
    let found = platform.act("SearchDocuments", json!({"body": {"Title": "Agreement 01"}})).await;
    let document = id(&found["Result"]["Items"][0]);
    platform.hosts = vec![(format!("{api}/content"), app.sandbox.clm.download_url())];
    let answer = platform.call("DownloadDocument", json!({"documentId": document})).await;
    assert_eq!(answer.text(), "agreement number 1");
    platform.hosts = vec![(format!("{api}/content"), app.sandbox.clm.upload_url())];
    let inputs = json!({"documentId": document, "File-Name": "a.txt", "body": "b"});
    platform.act("UploadDocumentVersion", inputs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_discovery_returns_the_hosts() {
    let app = TestApp::start().await;
    let (platform, _) = connect(&app, &[]).await;
    let clm = &app.sandbox.clm;
    let bearer = platform.credential.1.clone();
    let ask = async |path: &str, bearer: &str| {
        let url = format!("{}{path}", clm.discovery_url());
        app.http.call(Method::GET, &url, &[("authorization", bearer)], "").await
    };
    let path = format!("/api/v2/{ACCOUNT_ID}/account");
    let account = ask(&path, &bearer).await.json();
    assert_eq!(account["ApiBaseUrl"], json!(clm.api_url()));
    assert_eq!(account["ApiBaseUploadUrl"], json!(clm.upload_url()));
    assert_eq!(ask(&path, "Bearer nothing").await.status, 401);
    let lost = ask("/api/v2/account", &bearer).await;
    assert_eq!((lost.status.as_u16(), lost.header("content-type")), (200, "text/html"));
}
