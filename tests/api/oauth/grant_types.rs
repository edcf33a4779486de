//! Which client may use which grant type: every client with every grant type, and what it then gets (RFC 6749 §5.2, §4.4.3).

use serde_json::json;

use crate::local::{CHALLENGE, LocalApp, VERIFIER, client, connection};
use crate::support::assert_error;

#[tokio::test(flavor = "multi_thread")]
async fn every_client_may_use_its_own_grant_types_only() {
    let app = LocalApp::start().await;
    let grant_types =
        ["authorization_code", "refresh_token", "client_credentials", "password", "implicit", "AUTHORIZATION_CODE", ""];
    for (client_id, own) in [
        ("web", &["authorization_code", "refresh_token"][..]),
        ("native", &["authorization_code", "refresh_token"]),
        ("person", &["authorization_code", "refresh_token"]),
        ("machine", &["client_credentials"]),
        ("sealed", &["authorization_code", "refresh_token", "client_credentials"]),
    ] {
        for grant_type in grant_types {
            let answer = app.token(client_id, &[("grant_type", grant_type)]).await;
            let (status, error) = match grant_type {
                "" => (400, "invalid_request"),
                "password" | "implicit" | "AUTHORIZATION_CODE" => (400, "unsupported_grant_type"),
                grant_type if !own.contains(&grant_type) => (400, "unauthorized_client"),
                "client_credentials" => (200, ""),
                // It may use the grant type, but sent no code or refresh token.
                _ => (400, "invalid_request"),
            };
            assert_eq!(answer.status, status, "{client_id} {grant_type}: {}", answer.text());
            if status != 200 {
                assert_error(&answer, status, error);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_that_may_refresh_get_a_refresh_token() {
    let clients = json!([
        client("refreshing", &json!({})),
        client("once", &json!({"grant_types": ["authorization_code"]})),
        client("sealed-once", &json!({"grant_types": ["authorization_code"], "access_token": "sealed"})),
        client("native", &json!({"client_secret_sha256": [], "grant_types": ["authorization_code"]})),
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    for (client_id, refreshes) in [("refreshing", true), ("once", false), ("sealed-once", false), ("native", false)] {
        let code = app.code(client_id, &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]).await;
        let answer = app.redeem(client_id, &code, &[("code_verifier", VERIFIER)]).await;
        assert_eq!(answer.status, 200, "{client_id}: {}", answer.text());
        assert_eq!(answer.json().get("refresh_token").is_some(), refreshes, "{client_id}");
        let is_docusigns =
            app.docusign.access_tokens().contains(&answer.json()["access_token"].as_str().unwrap().to_owned());
        assert_eq!(is_docusigns, client_id != "sealed-once", "{client_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_no_longer_use_a_grant_type_keeps_its_grant_for_later() {
    let mut app = LocalApp::start().await;
    let (connected, code) = (app.connect("web").await, app.code("web", &[]).await);
    let restricted = json!([client("web", &json!({"grant_types": ["client_credentials"], "redirect_uris": []}))]);
    app.restart(&[("EVERGRANT_CLIENTS", &restricted.to_string())]).await;
    assert_error(&app.refresh("web", &connected.refresh_token, &[]).await, 400, "unauthorized_client");
    assert_error(&app.redeem("web", &code, &[]).await, 400, "unauthorized_client");
    app.restart(&[("EVERGRANT_CLIENTS", &crate::local::clients().to_string())]).await;
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_redirect_uri_in_the_request_a_registered_one_may_come_with_the_code() {
    let app = LocalApp::start().await;
    let sign_in = format!("{}/oauth/authorize/workfront?state=x", app.issuer);
    for (redirect_uri, error) in [
        (None, None),
        (Some("https://client.example/cb"), None),
        (Some(""), None),
        (Some("https://client.example/cb/"), Some("invalid_grant")),
        (Some("https://evil.example/cb"), Some("invalid_grant")),
    ] {
        let code = app.sign_in(&sign_in, sandbox::INTEGRATION_USER).await.parameter("code").unwrap();
        let mut form = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
        form.extend(redirect_uri.map(|redirect_uri| ("redirect_uri", redirect_uri)));
        let answer = app.token("workfront", &form).await;
        match error {
            None => drop(connection(&answer)),
            Some(error) => drop(assert_error(&answer, 400, error)),
        }
    }
}
