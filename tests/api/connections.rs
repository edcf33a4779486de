//! Connections of Power Automate and Workfront through the real handler behind the host: they connect once and then refresh.

use std::sync::atomic::Ordering;

use sandbox::browser::Browser;
use sandbox::fault::Fault;
use sandbox::keys::RsaKey;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, OTHER_USER, POWER_AUTOMATE_ID, Sandbox};
use serde_json::Value;

use crate::support::{TestApp, log_line, start_host, whole_log};

async fn connect_power_automate(sandbox: &Sandbox, user: &str) -> String {
    let url = format!("{}/connect", sandbox.power_platform.site.url());
    Browser::default().sign_in(&url, user, "allow").await.answer.text()
}

async fn connect_workfront(sandbox: &Sandbox, user: &str) -> String {
    let url = format!("{}/connect", sandbox.workfront.site.url());
    Browser::default().sign_in(&url, user, "allow").await.answer.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn power_automate_connects_once_and_refreshes_from_many_machines() {
    let app = TestApp::start().await;
    let page = connect_power_automate(&app.sandbox, INTEGRATION_USER).await;
    assert!(page.contains("Connected."), "{page}");
    let platform = &app.sandbox.power_platform;
    let before = platform.connection().unwrap();
    platform.refresh(10).await.unwrap();
    assert_eq!(platform.connection().unwrap().refresh_token, before.refresh_token);
    let line = log_line(&app.host, |line| line["grant_type"] == "refresh_token").await;
    assert_eq!(line["event"], "token_issued");
    assert_eq!(line["client_id"], "power-automate");
    assert_eq!(line["subject_kind"], "integration_user");
    assert_eq!(line["scope"], "signature spring_read");
    assert_eq!(line["cache.result"], "hit");
    assert_eq!(line["grant_id"].as_str().unwrap().len(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn power_automates_second_attempt_can_redeem_the_same_code() {
    let app = TestApp::start().await;
    app.sandbox.power_platform.spoil_first_attempt.store(true, Ordering::SeqCst);
    let page = connect_power_automate(&app.sandbox, INTEGRATION_USER).await;
    assert!(page.contains("Connected."), "{page}");
    assert_eq!(app.sandbox.power_platform.attempts(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_without_secret_is_rejected_unless_the_client_allows_it() {
    let sandbox = Sandbox::start().await;
    sandbox.power_platform.refresh_without_secret.store(true, Ordering::SeqCst);
    let app = TestApp::over(sandbox, &[]).await;
    connect_power_automate(&app.sandbox, INTEGRATION_USER).await;
    let error = app.sandbox.power_platform.refresh(1).await.unwrap_err();
    assert!(error.contains("401") && error.contains("invalid_client"), "{error}");
    let mut clients = app.sandbox.clients();
    clients[1]["secretless_refresh"] = Value::Bool(true);
    let same_issuer = app.host.url();
    let settings = [("EVERGRANT_CLIENTS", clients.to_string()), ("EVERGRANT_PUBLIC_URL", same_issuer)];
    let host = start_host(&app.sandbox, 0, &settings.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    app.sandbox.power_platform.site.use_issuer(&host.url());
    app.sandbox.power_platform.refresh(1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn power_automate_shows_the_wrong_user_why_the_connection_failed() {
    let app = TestApp::start().await;
    let page = connect_power_automate(&app.sandbox, OTHER_USER).await;
    assert!(page.contains("access_denied") && page.contains("sign in as the integration user"), "{page}");
    assert!(app.sandbox.power_platform.connection().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn workfront_connects_each_user_and_refreshes_silently_on_403() {
    let app = TestApp::start().await;
    app.sandbox.docusign.withdraw_consent(OTHER_USER);
    let page = connect_workfront(&app.sandbox, OTHER_USER).await;
    assert!(page.contains("Service added."), "{page}");
    let workfront = &app.sandbox.workfront;
    assert_eq!((workfront.browse().await.status.as_u16(), workfront.refreshes()), (200, 0));
    workfront.invalidate_access_token();
    let answer = workfront.browse().await;
    assert_eq!((answer.status.as_u16(), workfront.refreshes()), (200, 1));
    assert_eq!(answer.json()["title"], "Example Ltd");
}

#[tokio::test(flavor = "multi_thread")]
async fn workfront_may_send_token_requests_in_the_query_if_the_client_allows_it() {
    let sandbox = Sandbox::start().await;
    sandbox.workfront.token_request_in_query.store(true, Ordering::SeqCst);
    let mut clients = sandbox.clients();
    let strict = TestApp::over(sandbox, &[]).await;
    let page = connect_workfront(&strict.sandbox, INTEGRATION_USER).await;
    assert!(page.contains("Not added"), "{page}");
    clients[2]["token_request_in_query"] = Value::Bool(true);
    let _host = start_host(&strict.sandbox, 0, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let page = connect_workfront(&strict.sandbox, INTEGRATION_USER).await;
    assert!(page.contains("Service added."), "{page}");
    strict.sandbox.workfront.invalidate_access_token();
    assert_eq!(strict.sandbox.workfront.browse().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_connection_is_logged() {
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_LOG", "trace")]).await;
    app.sandbox.power_platform.spoil_first_attempt.store(true, Ordering::SeqCst);
    connect_power_automate(&app.sandbox, INTEGRATION_USER).await;
    connect_workfront(&app.sandbox, OTHER_USER).await;
    app.sandbox.power_platform.refresh(2).await.unwrap();
    let callback = format!("{}/consent/callback", app.host.url());
    let url = format!("{}/connect", app.sandbox.workfront.site.url());
    let last_step = Browser::stopping_at(&callback).sign_in(&url, OTHER_USER, "allow").await;
    app.http.get(&last_step.url).await;
    let platform = app.sandbox.power_platform.connection().unwrap();
    let workfront = app.sandbox.workfront.provisioned().unwrap();
    let revoke = [
        ("token", platform.refresh_token.as_str()),
        ("client_id", POWER_AUTOMATE_ID),
        ("client_secret", CLIENT_SECRET),
    ];
    assert_eq!(app.http.post_form(&app.url("/oauth/revoke"), &[], &revoke).await.status, 200);
    log_line(&app.host, |line| line["event"] == "grant_revoked").await;
    whole_log(&app).await;
    let output = app.host.output();
    let lines = [output.stdout.all(), output.stderr.all()].concat().join("\n");
    let events = ["sign_in_started", "authorization_code_issued", "token_issued", "token_refused", "grant_revoked"];
    for event in events {
        assert!(lines.contains(event), "{event} is not in the log");
    }
    let (state, code) = (last_step.parameter("state").unwrap(), last_step.parameter("code").unwrap());
    let mut secrets = vec![platform.access_token, platform.refresh_token, workfront.access_token];
    secrets.extend([workfront.refresh_token, state, code, CLIENT_SECRET.to_owned(), "not the secret".to_owned()]);
    secrets.extend([INTEGRATION_USER, OTHER_USER, "eyJ", "vault.azure.net"].map(ToOwned::to_owned));
    for secret in secrets {
        assert!(!lines.contains(&secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_connections_survive_restarts_a_rotation_and_an_outage() {
    let app = TestApp::start().await;
    connect_power_automate(&app.sandbox, INTEGRATION_USER).await;
    connect_workfront(&app.sandbox, OTHER_USER).await;
    app.sandbox.docusign.consent(OTHER_USER, "signature impersonation spring_read spring_write");
    // DocuSign is down, and the process is new: there are no tokens, but both connections are kept.
    let TestApp { sandbox, host, .. } = app;
    let port: u16 = host.url().rsplit_once(':').unwrap().1.parse().unwrap();
    drop(host);
    sandbox.docusign.faults.set(Some(Fault::Status(500)));
    let next = RsaKey::generate();
    let key_id = sandbox.key_vault.add_key("evergrant-signing", "a2", next.clone());
    let settings = [("EVERGRANT_SIGNING_KEY_ID", key_id.as_str()), ("DOCUSIGN_USER_ID", OTHER_USER)];
    let host = start_host(&sandbox, port, &settings).await;
    let error = sandbox.power_platform.refresh(2).await.unwrap_err();
    assert!(error.contains("503") && error.contains("temporarily_unavailable"), "{error}");
    // DocuSign is up again and knows the new key. The integration user has also changed.
    sandbox.docusign.faults.set(None);
    sandbox.docusign.upload_public_key(&next.public_pem());
    sandbox.docusign.delete_public_keys();
    sandbox.docusign.upload_public_key(&next.public_pem());
    let mut refreshed = sandbox.power_platform.refresh(2).await;
    for _ in 0..200 {
        if refreshed.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        refreshed = sandbox.power_platform.refresh(2).await;
    }
    refreshed.unwrap();
    sandbox.workfront.invalidate_access_token();
    // The mints of the new process's warm-up failed for Workfront's scope too, which is remembered for some seconds.
    let mut browsed = sandbox.workfront.browse().await;
    for _ in 0..200 {
        if browsed.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        browsed = sandbox.workfront.browse().await;
    }
    assert_eq!(browsed.status, 200);
    drop(host);
}
