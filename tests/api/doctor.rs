//! `evergrant doctor`: each fault is named where it is, with what mends it, and nothing else is blamed.

use sandbox::fault::Fault;
use sandbox::server::{Server, reply};
use sandbox::{INTEGRATION_USER, OTHER_USER, Sandbox};
use serde_json::Value;

use crate::support::{TestApp, run};

/// What the doctor says of this sandbox with some settings changed: exit code and checks.
async fn examine(sandbox: &Sandbox, changes: &[(&str, &str)]) -> (Option<i32>, Value) {
    let mut settings = sandbox.settings("http://127.0.0.1:1");
    for (name, value) in changes {
        settings.retain(|(known, _)| known != name);
        settings.push(((*name).to_owned(), (*value).to_owned()));
    }
    let output = run(&["doctor", "--json"], &settings).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no JSON: {stdout}")))
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no check {name}: {report:#}"))
}

/// `name` went bad and its finding and fix hold `words`; nothing else went bad.
#[track_caller]
fn assert_only_bad(report: &Value, name: &str, words: &[&str]) {
    let checks = report["checks"].as_array().unwrap();
    let bad: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "bad").collect();
    assert!(bad.iter().all(|check| check["check"] == name) && !bad.is_empty(), "{bad:#?}");
    let told = format!("{} {}", bad[0]["finding"], bad[0]["fix"]);
    for word in words {
        assert!(told.contains(word), "{word} is missing: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_installation_is_well_and_what_is_wrong_is_refused() {
    let app = TestApp::start().await;
    let output = run(&["doctor", "--json"], &app.settings()).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["healthy"]), (Some(0), &Value::Bool(true)), "{report:#}");
    for name in [
        "settings",
        "identity",
        "signing_key",
        "sealing_key",
        "docusign_reachable",
        "clock",
        "access_token",
        "integration_key",
        "public_key_registered",
        "integration_user",
        "consent",
        "account",
        "clients",
        "public_url",
        "wrong_secret_refused",
        "foreign_redirect_refused",
    ] {
        assert_eq!(check(&report, name)["verdict"], "good", "{name}: {report:#}");
        assert!(check(&report, name)["duration_ms"].is_number());
    }
    // A memory store works, and its limits are told.
    assert_eq!(check(&report, "store")["verdict"], "note");
    assert!(check(&report, "account")["finding"].as_str().unwrap().contains("Example Ltd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_people_line_by_line_and_exits_with_1_if_a_check_failed() {
    let sandbox = Sandbox::start_without_consent().await;
    let output = run(&["doctor"], &sandbox.settings("http://127.0.0.1:1")).await;
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("good     azure     Signing key: signs"), "{stdout}");
    assert!(stdout.contains("bad      docusign  Consent for every scope: missing for: "), "{stdout}");
    assert!(stdout.contains("→ Open the consent link"), "{stdout}");
    assert!(stderr.contains("1 of the checks failed"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_role_is_told_with_the_command_that_grants_it() {
    let sandbox = Sandbox::start().await;
    sandbox.key_vault.deny(true);
    let (code, report) = examine(&sandbox, &[]).await;
    assert_eq!(code, Some(1));
    for (name, key) in [("signing_key", "evergrant-signing"), ("sealing_key", "evergrant-sealing")] {
        let fix = check(&report, name)["fix"].as_str().unwrap();
        let scope = format!("/keys/{key}\"");
        for word in ["az role assignment create --assignee", "--role \"Key Vault Crypto User\"", &scope] {
            assert!(fix.contains(word), "{word}: {fix}");
        }
    }
    // What could not be tried is not blamed.
    for name in ["access_token", "integration_key", "consent", "account"] {
        assert_eq!(check(&report, name)["verdict"], "skipped", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_at_docusign_is_told_by_itself() {
    let sandbox = Sandbox::start().await;
    let unknown = "00000000-0000-4000-8000-00000000dead";
    let (_, report) = examine(&sandbox, &[("DOCUSIGN_INTEGRATION_KEY", unknown)]).await;
    assert_only_bad(&report, "integration_key", &["account-d.docusign.com", "DOCUSIGN_INTEGRATION_KEY"]);
    let (_, report) = examine(&sandbox, &[("DOCUSIGN_USER_ID", unknown)]).await;
    assert_only_bad(&report, "integration_user", &["DOCUSIGN_USER_ID", "API Username"]);
    let (_, report) = examine(&sandbox, &[("DOCUSIGN_USER_ID", OTHER_USER)]).await;
    assert_only_bad(&report, "consent", &["missing for: ", "signature", "consent link"]);
    sandbox.docusign.withdraw_consent(INTEGRATION_USER);
    sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation spring_read");
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "consent", &["missing for: spring_write\""]);
    assert_eq!(check(&report, "public_key_registered")["verdict"], "good");
    sandbox.docusign.delete_public_keys();
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "public_key_registered", &["evergrant public-key", "Apps and Keys"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn outages_are_told_as_outages() {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.faults.set(Some(Fault::Status(502)));
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "access_token", &["status 502", "pass by itself"]);
    sandbox.docusign.faults.set(None);
    let (_, report) = examine(&sandbox, &[("DOCUSIGN_OAUTH_URL", "http://127.0.0.1:1")]).await;
    assert_eq!(check(&report, "docusign_reachable")["verdict"], "bad");
    assert_eq!(check(&report, "clock")["verdict"], "skipped");
    sandbox.key_vault.faults.set(Some(Fault::Cut));
    let (_, report) = examine(&sandbox, &[]).await;
    assert!(check(&report, "signing_key")["finding"].as_str().unwrap().contains("no answer from Key Vault"));
    assert!(check(&report, "signing_key")["fix"].as_str().unwrap().contains("network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_version_and_a_container_that_is_not_there_are_told_with_the_command_that_shows_more() {
    let mut sandbox = Sandbox::start().await;
    let settings = sandbox.settings("http://127.0.0.1:1");
    let (_, id) = settings.iter().find(|(name, _)| name == "EVERGRANT_SIGNING_KEY_ID").unwrap();
    let wrong = format!("{}/{}", id.rsplit_once('/').unwrap().0, "f".repeat(32));
    let (_, report) = examine(&sandbox, &[("EVERGRANT_SIGNING_KEY_ID", &wrong)]).await;
    let words = ["az keyvault key list-versions --vault-name", "--name evergrant-signing", "EVERGRANT_SIGNING_KEY_ID"];
    assert_only_bad(&report, "signing_key", &words);
    sandbox.start_storage().await;
    let (code, report) = examine(&sandbox, &[]).await;
    assert_eq!((code, &check(&report, "store")["verdict"]), (Some(0), &Value::from("good")), "{report:#}");
    let elsewhere = format!("{}-elsewhere", sandbox::storage::CONTAINER_URL);
    let (_, report) = examine(&sandbox, &[("EVERGRANT_STORE", &elsewhere)]).await;
    let words =
        ["does not exist", "az storage container create --account-name evergrantsandbox --name evergrant-elsewhere"];
    assert_only_bad(&report, "store", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_url_that_leads_elsewhere_and_one_that_nobody_answers_are_told_apart() {
    let app = TestApp::start().await;
    let docusign = app.sandbox.docusign_url();
    let (code, report) = examine(&app.sandbox, &[("EVERGRANT_PUBLIC_URL", &docusign)]).await;
    assert_eq!(code, Some(1));
    assert_only_bad(&report, "public_url", &["leads elsewhere", "EVERGRANT_PUBLIC_URL"]);
    let (code, report) = examine(&app.sandbox, &[]).await;
    assert_eq!((code, &check(&report, "public_url")["verdict"]), (Some(0), &Value::from("note")));
    assert_eq!(check(&report, "wrong_secret_refused")["verdict"], "skipped");
}

/// Says that it is `issuer`, or else what it is, and lets everybody through at the path `open`; elsewhere it refuses.
async fn careless(issuer: Option<&'static str>, open: &'static str) -> Server {
    let answer = move |request: http::Request<_>| async move {
        let host = request.headers()["host"].to_str().unwrap();
        let issuer = issuer.map_or_else(|| format!("http://{host}"), ToOwned::to_owned);
        Ok(match request.uri().path() {
            "/.well-known/oauth-authorization-server" => {
                sandbox::server::json(200, &serde_json::json!({ "issuer": issuer }))
            }
            path if path != open => reply(400, "text/plain", "refused"),
            "/oauth/authorize" => {
                let mut away = reply(302, "text/plain", "");
                away.headers_mut().insert("location", "https://foreign.invalid/callback?code=1".parse().unwrap());
                away
            }
            _ => reply(200, "application/json", r#"{"access_token":"a","token_type":"Bearer"}"#),
        })
    };
    Server::start(0, answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_url_that_lets_everybody_through_is_told() {
    let sandbox = Sandbox::start().await;
    for (open, name, other) in [
        ("/oauth/token", "wrong_secret_refused", "foreign_redirect_refused"),
        ("/oauth/authorize", "foreign_redirect_refused", "wrong_secret_refused"),
    ] {
        let server = careless(None, open).await;
        let (code, report) = examine(&sandbox, &[("EVERGRANT_PUBLIC_URL", &server.url())]).await;
        assert_eq!(code, Some(1));
        assert_only_bad(&report, name, &["it was not refused", "off the network"]);
        assert_eq!(check(&report, other)["verdict"], "good", "{report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuer_at_the_public_url_is_told_and_asked_for_nothing() {
    let sandbox = Sandbox::start().await;
    let server = careless(Some("https://elsewhere.example"), "/oauth/token").await;
    let (code, report) = examine(&sandbox, &[("EVERGRANT_PUBLIC_URL", &server.url())]).await;
    assert_eq!(code, Some(1));
    assert_only_bad(&report, "public_url", &["leads elsewhere: another issuer answers", "EVERGRANT_PUBLIC_URL"]);
    assert_eq!(check(&report, "wrong_secret_refused")["verdict"], "skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_an_account_is_told() {
    let sandbox = Sandbox::start().await;
    let user =
        serde_json::json!({ "sub": INTEGRATION_USER, "name": "Robot", "email": "r@example.org", "accounts": [] });
    sandbox.docusign.userinfo_faults.set(Some(Fault::Body(user.to_string())));
    let (code, report) = examine(&sandbox, &[]).await;
    assert_eq!(code, Some(1));
    assert_only_bad(&report, "account", &["belongs to no account", "adds the user to the account"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_rotation_it_tells_when_the_next_key_may_take_over() {
    let sandbox = Sandbox::start().await;
    let next = sandbox::keys::RsaKey::generate();
    let public_key = next.public_pem();
    let id = sandbox.key_vault.add_key("evergrant-signing", &"b".repeat(32), next);
    let (_, report) = examine(&sandbox, &[]).await;
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["check"] != "next_public_key_registered"), "nothing is being rotated");
    let rotating = [("EVERGRANT_SIGNING_KEY_ID_NEXT", id.as_str())];
    let (code, report) = examine(&sandbox, &rotating).await;
    let registered = check(&report, "next_public_key_registered");
    assert_eq!((code, &registered["verdict"]), (Some(0), &Value::from("note")), "{report:#}");
    assert!(registered["fix"].as_str().unwrap().contains("evergrant public-key"));
    assert_eq!(check(&report, "signing_key_next")["verdict"], "good");
    sandbox.docusign.upload_public_key(&public_key);
    let (_, report) = examine(&sandbox, &rotating).await;
    assert_eq!(check(&report, "next_public_key_registered")["verdict"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told() {
    let sandbox = Sandbox::start().await;
    let env = crate::support::MapEnvironment::of(&sandbox.settings("http://127.0.0.1:1"));
    for (seconds, verdict) in [(0, "good"), (45, "note"), (7200, "bad")] {
        let clock = crate::support::ManualClock::new();
        clock.advance(seconds);
        let settings = evergrant::config::Settings::read(&env).unwrap();
        let app = evergrant::app::App::with_clock(settings, std::sync::Arc::new(clock));
        let report = serde_json::json!({ "checks": app.doctor().report().await });
        assert_eq!(check(&report, "clock")["verdict"], verdict, "{seconds} s: {report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_told_one_by_one_and_exit_with_2() {
    let sandbox = Sandbox::start().await;
    let (code, report) = examine(&sandbox, &[("DOCUSIGN_ENVIRONMENT", "staging"), ("EVERGRANT_STORE", "")]).await;
    assert_eq!((code, &report["healthy"]), (Some(2), &Value::Bool(false)));
    assert_only_bad(&report, "settings", &["DOCUSIGN_ENVIRONMENT is not right", "demo or production"]);
    let changes = [("EVERGRANT_PUBLIC_URL", ""), ("EVERGRANT_CLIENTS", r#"[{"client_id":"a b"}]"#)];
    let (_, report) = examine(&sandbox, &changes).await;
    assert!(report["checks"].as_array().unwrap().len() > 2, "{report:#}");
    assert_only_bad(&report, "settings", &["EVERGRANT_PUBLIC_URL is missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_identity_is_told_once() {
    let sandbox = Sandbox::start().await;
    let (code, report) = examine(&sandbox, &[("AZURE_CLIENT_ID", "00000000-0000-4000-8000-00000000dead")]).await;
    assert_eq!(code, Some(1));
    assert_only_bad(&report, "identity", &["no Entra token", "AZURE_CLIENT_ID", "az login"]);
    for name in ["signing_key", "sealing_key", "access_token"] {
        assert_eq!(check(&report, name)["verdict"], "skipped", "{name}: {report:#}");
    }
    // Keys in files and a store in memory need none.
    let key = format!("file:{}", sandbox.file("key.pem", &sandbox.signing_key.pkcs8_pem()).display());
    let files =
        [("EVERGRANT_SIGNING_KEY_ID", key.as_str()), ("EVERGRANT_SEALING_KEY_ID", &key), ("WEBSITE_INSTANCE_ID", "")];
    let (_, report) = examine(&sandbox, &files).await;
    assert!(report["checks"].as_array().unwrap().iter().all(|check| check["check"] != "identity"));
    assert_eq!(check(&report, "signing_key")["verdict"], "good");
}
