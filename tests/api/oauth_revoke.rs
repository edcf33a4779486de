//! `POST /oauth/revoke`, RFC 7009: one test per row of the checklist.

use http::Method;
use sandbox::CLIENT_SECRET;

use crate::local::*;
use crate::support::assert_error;

async fn revoke(app: &LocalApp, client_id: &str, token: &str) -> sandbox::client::Answer {
    app.post("/oauth/revoke", client_id, &[("token", token)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_only_the_client_of_a_token_can_revoke_it() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let url = format!("{}/oauth/revoke", app.issuer);
    let token = [("token", connected.refresh_token.as_str())];
    assert_error(&app.http.post_form(&url, &[], &token).await, 401, "invalid_client");
    let named = [&token[..], &[("client_id", "web")]].concat();
    assert_error(&app.http.post_form(&url, &[], &named).await, 401, "invalid_client");
    let both = [&token[..], &[("client_id", "web"), ("client_secret", CLIENT_SECRET)]].concat();
    let authorization = crate::support::basic("web", CLIENT_SECRET);
    assert_error(&app.http.post_form(&url, &[("authorization", &authorization)], &both).await, 400, "invalid_request");
    for stranger in ["other", "native", "person", "sealed"] {
        assert_error(&revoke(&app, stranger, &connected.refresh_token).await, 400, "invalid_grant");
    }
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    assert_error(&app.post("/oauth/revoke", "web", &[]).await, 400, "invalid_request");
    let twice = [("token", "x"), ("token", "y")];
    assert_error(&app.post("/oauth/revoke", "web", &twice).await, 400, "invalid_request");
    let get = app.http.call(Method::GET, &url, &[], "").await;
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, "POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_an_unknown_token_counts_as_revoked() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    for unknown in ["x", &connected.access_token, &format!("{}x", connected.refresh_token)] {
        let answer = revoke(&app, "web", unknown).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "{}"), "{unknown}");
        assert_eq!(answer.header("content-type"), "application/json", "some clients parse this body");
    }
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_revoking_a_refresh_token_ends_its_grant_and_no_other() {
    let app = LocalApp::start().await;
    let (ended, other) = (app.connect("web").await, app.connect("web").await);
    connection(&app.refresh("web", &ended.refresh_token, &[]).await);
    for _ in 0..2 {
        let answer = revoke(&app, "web", &ended.refresh_token).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "{}"));
    }
    assert_error(&app.refresh("web", &ended.refresh_token, &[]).await, 400, "invalid_grant");
    connection(&app.refresh("web", &other.refresh_token, &[]).await);
    app.advance(3600);
    assert_error(&app.refresh("web", &ended.refresh_token, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_every_generation_of_a_rotated_refresh_token_ends_the_grant() {
    let app = LocalApp::start().await;
    let first = app.connect("native").await.refresh_token;
    let second = connection(&app.refresh("native", &first, &[]).await).refresh_token;
    assert_eq!(revoke(&app, "native", &first).await.status, 200);
    assert_error(&app.refresh("native", &second, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_hints_are_ignored() {
    let app = LocalApp::start().await;
    for hint in ["access_token", "refresh_token", "unknown", ""] {
        let connected = app.connect("web").await;
        let form = [("token", connected.refresh_token.as_str()), ("token_type_hint", hint)];
        assert_eq!(app.post("/oauth/revoke", "web", &form).await.status, 200, "{hint}");
        assert_error(&app.refresh("web", &connected.refresh_token, &[]).await, 400, "invalid_grant");
    }
    let code = app.code("web", &[]).await;
    assert_eq!(revoke(&app, "web", &code).await.status, 200);
    assert_error(&app.redeem("web", &code, &[]).await, 400, "invalid_grant");
    let sealed = app.connect("sealed").await;
    assert_eq!(revoke(&app, "sealed", &sealed.access_token).await.status, 200);
    connection(&app.refresh("sealed", &sealed.refresh_token, &[]).await);
}
