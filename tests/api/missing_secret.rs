//! `DOCUSIGN_SECRET_KEY` is optional: if the platform does not resolve its reference, only sign-ins have to wait.

use sandbox::browser::Browser;
use sandbox::walk::press;
use sandbox::{CLIENT_ID, INTEGRATION_USER, OTHER_USER, SETUP_KEY, Sandbox};
use serde_json::Value;

use crate::local::{CLIENT, LocalApp, assert_sent_back, connection};
use crate::support::{TestApp, run, whole_log};

const MISSING: (&str, &str) =
    ("DOCUSIGN_SECRET_KEY", "@Microsoft.KeyVault(SecretUri=https://hunter2-marker.vault.azure.net/secrets/docusign)");

#[tokio::test(flavor = "multi_thread")]
async fn tokens_refreshes_and_the_gateway_go_on_and_sign_ins_have_to_wait() {
    let mut app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let mut browser = Browser::default();
    browser.stop_at = Some(format!("{}/consent/callback", app.issuer));
    let begun = browser.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
    app.restart(&[MISSING]).await;
    browser.disconnect();
    connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    assert_eq!(app.token("machine", &[("grant_type", "client_credentials")]).await.status, 200);
    // A sign-in that began earlier, and a new one.
    browser.stop_at = Some(CLIENT.to_owned());
    let returned = browser.open(&begun).await;
    let new = Browser::stopping_at(CLIENT).open(&app.authorize_url("person", &[])).await;
    for visit in [returned, new] {
        assert_sent_back(&visit, "temporarily_unavailable");
        assert_eq!(visit.parameter("state").as_deref(), Some("xyz"));
    }
    // A request that is wrong is still refused as such.
    let wrong = Browser::stopping_at(CLIENT).open(&app.authorize_url("person", &[("scope", "unknown")])).await;
    assert_sent_back(&wrong, "invalid_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_and_documents_in_a_browser_answer_503_and_the_operator_sees_why() {
    let app = TestApp::over(Sandbox::start().await, &[MISSING]).await;
    assert_eq!(app.token(&[]).await.status, 200);
    let consent = press(&app.consent_url().await, INTEGRATION_USER, "allow").await;
    let document = app.http.get(&app.url("/workfront/v1/open?client=workfront&id=d:x")).await;
    for (answer, words) in [(consent, "We cannot find out who signed in"), (document, "cannot be opened at the moment")]
    {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(!answer.header("retry-after").is_empty());
        for words in [words, "secret_missing"] {
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
    }
    let key = [("x-functions-key", SETUP_KEY), ("accept", "application/json")];
    let setup = app.http.call(http::Method::GET, &app.url("/setup"), &key, "").await.json();
    let doctor = run(&["doctor", "--json"], &app.environment).await;
    assert_eq!(doctor.status.code(), Some(1));
    for report in [setup, serde_json::from_slice(&doctor.stdout).unwrap()] {
        let bad: Vec<&Value> =
            report["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "bad").collect();
        assert_eq!(bad.len(), 1, "{bad:#?}");
        assert_eq!(bad[0]["check"], "settings");
        assert!(
            bad[0]["finding"]
                .as_str()
                .unwrap()
                .starts_with("DOCUSIGN_SECRET_KEY is invalid: it is a Key Vault reference")
        );
        assert!(bad[0]["fix"].as_str().unwrap().contains("Key Vault Secrets User"), "{:#}", bad[0]);
    }
    let lines: Vec<Value> =
        whole_log(&app).await.into_iter().filter(|line| line["event"] == "secret_missing").collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0]["level"] == "ERROR" && lines[0]["setting"] == "DOCUSIGN_SECRET_KEY", "{:#}", lines[0]);
    let written = [app.host.output().stdout.all(), app.host.output().stderr.all()].concat().join("\n");
    assert!(!written.contains("hunter2-marker") && written.contains(CLIENT_ID));
}
