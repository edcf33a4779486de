//! Promise 3: no secret, assertion or token in any log line, and none of that, nor a user or vault, in any answer.

use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::walk::press;
use sandbox::{CLIENT_ID, CLIENT_SECRET, INTEGRATION_USER, OTHER_USER, Sandbox};
use serde_json::Value;

use crate::support::{TestApp, log_line, log_lines};

const SECRET_KEY: &str = "docusign secret key of the sandbox";

/// Every way to go wrong at once, and every answer that came of it.
async fn every_reply(app: &TestApp) -> Vec<Answer> {
    let mut replies = vec![app.token(&[]).await];
    let forms: [&[(&str, &str)]; 4] = [
        &[("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", "hunter2-wrong")],
        &[("grant_type", "hunter2-grant"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],
        &[("client_id", "hunter2-client"), ("client_secret", "hunter2-wrong")],
        &[("client_secret", "hunter2-once"), ("client_secret", "hunter2-twice")],
    ];
    for form in forms {
        replies.push(app.form(&[], form).await);
    }
    replies.push(app.form(&[("authorization", "Bearer hunter2-bearer")], &[]).await);
    replies.push(app.http.get(&app.url("/oauth/token?client_secret=hunter2-query")).await);
    replies.push(app.http.get(&app.url("/healthz?code=hunter2-key")).await);
    replies.push(app.http.get(&app.url("/consent/callback?code=hunter2-code&state=hunter2-state")).await);
    replies
}

async fn failures_upstream(app: &TestApp) -> Vec<Answer> {
    let url = app.consent_url(&app.settings()).await;
    let mut replies = vec![
        press(&app.http, &app.sandbox, &url, OTHER_USER, "allow").await,
        press(&app.http, &app.sandbox, &url, INTEGRATION_USER, "deny").await,
        press(&app.http, &app.sandbox, &url, INTEGRATION_USER, "allow").await,
    ];
    let scopes = ["signature", "spring_read", "spring_write", "signature spring_read", "spring_read spring_write"];
    let faults = [
        Fault::Status(500),
        Fault::Body("{\"access_token\":5,\"x\":\"hunter2-upstream\"}".to_owned()),
        Fault::Body("{\"access_token\":\"hunter2-half".to_owned()),
        Fault::Cut,
        Fault::Throttle(Some("9".to_owned())),
    ];
    for (scope, fault) in scopes.into_iter().zip(faults) {
        app.sandbox.docusign.faults.set(Some(fault));
        replies.push(app.token(&[("scope", scope)]).await);
    }
    app.sandbox.docusign.faults.set(None);
    app.sandbox.key_vault.deny(true);
    replies.push(app.token(&[("scope", "signature spring_write")]).await);
    app.sandbox.key_vault.deny(false);
    replies
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_any_answer_or_log_line() {
    let sandbox = Sandbox::start_with(Some(SECRET_KEY)).await;
    let extra = [("DOCUSIGN_SECRET_KEY", SECRET_KEY), ("EVERGRANT_LOG", "trace")];
    let app = TestApp::over(sandbox, &extra).await;
    let mut replies = every_reply(&app).await;
    replies.extend(failures_upstream(&app).await);
    assert!(
        replies.iter().any(|reply| reply.status == 200)
            && replies.iter().filter(|reply| reply.status == 503).count() >= 6
    );
    let assertions = app.sandbox.docusign.assertions();
    let access_tokens = app.sandbox.docusign.access_tokens();
    assert!(!assertions.is_empty() && !access_tokens.is_empty());
    let always = [CLIENT_SECRET, SECRET_KEY, "hunter2", "entra-token", "identity-header-of", "ds-code-"];
    let secrets = || always.into_iter().chain(assertions.iter().map(String::as_str));
    for reply in &replies {
        let text = format!("{:?} {}", reply.headers, reply.text());
        for secret in secrets().chain([INTEGRATION_USER, OTHER_USER, "vault.azure.net", "evergrant-sandbox"]) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    log_line(&app.host, |line| line["cause"] == "signing_failed").await;
    let lines = log_lines(&app.host);
    let text = lines.iter().map(Value::to_string).collect::<String>();
    for secret in secrets().chain(access_tokens.iter().map(String::as_str)) {
        assert!(!text.contains(secret), "{secret} in the log");
    }
    assert!(lines.iter().all(|line| line["target"].as_str().is_some_and(|target| target.starts_with("evergrant"))));
    let stderr = app.host.output().stderr.all();
    assert!(stderr.is_empty(), "the host logs every line of it as an error: {stderr:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_one_line_found_by_its_request_id() {
    let app = TestApp::start().await;
    for reply in every_reply(&app).await {
        let id = reply.header("x-request-id").to_owned();
        if id.is_empty() {
            // The host's own 404 or 401, which never reached the handler.
            continue;
        }
        let line = log_line(&app.host, |line| line["request_id"] == id.as_str()).await;
        assert_eq!(line["status"], reply.status.as_u16());
        assert!(line["duration_ms"].is_number());
        let lines = log_lines(&app.host).into_iter().filter(|line| line["request_id"] == id.as_str()).count();
        assert_eq!(lines, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_token_handed_out_leaves_one_audit_event() {
    let app = TestApp::start().await;
    for expected in ["minted", "hit"] {
        let answer = app.token(&[("scope", "signature")]).await;
        let access_token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let id = answer.header("x-request-id").to_owned();
        let line = log_line(&app.host, |line| line["request_id"] == id.as_str()).await;
        let digest = evergrant::secret::hex(&evergrant::secret::sha256(access_token.as_bytes()));
        for (field, value) in [
            ("event", "token_issued"),
            ("outcome", "success"),
            ("client_id", CLIENT_ID),
            ("subject_kind", "integration_user"),
            ("grant_type", "client_credentials"),
            ("grant_id", "client_credentials"),
            ("scope", "signature"),
            ("token_sha256", &digest),
            ("cache.result", expected),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
        assert_eq!(line["expires_in"], answer.json()["expires_in"]);
    }
    let issued = log_lines(&app.host).into_iter().filter(|line| line["event"] == "token_issued").count();
    assert_eq!(issued, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn insecure_conveniences_are_warned_of_one_line_each() {
    let sandbox = Sandbox::start().await;
    let pem = sandbox.file("key.pem", &sandbox.signing_key.pkcs8_pem());
    let key = format!("file:{}", pem.display());
    let extra =
        [("EVERGRANT_SIGNING_KEY_ID", key.as_str()), ("EVERGRANT_SEALING_KEY_ID", &key), ("WEBSITE_INSTANCE_ID", "")];
    let app = TestApp::over(sandbox, &extra).await;
    log_line(&app.host, |line| line["event"] == "listening").await;
    let warned = |line: &Value| (line["event"] == "insecure_convenience").then(|| line["setting"].clone());
    let mut settings: Vec<_> = log_lines(&app.host).iter().filter_map(warned).collect();
    settings.sort_by_key(ToString::to_string);
    assert_eq!(
        settings,
        [
            "DOCUSIGN_OAUTH_URL",
            "EVERGRANT_PUBLIC_URL",
            "EVERGRANT_SEALING_KEY_ID",
            "EVERGRANT_SIGNING_KEY_ID",
            "EVERGRANT_STORE"
        ]
    );
}
