//! Cursors are bound to client, user, trigger and parameters, and survive a change of the sealing key.

use http::Method;
use sandbox::keys::RsaKey;
use sandbox::{GATEWAY_API_KEY, INTEGRATION_EMAIL, OTHER_EMAIL, digest};
use serde_json::{Value, json};

use crate::support::assert_error;
use crate::triggers::flow::{Flow, Stage, client, names};

/// A client with other credentials and rules.
fn changed(id: &str, key: &str, changes: &Value) -> Value {
    let mut client = client();
    client["client_id"] = json!(id);
    client["api_key_sha256"] = json!([digest(key)]);
    client.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_refused_to_others_and_with_other_parameters() {
    let people = changed("people", "people", &json!({"subject": "signed_in_user", "gateway_allow": ["clm:read"]}));
    let other = changed("other", "other", &json!({"gateway_allow": ["GET /triggers/clm/documents"]}));
    let stage = Stage::with(&json!([client(), people, other])).await;
    let (folder, queue) = (stage.folder("Inbox"), stage.clm.queue_named("Legal").unwrap());
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}&name=A%26b*"));
    flow.poll(&stage).await;
    let cursor = flow.next.split("cursor=").nth(1).unwrap().to_owned();
    let documents = |more: &str| format!("/triggers/clm/documents?cursor={cursor}{more}");
    let mut deep = Flow::new(&stage, &format!("clm/documents?folder={folder}&subfolders=True"));
    deep.poll(&stage).await;
    let deep = deep.next.replace(&stage.app.issuer, "");
    assert_eq!(stage.get(&format!("{deep}&subfolders=true")).await.status, 202);
    assert_error(&stage.get(&format!("{deep}&subfolders=false")).await, 400, "invalid_request");
    for good in ["", &format!("&folder={folder}"), &format!("&folder={folder}&name=A%26b*&subfolders=false"), "&x=1"] {
        assert_eq!(stage.get(&documents(good)).await.status, 202, "{good}");
    }
    for bad in [
        documents("&folder=another"),
        documents("&name=B*"),
        documents("&subfolders=true"),
        documents("&since=2031-01-01T00:00:00Z"),
        documents(&format!("&cursor={cursor}")),
        format!("/triggers/clm/documents?folder={folder}&cursor="),
        format!("/triggers/clm/documents?folder={folder}&cursor=x"),
        documents("").replacen("eyJ", "eyK", 1),
        documents("x"),
        format!("/triggers/clm/workitems?queue={queue}&cursor={cursor}"),
        format!("/triggers/clm/workitems?cursor={cursor}"),
        "/triggers/clm/documents".to_owned(),
        "/triggers/clm/documents?folder=".to_owned(),
        format!("/triggers/clm/documents?folder={folder}&folder={folder}"),
        "/triggers/clm/documents?folder=../x".to_owned(),
        format!("/triggers/clm/documents?folder={folder}&since=yesterday"),
        format!("/triggers/clm/documents?folder={folder}&since=2031-02-30T00:00:00Z"),
        format!("/triggers/clm/documents?folder={folder}&subfolders=yes"),
        format!("/triggers/clm/documents?folder={folder}&name={}", "x".repeat(381)),
    ] {
        assert_error(&stage.get(&bad).await, 400, "invalid_request");
    }
    let with =
        async |key: &str, user: &str, path: &str| stage.get_with(path, &[("x-api-key", key), ("username", user)]).await;
    assert_error(&with("other", INTEGRATION_EMAIL, &documents("")).await, 400, "invalid_request");
    // Users of one client have different cursors.
    let own = with("people", OTHER_EMAIL, &format!("/triggers/clm/documents?folder={folder}")).await;
    let own = own.header("location").to_owned();
    assert_eq!(with("people", OTHER_EMAIL, &own).await.status, 202);
    assert_error(&with("people", INTEGRATION_EMAIL, &own).await, 400, "invalid_request");
    // Rules.
    assert_error(
        &with("other", INTEGRATION_EMAIL, &format!("/triggers/clm/workitems?queue={queue}")).await,
        403,
        "insufficient_scope",
    );
    assert_error(&with("people", OTHER_EMAIL, "/triggers/esignature/envelopes").await, 403, "insufficient_scope");
    assert_error(&stage.get_with(&documents(""), &[]).await, 401, "unauthorized");
    assert_error(&stage.get_with(&documents(""), &[("x-api-key", "wrong")]).await, 401, "invalid_token");
    assert_error(&stage.get("/triggers/clm/nothing").await, 404, "not_found");
    let post = stage.app.http.call(Method::POST, &flow.next, &[("x-api-key", GATEWAY_API_KEY)], "").await;
    assert_eq!((post.status.as_u16(), post.header("allow")), (405, "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_survives_restarts_and_a_new_sealing_key() {
    let mut stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    stage.clm.add_document("One", &folder, "x");
    stage.app.add_file("new.pem", &RsaKey::generate().pkcs8_pem());
    let rotated =
        [("EVERGRANT_SEALING_KEY_ID", "file:new.pem"), ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "file:sealing.pem")];
    stage.restart(&rotated).await;
    assert_eq!(names(&flow.poll(&stage).await), ["One"]);
    stage.clm.add_document("Two", &folder, "x");
    // Once the cursor is renewed, the old key is not needed.
    stage.restart(&[("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "")]).await;
    assert_eq!(names(&flow.poll(&stage).await), ["Two"]);
    stage.restart(&[("EVERGRANT_SEALING_KEY_ID", "file:sealing.pem")]).await;
    assert_error(&flow.poll(&stage).await, 400, "invalid_request");
}
