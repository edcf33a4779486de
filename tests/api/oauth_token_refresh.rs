//! `POST /oauth/token` with `refresh_token`, RFC 6749 §6 and RFC 9700 §4.14.

use sandbox::fault::Fault;
use sandbox::keys::RsaKey;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, OTHER_USER};
use serde_json::json;

use crate::local::*;
use crate::support::assert_error;

const YEAR: u64 = 365 * 24 * 3600;

#[tokio::test(flavor = "multi_thread")]
async fn t12_a_refresh_token_works_for_its_own_client_only() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    for thief in ["strict", "person", "native", "sealed", "workfront"] {
        assert_error(&app.refresh(thief, &connected.refresh_token, &[]).await, 400, "invalid_grant");
    }
    let code = app.code("web", &[]).await;
    for wrong in ["x", &code, &connected.access_token, &format!("{}x", connected.refresh_token)] {
        assert_error(&app.refresh("web", wrong, &[]).await, 400, "invalid_grant");
    }
    assert_error(&app.token("web", &[("grant_type", "refresh_token")]).await, 400, "invalid_request");
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_scope_may_be_narrowed_and_never_widened() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[("scope", "signature spring_read")]).await;
    let connected = connection(&app.redeem("web", &code, &[]).await);
    let narrow = connection(&app.refresh("web", &connected.refresh_token, &[("scope", "spring_read")]).await);
    assert_eq!(narrow.scope, "spring_read");
    for wider in ["signature spring_read spring_write", "spring_write", "\"", "impersonation"] {
        assert_error(&app.refresh("web", &connected.refresh_token, &[("scope", wider)]).await, 400, "invalid_scope");
    }
    let again = connection(&app.refresh("web", &narrow.refresh_token, &[]).await);
    assert_eq!(again.scope, "signature spring_read", "without scope, the original one");
}

#[tokio::test(flavor = "multi_thread")]
async fn t14_a_confidential_client_gets_the_same_refresh_token_again() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let parallel = (0..20).map(|_| app.refresh("web", &connected.refresh_token, &[("scope", "signature")]));
    for answer in futures_util::future::join_all(parallel).await {
        assert_eq!(connection(&answer).refresh_token, connected.refresh_token);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_only_a_client_with_secretless_refresh_may_refresh_without_its_secret() {
    let clients = json!([client("web", &json!({})), client("bare", &json!({"secretless_refresh": true}))]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let url = format!("{}/oauth/token", app.issuer);
    for (client_id, status) in [("web", 401), ("bare", 200)] {
        let connected = app.connect(client_id).await;
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", &connected.refresh_token), ("client_id", client_id)];
        assert_eq!(app.http.post_form(&url, &[], &form).await.status, status, "{client_id}");
        let wrong = [&form[..], &[("client_secret", "wrong")]].concat();
        assert_error(&app.http.post_form(&url, &[], &wrong).await, 401, "invalid_client");
        let code = app.code(client_id, &[]).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", client_id),
        ];
        assert_error(&app.http.post_form(&url, &[], &form).await, 401, "invalid_client");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_works_until_it_is_revoked() {
    let mut app = LocalApp::start().await;
    let connected = app.connect("web").await;
    for _ in 0..12 {
        app.advance(YEAR / 12);
        assert_eq!(
            connection(&app.refresh("web", &connected.refresh_token, &[]).await).refresh_token,
            connected.refresh_token
        );
    }
    let next_year = signing_key_of_next_year(&mut app);
    app.docusign.upload_public_key(&next_year);
    app.restart(&[("DOCUSIGN_USER_ID", OTHER_USER), ("EVERGRANT_SIGNING_KEY_ID", "file:next-year.pem")]).await;
    app.advance(10 * YEAR);
    let refreshed = connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    assert!(app.docusign.access_tokens().contains(&refreshed.access_token));
    let claims = app.docusign.assertions().pop().map(|assertion| {
        jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(assertion).unwrap().claims["sub"].clone()
    });
    assert_eq!(claims, Some(json!(OTHER_USER)), "the current integration user");
}

fn signing_key_of_next_year(app: &mut LocalApp) -> String {
    let key = RsaKey::generate();
    app.add_file("next-year.pem", &key.pkcs8_pem());
    key.public_pem()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealing_key_can_be_replaced_without_signing_in_again() {
    let mut app = LocalApp::start().await;
    let old = app.connect("web").await.refresh_token;
    app.add_file("new-seal.pem", &RsaKey::generate().pkcs8_pem());
    let new_key = ("EVERGRANT_SEALING_KEY_ID", "file:new-seal.pem");
    app.restart(&[new_key, ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "file:sealing.pem")]).await;
    let new = connection(&app.refresh("web", &old, &[]).await).refresh_token;
    assert_ne!(new, old, "sealed with the new key, so that the old key can be retired");
    assert_eq!(connection(&app.refresh("web", &old, &[]).await).scope, SCOPE, "the old refresh token still works");
    app.restart(&[new_key, ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "")]).await;
    assert_eq!(connection(&app.refresh("web", &new, &[]).await).refresh_token, new);
    // A missing setting is not a bad grant: once it is fixed, the old refresh token works again.
    crate::support::assert_outage(&app.refresh("web", &old, &[]).await);
    let answer = app.post("/oauth/revoke", "web", &[("token", &old)]).await;
    crate::support::assert_outage(&answer);
    app.restart(&[new_key, ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "file:sealing.pem")]).await;
    connection(&app.refresh("web", &old, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_public_url_is_an_outage_until_it_is_changed_back() {
    let mut app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let issuer = app.issuer.clone();
    app.restart(&[("EVERGRANT_PUBLIC_URL", "https://another.example")]).await;
    crate::support::assert_outage(&app.refresh("web", &connected.refresh_token, &[]).await);
    let answer = app.post("/oauth/revoke", "web", &[("token", &connected.refresh_token)]).await;
    crate::support::assert_outage(&answer);
    app.restart(&[("EVERGRANT_PUBLIC_URL", &issuer)]).await;
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_can_have_a_lifetime() {
    let clients = json!([client("web", &json!({"refresh_token_lifetime": 86_400}))]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let connected = app.connect("web").await;
    app.advance(86_399);
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    app.advance(1);
    assert_error(&app.refresh("web", &connected.refresh_token, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn upstream_failures_never_count_as_a_bad_grant() {
    let app = LocalApp::start().await;
    app.docusign.set_expires_in(sandbox::docusign::ExpiresIn::Number(20));
    let connected = app.connect("web").await;
    let refusal = json!({"error": "invalid_grant", "error_description": "user_not_found"});
    let break_it = |what: &str| match what {
        "down" => app.docusign.faults.set(Some(Fault::Status(503))),
        "cut" => app.docusign.faults.set(Some(Fault::Cut)),
        "nonsense" => app.docusign.faults.set(Some(Fault::Body(refusal.to_string()))),
        "refused" => app.docusign.refuse_with(Some(refusal.clone())),
        "key unknown" => app.docusign.delete_public_keys(),
        _ => app.docusign.withdraw_consent(INTEGRATION_USER),
    };
    for what in ["down", "cut", "nonsense", "refused", "key unknown", "consent withdrawn"] {
        app.advance(3600);
        break_it(what);
        let answer = app.refresh("web", &connected.refresh_token, &[]).await;
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        crate::support::assert_outage(&answer);
        app.docusign.faults.set(None);
        app.docusign.refuse_with(None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_registration_does_not_extend_a_grant() {
    let mut app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let own = app.connect("person").await;
    let narrowed = json!([
        client("web", &json!({"scope": "spring_read"})),
        client("person", &json!({"subject": "integration_user"}))
    ]);
    app.restart(&[("EVERGRANT_CLIENTS", &narrowed.to_string())]).await;
    assert_eq!(connection(&app.refresh("web", &connected.refresh_token, &[]).await).scope, "spring_read");
    assert_error(&app.refresh("web", &connected.refresh_token, &[("scope", "signature")]).await, 400, "invalid_scope");
    assert_error(&app.refresh("person", &own.refresh_token, &[]).await, 400, "invalid_grant");
    app.restart(&[("EVERGRANT_CLIENTS", &clients().to_string())]).await;
    assert_eq!(connection(&app.refresh("web", &connected.refresh_token, &[]).await).scope, SCOPE);
    connection(&app.refresh("person", &own.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_public_clients_refresh_tokens_rotate_and_reuse_revokes_the_grant() {
    let app = LocalApp::start().await;
    let first = app.connect("native").await.refresh_token;
    let parallel = futures_util::future::join_all((0..20).map(|_| app.refresh("native", &first, &[]))).await;
    let second = connection(&parallel[0]).refresh_token;
    assert_ne!(second, first);
    for answer in &parallel {
        assert_eq!(connection(answer).refresh_token, second, "parallel refreshes get the same successor");
    }
    app.advance(60);
    assert_eq!(
        connection(&app.refresh("native", &first, &[]).await).refresh_token,
        second,
        "a lost response can be repeated"
    );
    let third = connection(&app.refresh("native", &second, &[]).await).refresh_token;
    assert_eq!(
        connection(&app.refresh("native", &first, &[]).await).refresh_token,
        third,
        "parallel workers may be out of order"
    );
    app.advance(1);
    assert_error(&app.refresh("native", &first, &[]).await, 400, "invalid_grant");
    for dead in [&third, &second, &first] {
        assert_error(&app.refresh("native", dead, &[]).await, 400, "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_that_uses_its_newest_refresh_token_never_expires() {
    let app = LocalApp::start().await;
    let mut refresh_token = app.connect("native").await.refresh_token;
    for _ in 0..30 {
        app.advance(YEAR / 10);
        let next = connection(&app.refresh("native", &refresh_token, &[]).await);
        assert_ne!(next.refresh_token, refresh_token);
        refresh_token = next.refresh_token;
    }
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh_token),
        ("client_id", "native"),
        ("client_secret", CLIENT_SECRET),
    ];
    let with_secret = app.http.post_form(&format!("{}/oauth/token", app.issuer), &[], &form).await;
    assert_error(&with_secret, 401, "invalid_client");
}
