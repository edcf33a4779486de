//! `POST /oauth/revoke`: every kind of token that Evergrant issues, presented by its own client and by every other (RFC 7009).

use evergrant::clock::Clock as _;
use evergrant::sealing::claims::{AuthorizationCode, ConsentState, Grant, RefreshToken, SealedAccessToken};
use evergrant::sealing::{Sealable, Sealed};
use sandbox::client::Answer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::local::{LocalApp, client, clients, connection};
use crate::support::{assert_error, state_of};

async fn revoke(app: &LocalApp, client_id: &str, token: &str) -> Answer {
    app.post("/oauth/revoke", client_id, &[("token", token)]).await
}

#[track_caller]
fn assert_done(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "{}"));
}

/// How the gateway answers this bearer token: 403 if it is valid, because nothing is allowed.
async fn bearer(app: &LocalApp, access_token: &str) -> u16 {
    let header = format!("Bearer {access_token}");
    let url = format!("{}/gateway/clm/x", app.issuer);
    app.http.call(http::Method::GET, &url, &[("authorization", &header)], "").await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_client_can_revoke_a_token_of_any_kind() {
    let app = LocalApp::start().await;
    let code = app.code("sealed", &[]).await;
    let connected = app.connect("sealed").await;
    for token in [&code, &connected.refresh_token, &connected.access_token] {
        for stranger in ["web", "native", "machine", "person", "strict", "workfront"] {
            let answer = revoke(&app, stranger, token).await;
            assert_error(&answer, 400, "invalid_grant");
        }
    }
    assert_eq!(bearer(&app, &connected.access_token).await, 403);
    connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    connection(&app.redeem("sealed", &code, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_or_code_ends_everything_of_its_grant_and_an_access_token_only_itself() {
    let app = LocalApp::start().await;
    // By the refresh token.
    let connected = app.connect("sealed").await;
    let later = connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    assert_done(&revoke(&app, "sealed", &connected.refresh_token).await);
    assert_error(&app.refresh("sealed", &connected.refresh_token, &[]).await, 400, "invalid_grant");
    for access_token in [&connected.access_token, &later.access_token] {
        assert_eq!(bearer(&app, access_token).await, 401, "RFC 7009 section 2.1");
    }
    // By the access token.
    let connected = app.connect("sealed").await;
    let later = connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    assert_done(&revoke(&app, "sealed", &connected.access_token).await);
    assert_eq!(bearer(&app, &connected.access_token).await, 401);
    assert_eq!(bearer(&app, &later.access_token).await, 403, "another access token of the grant");
    connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    // By the code, before and after it is redeemed.
    let code = app.code("sealed", &[]).await;
    assert_done(&revoke(&app, "sealed", &code).await);
    assert_error(&app.redeem("sealed", &code, &[]).await, 400, "invalid_grant");
    let code = app.code("sealed", &[]).await;
    let connected = connection(&app.redeem("sealed", &code, &[]).await);
    assert_done(&revoke(&app, "sealed", &code).await);
    assert_error(&app.refresh("sealed", &connected.refresh_token, &[]).await, 400, "invalid_grant");
    assert_eq!(bearer(&app, &connected.access_token).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_does_not_wear_off() {
    let app = LocalApp::start().await;
    let connected = app.connect("sealed").await;
    let spared = app.connect("sealed").await;
    assert_done(&revoke(&app, "sealed", &connected.refresh_token).await);
    for seconds in [59, 61, 3600, 24 * 3600, 400 * 24 * 3600] {
        app.advance(seconds);
        assert_error(&app.refresh("sealed", &connected.refresh_token, &[]).await, 400, "invalid_grant");
        connection(&app.refresh("sealed", &spared.refresh_token, &[]).await);
        assert_done(&revoke(&app, "sealed", &connected.refresh_token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_a_token_or_is_no_longer_one_counts_as_revoked() {
    let app = LocalApp::start().await;
    let (code, connected) = (app.code("web", &[]).await, app.connect("web").await);
    let sign_in = app.get(&app.authorize_url("web", &[])).await;
    let state = state_of(sign_in.header("location")).to_owned();
    let token = &connected.refresh_token;
    let consent = sealed(&app, ConsentState {}, None).await;
    for other in [
        connected.access_token.as_str(),
        &state,
        &consent,
        "x",
        ".",
        "..",
        "a.b.c",
        "\u{e4}",
        &"x".repeat(30_000),
        &format!("{token}A"),
        &token[..token.len() - 2],
        &token.to_uppercase(),
        &format!(" {token}"),
    ] {
        assert_done(&revoke(&app, "web", other).await);
    }
    connection(&app.refresh("web", token, &[]).await);
    app.advance(300);
    assert_done(&revoke(&app, "web", &code).await);
}

/// `content`, sealed by this app.
async fn sealed<T: Sealable>(app: &LocalApp, content: T, lifetime: Option<u64>) -> String {
    let secret = app.app.sealing.current().await.unwrap();
    Sealed::new(&app.issuer, "jti".to_owned(), app.clock.now(), lifetime, content).seal(&secret).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_token_names_its_client_itself() {
    let app = LocalApp::start().await;
    let grant = |grant_id: &str| -> Grant {
        serde_json::from_value(json!({
            "grant_id": grant_id, "client_id": "web", "subject": "integration_user", "scope": "signature",
            "granted_at": app.clock.now().0,
        }))
        .unwrap()
    };
    let code =
        AuthorizationCode { grant: grant("by-code"), redirect_uri: None, code_challenge: None, process_id: None };
    let tokens = [
        sealed(&app, code, Some(300)).await,
        sealed(&app, RefreshToken { grant: grant("by-refresh"), generation: 7 }, None).await,
        sealed(&app, SealedAccessToken { grant: grant("by-access") }, Some(3600)).await,
    ];
    for token in &tokens {
        assert_error(&revoke(&app, "other", token).await, 400, "invalid_grant");
        assert_done(&revoke(&app, "web", token).await);
    }
    let revocations = &app.app.revocations;
    for (grant_id, is_revoked) in [("by-code", true), ("by-refresh", true), ("by-access", false), ("other", false)] {
        assert_eq!(revocations.is_revoked(&grant(grant_id)).await, is_revoked, "{grant_id}");
    }
    assert!(revocations.is_access_token_revoked("jti").await && !revocations.is_access_token_revoked("jti2").await);
}

/// An app whose registry is a file.
async fn with_registry(entries: &Value) -> (LocalApp, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    std::fs::write(&path, entries.to_string()).unwrap();
    (LocalApp::with(&[("EVERGRANT_CLIENTS", &format!("@{}", path.display()))]).await, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_client_can_revoke_nothing_and_no_one_inherits_its_tokens() {
    let (app, folder) = with_registry(&clients()).await;
    let connected = app.connect("sealed").await;
    let write = async |entries: &Value| {
        std::fs::write(folder.path().join("clients.json"), entries.to_string()).unwrap();
        app.app.registry.read_again().await;
    };
    write(&json!([client("new", &json!({"access_token": "sealed"}))])).await;
    for token in [&connected.refresh_token, &connected.access_token] {
        assert_error(&revoke(&app, "sealed", token).await, 401, "invalid_client");
        assert_error(&revoke(&app, "new", token).await, 400, "invalid_grant");
    }
    write(&clients()).await;
    connection(&app.refresh("sealed", &connected.refresh_token, &[]).await);
    assert_done(&revoke(&app, "sealed", &connected.refresh_token).await);
    assert_error(&app.refresh("sealed", &connected.refresh_token, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_access_token_is_worthless_once_its_client_is_registered_differently() {
    let (app, folder) = with_registry(&clients()).await;
    let connected = app.connect("sealed").await;
    assert_eq!(bearer(&app, &connected.access_token).await, 403);
    for (changes, status) in [
        (json!({"access_token": "docusign"}), 401),
        (json!({"access_token": "sealed", "subject": "signed_in_user"}), 401),
        (json!({"access_token": "sealed", "scope": "impersonation"}), 401),
        (json!({"access_token": "sealed", "scope": "signature"}), 403),
        (json!({"access_token": "sealed", "grant_types": ["client_credentials"], "redirect_uris": []}), 403),
    ] {
        std::fs::write(folder.path().join("clients.json"), json!([client("sealed", &changes)]).to_string()).unwrap();
        app.app.registry.read_again().await;
        assert_eq!(bearer(&app, &connected.access_token).await, status, "{changes}");
    }
}
