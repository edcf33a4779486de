//! `POST /oauth/token` with `authorization_code`, RFC 6749 §4.1.3 and RFC 7636 §4.5: one test per row of the checklist.

use std::time::Duration;

use sandbox::fault::Fault;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, OTHER_USER};
use serde_json::json;

use crate::local::*;
use crate::support::assert_error;

const PKCE: [(&str, &str); 2] = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];

#[tokio::test(flavor = "multi_thread")]
async fn t2_t3_the_client_is_authenticated_before_the_code_is_used_up() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    let url = format!("{}/oauth/token", app.issuer);
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT_URI)];
    // Like Power Platform: first in the body, and after a failure with HTTP Basic.
    let in_body = [&form[..], &[("client_id", "web"), ("client_secret", "wrong")]].concat();
    assert_error(&app.http.post_form(&url, &[], &in_body).await, 401, "invalid_client");
    let no_secret = [&form[..], &[("client_id", "web")]].concat();
    assert_error(&app.http.post_form(&url, &[], &no_secret).await, 401, "invalid_client");
    let in_query = format!("{url}?client_id=web&client_secret={}", CLIENT_SECRET.replace(' ', "+"));
    assert_error(&app.http.post_form(&in_query, &[], &form).await, 401, "invalid_client");
    let authorization = crate::support::basic("web", CLIENT_SECRET);
    connection(&app.http.post_form(&url, &[("authorization", &authorization)], &form).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_the_redirect_uri_must_be_the_same() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
    assert_error(&app.token("web", &form).await, 400, "invalid_request");
    for other in ["https://client.example/cb/", "https://client.example/other", "x"] {
        assert_error(&app.token("web", &[&form[..], &[("redirect_uri", other)]].concat()).await, 400, "invalid_grant");
    }
    connection(&app.redeem("web", &code, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t6_a_code_of_another_client_is_rejected() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    for thief in ["strict", "person", "workfront", "native", "sealed"] {
        assert_error(&app.redeem(thief, &code, &[]).await, 400, "invalid_grant");
    }
    assert_error(&app.redeem("machine", &code, &[]).await, 400, "unauthorized_client");
    connection(&app.redeem("web", &code, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_anything_but_a_code_is_rejected() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let location = app.get(&app.authorize_url("web", &[])).await.header("location").to_owned();
    let state = crate::support::state_of(&location).to_owned();
    let code = app.code("web", &[]).await;
    // One in sixteen codes already ends with an A.
    let other = if code.ends_with('A') { 'E' } else { 'A' };
    let altered = format!("{}{other}", &code[..code.len() - 1]);
    let unsigned = format!("{}.", code.rsplit_once('.').unwrap().0);
    for wrong in
        ["x", "..", &connected.refresh_token, &connected.access_token, &state, &altered, &unsigned, &"x".repeat(60_000)]
    {
        assert_error(&app.redeem("web", wrong, &[]).await, 400, "invalid_grant");
    }
    let revoked = app.code("web", &[]).await;
    let first = connection(&app.redeem("web", &code, &[]).await);
    assert_eq!(app.post("/oauth/revoke", "web", &[("token", &first.refresh_token)]).await.status, 200);
    connection(&app.redeem("web", &revoked, &[]).await);
    assert_error(&app.token("web", &[("grant_type", "authorization_code")]).await, 400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_t9_t18_the_response_is_complete_and_must_not_be_stored() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    let answer = app.redeem("web", &code, &[]).await;
    connection(&answer);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let json = answer.json();
    let mut names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
    assert_eq!(json["expires_in"], 3570, "the remaining lifetime minus 30 s");
    app.advance(1000);
    let later = app.refresh("web", json["refresh_token"].as_str().unwrap(), &[]).await.json();
    assert_eq!(later["expires_in"], 2570);
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_only_registered_grant_types_are_accepted() {
    let app = LocalApp::start().await;
    assert_error(&app.token("machine", &[("grant_type", "refresh_token")]).await, 400, "unauthorized_client");
    assert_error(&app.token("web", &[("grant_type", "client_credentials")]).await, 400, "unauthorized_client");
    assert_error(&app.token("web", &[("grant_type", "implicit")]).await, 400, "unsupported_grant_type");
    assert_error(&app.token("web", &[]).await, 400, "invalid_request");
    let clients = json!([client("once", &json!({"grant_types": ["authorization_code"]}))]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let code = app.code("once", &[]).await;
    let answer = app.redeem("once", &code, &[]).await;
    assert!(answer.status == 200 && answer.json().get("refresh_token").is_none(), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_the_verifier_must_match_the_challenge() {
    let app = LocalApp::start().await;
    for client_id in ["native", "web"] {
        let code = app.code(client_id, &PKCE).await;
        for wrong in [&"a".repeat(43), CHALLENGE, &VERIFIER.to_lowercase(), "short"] {
            assert_error(&app.redeem(client_id, &code, &[("code_verifier", wrong)]).await, 400, "invalid_grant");
        }
        connection(&app.redeem(client_id, &code, &[("code_verifier", VERIFIER)]).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_pkce_cannot_be_removed_or_added_on_the_way() {
    let app = LocalApp::start().await;
    let with = app.code("web", &PKCE).await;
    assert_error(&app.redeem("web", &with, &[]).await, 400, "invalid_grant");
    assert_error(&app.redeem("web", &with, &[("code_verifier", "")]).await, 400, "invalid_grant");
    let without = app.code("web", &[]).await;
    assert_error(&app.redeem("web", &without, &[("code_verifier", VERIFIER)]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_does_not_use_up_the_code() {
    let app = LocalApp::start().await;
    // The next request needs a mint, because the token from the sign-in has expired.
    app.docusign.set_expires_in(sandbox::docusign::ExpiresIn::Number(20));
    let code = app.code("web", &[]).await;
    app.advance(60);
    for fault in [Fault::Status(500), Fault::Cut] {
        app.docusign.faults.set(Some(fault));
        crate::support::assert_outage(&app.redeem("web", &code, &[]).await);
        app.advance(15);
    }
    app.docusign.faults.set(None);
    connection(&app.redeem("web", &code, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_two_hundred_concurrent_redemptions_succeeds() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    app.docusign.faults.set(Some(Fault::Latency(Duration::from_millis(50))));
    let answers = futures_util::future::join_all((0..200).map(|_| app.redeem("web", &code, &[]))).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.json()["error"] == "invalid_grant").count();
    assert_eq!((good, refused), (1, 199));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_memory_store_a_code_works_in_its_process_and_a_refresh_token_in_all() {
    let app = LocalApp::start().await;
    let (twin, serving) = app.twin().await;
    let code = app.code("web", &[]).await;
    let secret = [("client_id", "web"), ("client_secret", CLIENT_SECRET)];
    let form = [&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT_URI)][..], &secret]
        .concat();
    let elsewhere = app.http.post_form(&format!("{twin}/oauth/token"), &[], &form).await;
    assert_error(&elsewhere, 400, "invalid_grant");
    let connected = connection(&app.redeem("web", &code, &[]).await);
    let form = [&[("grant_type", "refresh_token"), ("refresh_token", &connected.refresh_token)][..], &secret].concat();
    connection(&app.http.post_form(&format!("{twin}/oauth/token"), &[], &form).await);
    // A sign-in can start in one process and end in another.
    let callback = format!("{}/consent/callback", app.issuer);
    let mut browser = sandbox::browser::Browser::stopping_at(&callback);
    let url = browser.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
    browser.stop_at = Some(CLIENT.to_owned());
    let visit = browser.open(&url.replace(&app.issuer, &twin)).await;
    assert!(visit.parameter("code").is_some(), "{} {}", visit.url, visit.answer.text());
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_be_allowed_to_send_its_request_in_the_query() {
    let clients = json!([
        client("query", &json!({"token_request_in_query": true, "profile": "workfront"})),
        client("form", &json!({"profile": "workfront"})),
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    for (client_id, status) in [("query", 200), ("form", 400)] {
        let url = format!("{}/oauth/authorize/{client_id}?state=x", app.issuer);
        let code = app.sign_in(&url, INTEGRATION_USER).await.parameter("code").unwrap();
        let secret = CLIENT_SECRET.replace(' ', "+");
        let query = format!("grant_type=authorization_code&code={code}&client_id={client_id}&client_secret={secret}");
        let url = format!("{}/oauth/token?{query}", app.issuer);
        let answer = app.http.call(http::Method::POST, &url, &[], "").await;
        assert_eq!(answer.status, status, "{client_id}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_sealed_tokens_never_gets_docusigns_token() {
    let app = LocalApp::start().await;
    let code = app.code("sealed", &[]).await;
    let exchanges = app.docusign.exchanges();
    let connected = connection(&app.redeem("sealed", &code, &[]).await);
    let refreshed = connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    for access_token in [&connected.access_token, &refreshed.access_token] {
        assert!(!app.docusign.access_tokens().contains(access_token));
    }
    let machine = app.token("sealed", &[("grant_type", "client_credentials")]).await;
    assert!(machine.status == 200 && machine.json().get("refresh_token").is_none(), "{}", machine.text());
    assert_eq!(app.docusign.exchanges(), exchanges, "the client does not get DocuSign's token, so none is minted yet");
}
