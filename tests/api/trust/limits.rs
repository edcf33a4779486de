//! Failed authentication is limited for each client id and source, and never hinders right credentials.

use http::Method;
use sandbox::CLIENT_SECRET;
use sandbox::client::Answer;
use serde_json::json;

use super::{ASSERTION_TYPE, Stage};
use crate::local::{LocalApp, client};
use crate::support::{TestApp, assert_error, log_line};

const API_KEY: &str = "an api key of the tests, worth nothing";

async fn app() -> LocalApp {
    let key = sandbox::digest(API_KEY);
    let clients = json!([
        client("machine", &json!({"grant_types": ["client_credentials"]})),
        client("other", &json!({"grant_types": ["client_credentials"], "access_token": "sealed"})),
        client("key", &json!({"grant_types": [], "client_secret_sha256": [], "api_key_sha256": [key]})),
    ]);
    LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await
}

async fn post(app: &LocalApp, path: &str, client_id: &str, secret: &str, source: &str) -> Answer {
    let form =
        [("grant_type", "client_credentials"), ("token", "x"), ("client_id", client_id), ("client_secret", secret)];
    app.http.post_form(&format!("{}{path}", app.issuer), &[("x-forwarded-for", source)], &form).await
}

async fn attempt(app: &LocalApp, client_id: &str, secret: &str, source: &str) -> Answer {
    post(app, "/oauth/token", client_id, secret, source).await
}

#[track_caller]
fn assert_limited(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (429, &"temporarily_unavailable".into()));
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_the_twenty_first_wrong_secret_in_a_minute_is_429_and_the_right_one_is_never_hindered() {
    let app = app().await;
    let source = "198.51.100.9, 203.0.113.7:40000";
    for number in 0..20 {
        assert_error(&attempt(&app, "machine", "wrong", source).await, 401, "invalid_client");
        let port = format!("203.0.113.7:{}", 40_001 + number);
        assert_eq!(attempt(&app, "machine", CLIENT_SECRET, &port).await.status, 200);
    }
    for number in 0..10 {
        let port = format!("192.0.2.{number}, 203.0.113.7:{}", 50_000 + number);
        assert_limited(&attempt(&app, "machine", "wrong", &port).await);
        assert_limited(&post(&app, "/oauth/revoke", "machine", "wrong", &port).await);
        assert_eq!(attempt(&app, "machine", CLIENT_SECRET, &port).await.status, 200);
    }
    assert_error(&attempt(&app, "machine", "wrong", "203.0.113.8").await, 401, "invalid_client");
    assert_error(&attempt(&app, "machine", "wrong", "203.0.113.7, 203.0.113.8").await, 401, "invalid_client");
    assert_error(&attempt(&app, "other", "wrong", source).await, 401, "invalid_client");
    app.advance(61);
    assert_error(&attempt(&app, "machine", "wrong", source).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_clients_count_like_known_ones_also_without_a_source() {
    let app = app().await;
    let url = format!("{}/oauth/token", app.issuer);
    let basic = crate::support::basic("stranger", "wrong");
    for (headers, form) in [
        (&[][..], &[("client_id", "stranger"), ("client_secret", "wrong")][..]),
        (&[("authorization", basic.as_str()), ("x-forwarded-for", "[2001:db8::1]:4711")], &[]),
        (&[("x-forwarded-for", "unknown")], &[("client_id", "machine")]),
    ] {
        let form = [form, &[("grant_type", "client_credentials")]].concat();
        for _ in 0..20 {
            assert_error(&app.http.post_form(&url, headers, &form).await, 401, "invalid_client");
        }
        assert_limited(&app.http.post_form(&url, headers, &form).await);
    }
    for _ in 0..30 {
        let anonymous = app.http.post_form(&url, &[], &[("grant_type", "client_credentials")]).await;
        assert_error(&anonymous, 401, "invalid_client");
        let bad = [("grant_type", "x"), ("client_id", "machine"), ("client_secret", CLIENT_SECRET)];
        assert_error(&app.http.post_form(&url, &[], &bad).await, 400, "unsupported_grant_type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_api_keys_and_bearers_count_for_their_source() {
    let app = app().await;
    let call = async |name: &str, value: &str, source: &str| {
        let headers = [(name, value), ("x-forwarded-for", source)];
        app.http.call(Method::GET, &format!("{}/gateway/clm/folders", app.issuer), &headers, "").await
    };
    let sealed = attempt(&app, "other", CLIENT_SECRET, "").await.json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {sealed}");
    for number in 0..20 {
        let (name, value) = [("x-api-key", "wrong"), ("authorization", "Bearer wrong")][number % 2];
        assert_error(&call(name, value, "203.0.113.7").await, 401, "invalid_token");
    }
    for (name, value) in [("x-api-key", "wrong"), ("apikey", "also wrong"), ("authorization", "Bearer wrong")] {
        assert_limited(&call(name, value, "203.0.113.7").await);
    }
    for _ in 0..3 {
        assert_error(&call("x-api-key", API_KEY, "203.0.113.7").await, 403, "insufficient_scope");
        assert_error(&call("authorization", &bearer, "203.0.113.7").await, 403, "insufficient_scope");
        assert_error(&call("x-nothing", "x", "203.0.113.7").await, 401, "unauthorized");
    }
    assert_error(&call("x-api-key", "wrong", "203.0.113.8").await, 401, "invalid_token");
    app.advance(3601);
    for _ in 0..30 {
        let expired = call("authorization", &bearer, "203.0.113.7").await;
        assert_error(&expired, 401, "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_assertions_are_limited_and_right_ones_never() {
    let stage = Stage::start().await;
    let (good, wrong) = (stage.rsa.token(&stage.claims()), stage.own.token(&stage.claims()));
    for _ in 0..20 {
        assert_error(&stage.token_from("deploy", &wrong, "203.0.113.7").await, 401, "invalid_client");
    }
    assert_limited(&stage.token_from("deploy", &wrong, "203.0.113.7").await);
    assert_limited(&stage.token_from("deploy", "garbage", "203.0.113.7").await);
    assert_limited(&stage.call_from(&wrong, &[("x-forwarded-for", "203.0.113.7")]).await);
    assert_eq!(stage.token_from("deploy", &good, "203.0.113.7").await.status, 200);
    super::assert_recognized(&stage.call_from(&good, &[("x-forwarded-for", "203.0.113.7")]).await);
    assert_error(&stage.token_from("deploy", &wrong, "203.0.113.9").await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_in_the_log_with_the_claim_that_does_not_fit() {
    let issuer = super::TestIssuer::start(&[]).await;
    let clients = json!([super::client("deploy", &json!([super::trusted(&issuer.url)]))]).to_string();
    let app = TestApp::over(sandbox::Sandbox::start().await, &[("EVERGRANT_CLIENTS", &clients)]).await;
    let claims = json!({"iss": issuer.url, "aud": "api://AzureADTokenExchange", "sub": "x", "exp": 1});
    let token = super::Signer::p256("a").token(&claims);
    let form =
        [("client_id", "deploy"), ("client_assertion", token.as_str()), ("client_assertion_type", ASSERTION_TYPE)];
    for count in 1..=21_u64 {
        let answer = app.form(&[], &form).await;
        assert_eq!(answer.status, if count > 20 { 429 } else { 401 });
    }
    let line = log_line(&app.host, |line| line["failures"] == 1).await;
    assert_eq!(line["hint"], "audience is `api://AzureADTokenExchange`, the client expects `api://evergrant`");
    assert_eq!((&line["client_id"], &line["event"]), (&"deploy".into(), &"token_refused".into()));
    let line = log_line(&app.host, |line| line["failures"] == 21).await;
    assert_eq!((&line["status"], &line["cause"]), (&429.into(), &"too_many_failures".into()), "{line}");
    assert_eq!(line["error"], "temporarily_unavailable");
}
