//! Security best practice, RFC 9700: one test per row of the checklist that is not about a single endpoint.

use http::Method;
use sandbox::browser::Browser;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, OTHER_USER};
use serde_json::{Value, json};

use crate::local::*;
use crate::support::assert_error;

#[tokio::test(flavor = "multi_thread")]
async fn s2_there_is_no_open_redirect() {
    let app = LocalApp::start().await;
    let evil = "https://evil.example/";
    let callback = format!("{}/consent/callback", app.issuer);
    for url in [
        app.authorize_url("web", &[("redirect_uri", evil)]),
        app.authorize_url("unknown", &[("redirect_uri", evil)]),
        app.authorize_url("machine", &[("redirect_uri", evil)]),
        format!("{}&redirect_uri={evil}", app.authorize_url("web", &[])),
        format!("{}/oauth/authorize/workfront?redirect_uri={evil}", app.issuer),
        format!("{callback}?state={evil}&error=access_denied"),
        format!("{callback}?redirect_uri={evil}&error=x"),
        format!("{}//evil.example/", app.issuer),
    ] {
        let answer = app.get(&url).await;
        assert!(!answer.status.is_redirection() && answer.header("location").is_empty(), "{url}");
        assert!(!answer.text().contains("href") && answer.header("refresh").is_empty(), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_an_access_token_has_no_more_scope_than_was_granted() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[("scope", "spring_read")]).await;
    let connected = connection(&app.redeem("web", &code, &[]).await);
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    for assertion in app.docusign.assertions() {
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&assertion).unwrap().claims;
        assert_eq!(claims["scope"], "impersonation spring_read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_there_is_no_password_grant() {
    let app = LocalApp::start().await;
    let form = [("grant_type", "password"), ("username", "u"), ("password", "p")];
    assert_error(&app.token("web", &form).await, 400, "unsupported_grant_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_redirect_uris_over_http_must_be_loopback() {
    for (uri, allowed) in [
        ("http://client.example/cb", false),
        ("http://127.0.0.1.client.example/cb", false),
        ("https://client.example/cb#fragment", false),
        ("https://*.client.example/cb", false),
        ("https://client.example/c b", false),
        ("myapp://cb", false),
        ("https://client.example/cb<script>", false),
        ("https://client.example/cb?x=>", false),
        ("https://client.example/cb\"onload=\"", false),
        ("https://client.example\\@evil.example/", false),
        ("https://client.example/{tenant}/cb", false),
        ("https://client.example/cb?x=%3C%22", true),
        ("https://client.example/cb", true),
        ("http://127.0.0.1:8000/cb", true),
        ("http://[::1]/cb", true),
    ] {
        assert_eq!(evergrant::oauth::client::redirect_uri::redirect_uri(uri).is_some(), allowed, "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_redirects_are_302_so_that_browsers_send_a_get() {
    let app = LocalApp::start().await;
    let mut browser = Browser::stopping_at(CLIENT);
    assert_eq!(app.get(&app.authorize_url("web", &[])).await.status, 302);
    let visit = browser.sign_in(&app.authorize_url("web", &[]), INTEGRATION_USER, "allow").await;
    assert_eq!(visit.answer.status, 302);
    let refused = browser.open(&app.authorize_url("web", &[("scope", "more")])).await;
    assert_eq!(refused.answer.status, 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_forwarded_headers_are_ignored() {
    let app = LocalApp::start().await;
    let forged = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "https://evil.example/"),
        ("x-ms-client-principal-id", OTHER_USER),
    ];
    for url in [format!("{}/.well-known/oauth-authorization-server", app.issuer), app.authorize_url("web", &[])] {
        let answer = app.http.call(Method::GET, &url, &forged, "").await;
        let all = format!("{:?} {}", answer.headers, answer.text());
        assert!(!all.contains("evil.example") && !all.contains("__Host-"), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_no_url_leaks_to_other_sites() {
    let app = LocalApp::start().await;
    let signed_in = app.sign_in(&app.authorize_url("web", &[]), INTEGRATION_USER).await.answer;
    for answer in [
        app.get(&app.authorize_url("web", &[])).await,
        app.get(&app.authorize_url("unknown", &[])).await,
        app.get("/consent/callback?state=x&code=secret").await,
        signed_in,
    ] {
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        for foreign in ["http://", "https://", "<script", "<img", "<link"] {
            assert!(!answer.text().contains(foreign), "{foreign} in {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_code_in_the_browsers_history_cannot_be_used() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    connection(&app.redeem("web", &code, &[]).await);
    assert_error(&app.redeem("web", &code, &[]).await, 400, "invalid_grant");
    app.advance(3600);
    assert_error(&app.redeem("web", &code, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_a_stolen_code_cannot_be_injected_with_pkce() {
    let app = LocalApp::start().await;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let stolen = app.code("web", &pkce).await;
    let another_verifier = "another-verifier-of-the-attackers-own-session";
    assert_error(&app.redeem("web", &stolen, &[("code_verifier", another_verifier)]).await, 400, "invalid_grant");
    // The same at DocuSign: the code of another user's sign-in cannot be used in one's own.
    for secret_key in [None, Some("a secret key of the sandbox")] {
        let settings: Vec<(&str, &str)> =
            secret_key.map(|secret| ("DOCUSIGN_SECRET_KEY", secret)).into_iter().collect();
        let app = LocalApp::with(&settings).await;
        let callback = format!("{}/consent/callback", app.issuer);
        let mut attacker = Browser::stopping_at(&callback);
        let own = attacker.sign_in(&app.authorize_url("person", &[]), INTEGRATION_USER, "allow").await;
        let victim =
            Browser::stopping_at(&callback).sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await;
        let (own_code, stolen) = (own.parameter("code").unwrap(), victim.parameter("code").unwrap());
        attacker.stop_at = Some(CLIENT.to_owned());
        let injected = attacker.open(&own.url.replace(&own_code, &stolen)).await;
        assert_sent_back(&injected, "server_error");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_t12_sealed_tokens_of_another_deployment_are_rejected() {
    let (ours, theirs) = (LocalApp::start().await, LocalApp::start().await);
    let code = theirs.code("web", &[]).await;
    assert_error(&ours.redeem("web", &code, &[]).await, 400, "invalid_grant");
    let foreign = theirs.connect("web").await;
    let answer = ours.refresh("web", &foreign.refresh_token, &[]).await;
    assert_ne!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_requests_are_rejected_and_the_server_still_works() {
    let app = LocalApp::start().await;
    let huge = "x".repeat(200_000);
    assert_eq!(app.token("web", &[("grant_type", "refresh_token"), ("refresh_token", &huge)]).await.status, 413);
    assert_eq!(app.post("/oauth/revoke", "web", &[("token", &huge)]).await.status, 413);
    let long = "x".repeat(20_000);
    let carried = app.get(&app.authorize_url("web", &[("state", &long)])).await;
    assert!(carried.header("location").starts_with("https://client.example/cb?error=invalid_request"));
    let shown = app.get(&app.authorize_url("web", &[("redirect_uri", &long)])).await;
    assert!(shown.status == 400 && shown.body.len() < 8000, "{}", shown.body.len());
    app.connect("web").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_or_redirect_contains_a_secret_or_token() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let code = app.code("web", &[]).await;
    let answers = [
        app.redeem("other", &code, &[]).await,
        app.refresh("other", &connected.refresh_token, &[]).await,
        app.refresh("web", &connected.refresh_token, &[("scope", "more")]).await,
        app.post("/oauth/revoke", "other", &[("token", &connected.refresh_token)]).await,
        app.token(
            "web",
            &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://x.example")],
        )
        .await,
    ];
    for answer in answers {
        let all = format!("{:?} {}", answer.headers, answer.text());
        for secret in [&code, &connected.refresh_token, &connected.access_token, CLIENT_SECRET, INTEGRATION_USER] {
            assert!(!all.contains(secret), "{all}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(json!({}), app.post("/oauth/revoke", "web", &[("token", &code)]).await.json());
}
