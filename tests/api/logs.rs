//! No log line contains a secret, an assertion or a token, and no response contains one of these, a user or a vault.

mod traces;

use std::collections::BTreeSet;

use http::Method;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::walk::press;
use sandbox::{CLIENT_ID, CLIENT_SECRET, INTEGRATION_USER, OTHER_USER, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, assert_outage, file_keys, log_line, log_lines, state_of, whole_log};

const SECRET_KEY: &str = "docusign secret key of the sandbox";

/// Whether it is the request line with this `x-request-id`. A mint that the request started has lines with the same id.
fn is_answer(line: &Value, request_id: &str) -> bool {
    line["request_id"] == request_id && line["status"].is_number()
}

/// An address at the handler's own port, because the host does not forward all requests.
fn direct(app: &TestApp, path: &str) -> String {
    let sandbox::host::Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    format!("http://127.0.0.1:{port}{path}")
}

/// Responses to all kinds of wrong requests.
async fn refusals(app: &TestApp) -> Vec<Answer> {
    let right = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let with = |extra: &[(&'static str, &'static str)]| [&right[..], extra].concat();
    let long: &'static str = "hunter2-long".repeat(6000).leak();
    let forms: Vec<Vec<(&str, &str)>> = vec![
        vec![("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", "hunter2-wrong")],
        vec![("grant_type", "hunter2-grant"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],
        vec![("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],
        vec![("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],
        vec![("grant_type", "client_credentials"), ("client_id", "sealed"), ("client_secret", CLIENT_SECRET)],
        vec![("client_id", "hunter2-client"), ("client_secret", "hunter2-wrong")],
        vec![("client_secret", "hunter2-once"), ("client_secret", "hunter2-twice")],
        with(&[("scope", "hunter2-scope")]),
        with(&[("padding", long)]),
    ];
    let mut replies = Vec::new();
    for form in forms {
        replies.push(app.form(&[], &form).await);
    }
    let basic = [("authorization", "Basic c2FuZGJveC1jbGllbnQ6aHVudGVyMi1iYXNpYw==")];
    replies.push(app.form(&basic, &right).await);
    replies.push(app.form(&basic, &[]).await);
    replies.push(app.form(&[("authorization", "Bearer hunter2-bearer")], &[]).await);
    let json = [("content-type", "application/json")];
    replies.push(app.http.call(Method::POST, &app.url("/oauth/token"), &json, "{\"hunter2\":1}").await);
    for (method, path) in [
        (Method::GET, "/oauth/token?client_secret=hunter2-query"),
        (Method::PUT, "/hunter2-path?hunter2-query"),
        (Method::POST, "/token-function?code=hunter2-key"),
        (Method::GET, "/healthz?code=hunter2-key"),
        (Method::GET, "/consent/callback?code=hunter2-code&state=hunter2-state"),
        (Method::GET, "/consent/callback"),
    ] {
        let header = [("x-functions-key", "hunter2-host-key"), ("content-type", "application/json")];
        replies.push(app.http.call(method, &direct(app, path), &header, "").await);
    }
    replies
}

/// All pages of the consent.
async fn consent_pages(app: &TestApp, url: &str) -> Vec<Answer> {
    let state = state_of(url);
    let callback = |rest: &str| direct(app, &format!("/consent/callback?state={state}{rest}"));
    app.sandbox.docusign.withdraw_consent(INTEGRATION_USER);
    let narrow = url.replace("%20spring_write", "");
    vec![
        app.http.get(&callback("")).await,
        app.http.get(&callback("&code=ds-code-hunter2")).await,
        press(url, OTHER_USER, "allow").await,
        press(url, INTEGRATION_USER, "deny").await,
        press(&narrow, INTEGRATION_USER, "allow").await,
        press(url, INTEGRATION_USER, "allow").await,
    ]
}

/// Responses to all failures of DocuSign and Key Vault, each with a new app and an empty cache.
async fn outages() -> Vec<(TestApp, Answer)> {
    type Spoil = Box<dyn Fn(&Sandbox) + Send>;
    let docusign = |fault: Fault| -> Spoil { Box::new(move |s| s.docusign.faults.set(Some(fault.clone()))) };
    let vault = |fault: Fault| -> Spoil { Box::new(move |s| s.key_vault.faults.set(Some(fault.clone()))) };
    let refusal = |text: &'static str| -> Spoil {
        Box::new(move |s| s.docusign.refuse_with(Some(json!({"error": "invalid_grant", "error_description": text}))))
    };
    let mut spoils: Vec<Spoil> = vec![
        docusign(Fault::Status(500)),
        docusign(Fault::Body("{\"access_token\":5,\"x\":\"hunter2-upstream\"}".to_owned())),
        docusign(Fault::Body("{\"access_token\":\"hunter2-half".to_owned())),
        docusign(Fault::Cut),
        docusign(Fault::Hang),
        docusign(Fault::Throttle(Some("9".to_owned()))),
        vault(Fault::Status(500)),
        vault(Fault::Body("{\"value\":\"hunter2\"}".to_owned())),
        vault(Fault::Throttle(Some("9".to_owned()))),
        Box::new(|s| s.key_vault.deny(true)),
        Box::new(|s| s.key_vault.sign_as_impostor()),
        Box::new(|s| s.key_vault.remove_key("evergrant-signing", "a1")),
        Box::new(|s| s.identity.faults.set(Some(Fault::Status(500)))),
        Box::new(|s| s.docusign.withdraw_consent(INTEGRATION_USER)),
    ];
    let errors =
        ["no_valid_keys_or_signatures", "issuer_not_found", "user_not_found", "expired_grant", "hunter2-error"];
    spoils.extend(errors.map(refusal));
    let mut walks = tokio::task::JoinSet::new();
    for spoil in spoils {
        let sandbox = Sandbox::start().await;
        spoil(&sandbox);
        walks.spawn(async move {
            let app = TestApp::over(sandbox, &[("EVERGRANT_LOG", "trace")]).await;
            let answer = app.token(&[]).await;
            (app, answer)
        });
    }
    walks.join_all().await
}

/// Checks that no secret is in `replies`, in the log or on stderr.
async fn assert_tight(app: &TestApp, replies: &[Answer], more: &[&str]) {
    let docusign = &app.sandbox.docusign;
    let (assertions, access_tokens) = (docusign.assertions(), docusign.access_tokens());
    let form_encoded = "sandbox+secret%2C+worth+nothing";
    let always = [
        CLIENT_SECRET,
        form_encoded,
        SECRET_KEY,
        "hunter2",
        "c2FuZGJveC1jbGllbnQ6",
        "entra-token",
        "identity-header-of",
        "ds-code-",
    ];
    let secrets: Vec<&str> =
        always.into_iter().chain(more.iter().copied()).chain(assertions.iter().map(String::as_str)).collect();
    for reply in replies {
        let text = format!("{:?} {}", reply.headers, reply.text());
        for secret in secrets.iter().chain(&[INTEGRATION_USER, OTHER_USER, "vault.azure.net", "evergrant-sandbox"]) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    if let Some(id) = replies.iter().rev().map(|reply| reply.header("x-request-id")).find(|id| !id.is_empty()) {
        log_line(&app.host, |line| is_answer(line, id)).await;
    }
    let lines = log_lines(&app.host);
    let text: String = lines.iter().map(Value::to_string).collect();
    for secret in secrets.into_iter().chain(access_tokens.iter().map(String::as_str)) {
        assert!(!text.contains(secret), "{secret} in the log");
    }
    assert!(lines.iter().all(|line| line["target"].as_str().is_some_and(|target| target.starts_with("evergrant"))));
    let stderr = app.host.output().stderr.all();
    assert!(stderr.is_empty(), "the host logs every line of it as an error: {stderr:?}");
}

fn clients_with_a_sealed_one() -> String {
    let digest = evergrant::secret::hex(&evergrant::secret::sha256(CLIENT_SECRET.as_bytes()));
    let client = |id: &str, access_token: &str| {
        json!({"client_id": id, "client_secret_sha256": [digest], "grant_types": ["client_credentials"],
               "subject": "integration_user", "access_token": access_token})
    };
    json!([client(CLIENT_ID, "docusign"), client("sealed", "sealed")]).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_puts_a_secret_into_a_response_or_a_log_line() {
    let sandbox = Sandbox::start_with(Some(SECRET_KEY)).await;
    sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation spring_read spring_write");
    let clients = clients_with_a_sealed_one();
    let extra = [("DOCUSIGN_SECRET_KEY", SECRET_KEY), ("EVERGRANT_LOG", "trace"), ("EVERGRANT_CLIENTS", &clients)];
    let app = TestApp::over(sandbox, &extra).await;
    let good = app.token(&[]).await;
    assert_eq!(good.status, 200);
    let mut replies = refusals(&app).await;
    let statuses: BTreeSet<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses, BTreeSet::from([200, 400, 401, 404, 405, 413, 500]));
    let url = app.consent_url().await;
    let pages = consent_pages(&app, &url).await;
    let statuses: Vec<u16> = pages.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses, [400, 403, 403, 403, 403, 200]);
    replies.extend(pages);
    // Only successful requests return a token.
    let access_token = good.json()["access_token"].as_str().unwrap().to_owned();
    assert_tight(&app, &replies, &[&access_token, state_of(&url)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_upstream_failure_puts_a_secret_into_a_response_or_a_log_line() {
    for (app, answer) in outages().await {
        assert_outage(&answer);
        log_line(&app.host, |line| line["event"] == "token_unavailable").await;
        assert_tight(&app, std::slice::from_ref(&answer), &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_one_log_line_with_its_request_id() {
    let app = TestApp::start().await;
    for reply in refusals(&app).await {
        let id = reply.header("x-request-id").to_owned();
        assert_eq!(id.len(), 32, "{}", reply.status);
        let line = log_line(&app.host, |line| is_answer(line, &id)).await;
        assert_eq!(line["status"], reply.status.as_u16());
        assert!(line["duration_ms"].is_number());
        let lines = log_lines(&app.host).into_iter().filter(|line| is_answer(line, &id)).count();
        assert_eq!(lines, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_issued_token_has_one_audit_line() {
    let app = TestApp::start().await;
    for expected in ["minted", "hit"] {
        let answer = app.token(&[("scope", "signature")]).await;
        let access_token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let id = answer.header("x-request-id").to_owned();
        let line = log_line(&app.host, |line| is_answer(line, &id)).await;
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
    let issued = whole_log(&app).await.into_iter().filter(|line| line["event"] == "token_issued").count();
    assert_eq!(issued, 2);
}

/// Log lines are written in batches under load.
#[tokio::test(flavor = "multi_thread")]
async fn every_one_of_many_concurrent_requests_has_its_complete_line() {
    const CALLERS: usize = 32;
    const EACH: usize = 25;
    let app = TestApp::start().await;
    app.token(&[]).await;
    let call = async || {
        let mut ids = BTreeSet::new();
        for _ in 0..EACH {
            ids.insert(app.token(&[]).await.header("x-request-id").to_owned());
        }
        ids
    };
    let called = futures_util::future::join_all((0..CALLERS).map(|_| call())).await;
    let ids: BTreeSet<String> = called.into_iter().flatten().collect();
    assert_eq!(ids.len(), CALLERS * EACH, "no two requests have the same id");
    let issued = || app.host.output().stdout.all().iter().filter(|line| line.contains("token_issued")).count();
    // One line is from the first request.
    log_line(&app.host, |_| issued() > ids.len()).await;
    let lines = log_lines(&app.host);
    let issued = lines.iter().filter(|line| line["event"] == "token_issued");
    let logged: Vec<&str> = issued.filter_map(|line| line["request_id"].as_str()).collect();
    assert_eq!(logged.len(), ids.len() + 1);
    assert!(ids.iter().all(|id| logged.contains(&id.as_str())));
    let whole =
        |line: &Value| line["timestamp"].as_str().is_some_and(|time| time.len() == "2026-11-22T13:07:01.000000Z".len());
    assert!(lines.iter().all(whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_lines_are_written_at_every_level() {
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_LOG", "off")]).await;
    let answer = app.token(&[]).await;
    let line = log_line(&app.host, |line| line["event"] == "token_issued").await;
    assert_eq!(line["request_id"], answer.header("x-request-id"));
    assert_eq!(log_lines(&app.host).len(), 1, "nothing else is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_insecure_setting_has_one_warning() {
    let sandbox = Sandbox::start().await;
    let pem = sandbox.signing_key.pkcs8_pem();
    let keys = file_keys(&sandbox, &pem);
    let mut settings = keys.each_ref().map(|(name, value)| (*name, value.as_str())).to_vec();
    let key = settings[0].1;
    settings.extend([("EVERGRANT_SIGNING_KEY_ID_NEXT", key), ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", key)]);
    let app = TestApp::over(sandbox, &settings).await;
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
            "EVERGRANT_SEALING_KEY_ID_PREVIOUS",
            "EVERGRANT_SIGNING_KEY_ID",
            "EVERGRANT_SIGNING_KEY_ID_NEXT",
            "EVERGRANT_STORE"
        ]
    );
}
