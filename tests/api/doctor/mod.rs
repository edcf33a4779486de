//! `evergrant doctor`: each fault fails its own check, with a fix, and no other check.

mod broken;
mod in_front;
mod report;
pub mod routes;
mod stage;
mod stand_ins;
mod table;

use std::time::Duration;

use sandbox::Sandbox;
use sandbox::fault::Fault;
use serde_json::Value;

use crate::support::{TestApp, TestEnvironment, log_line, run};

/// The doctor's exit code and report for this sandbox with changed settings.
async fn examine(sandbox: &Sandbox, changes: &[(&str, &str)]) -> (Option<i32>, Value) {
    let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1")).with_all(changes);
    let output = run(&["doctor", "--json"], environment).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no JSON: {stdout}")))
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no check {name}: {report:#}"))
}

/// Only `name` is bad, and its finding and fix have `words`.
#[track_caller]
fn assert_only_bad(report: &Value, name: &str, words: &[&str]) {
    let checks = report["checks"].as_array().unwrap();
    let bad: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "bad").collect();
    assert!(bad.iter().all(|check| check["check"] == name) && !bad.is_empty(), "{bad:#?}");
    let text = format!("{} {}", bad[0]["finding"], bad[0]["fix"]);
    for word in words {
        assert!(text.contains(word), "{word} is missing: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_installation_passes_every_check() {
    let app = TestApp::start().await;
    let output = run(&["doctor", "--json"], &app.environment).await;
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
        "clm",
        "user_list",
        "clients",
        "public_url",
        "routes",
        "wrong_secret_refused",
        "foreign_redirect_refused",
    ] {
        assert_eq!(check(&report, name)["verdict"], "good", "{name}: {report:#}");
        assert!(check(&report, name)["duration_ms"].is_number());
    }
    // A memory store works, and its limits are a note.
    assert_eq!(check(&report, "store")["verdict"], "note");
    assert!(check(&report, "account")["finding"].as_str().unwrap().contains("Example Ltd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_json_it_prints_lines_and_a_summary() {
    let sandbox = Sandbox::start_without_consent().await;
    let output = run(&["doctor"], &sandbox.settings("http://127.0.0.1:1")).await;
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("good     azure     Signing key: signs"), "{stdout}");
    assert!(stdout.contains("bad      docusign  Consent for every scope: missing for: "), "{stdout}");
    assert!(stdout.contains("→ Open the consent link"), "{stdout}");
    let skipped = "Not checked, because consent is missing: Access token\n";
    assert!(stdout.contains(skipped), "{stdout}");
    assert!(stdout.ends_with(" checks failed, 7 not checked\n") && stderr.is_empty(), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_clm_is_not_a_user_without_rights_there() {
    let sandbox = Sandbox::start().await;
    let denied = r#"{"Error":{"HttpStatusCode":401,"UserMessage":"Access Denied","ErrorCode":103}}"#;
    sandbox.clm.faults.set(Some(Fault::Json(401, denied.to_owned())));
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "clm", &["does not know the account", "out of DOCUSIGN_SCOPES"]);
    sandbox.clm.faults.set(None);
    sandbox.clm.refuse_next(401, 103);
    sandbox.clm.refuse_next(401, 103);
    let (code, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "clm", &["does not let the integration user in", "a member of CLM"]);
    assert_eq!(code, Some(1));
    let denied = r#"{"errorCode":"USER_LACKS_PERMISSIONS","message":"No."}"#;
    sandbox.docusign.esign_faults.set(Some(Fault::Json(403, denied.to_owned())));
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "user_list", &["may not list the account's users", "DOCUSIGN_SCOPES needs signature"]);
    // Without CLM's scopes, CLM is not looked up; without API keys, no user is.
    let without = [("DOCUSIGN_SCOPES", "signature"), ("EVERGRANT_CLIENTS", "[]")];
    let (code, report) = examine(&sandbox, &without).await;
    assert_eq!((code, &check(&report, "clm")["verdict"]), (Some(0), &Value::from("skipped")), "{report:#}");
    assert!(!report.to_string().contains("user_list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_container_is_bad_and_a_real_one_good() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let (code, report) = examine(&sandbox, &[]).await;
    assert_eq!((code, &check(&report, "store")["verdict"]), (Some(0), &Value::from("good")), "{report:#}");
    let elsewhere = format!("{}-elsewhere", sandbox::storage::CONTAINER_URL);
    let (_, report) = examine(&sandbox, &[("EVERGRANT_STORE", &elsewhere)]).await;
    assert_only_bad(&report, "store", &["does not exist", "az storage container create --account-name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_no_error() {
    // Nothing answers at the public URL from here, no client is registered, and keys in files need no identity.
    let sandbox = Sandbox::start().await;
    let key = format!("file:{}", sandbox.file("key.pem", &sandbox.signing_key.pkcs8_pem()).display());
    let sealing_key = sandbox::keys::RsaKey::generate().pkcs8_pem();
    let sealing_key = format!("file:{}", sandbox.file("sealing.pem", &sealing_key).display());
    let changes = [
        ("EVERGRANT_SIGNING_KEY_ID", key.as_str()),
        ("EVERGRANT_SEALING_KEY_ID", &sealing_key),
        ("WEBSITE_INSTANCE_ID", ""),
        ("EVERGRANT_CLIENTS", "[]"),
    ];
    let (code, report) = examine(&sandbox, &changes).await;
    assert_eq!((code, &report["healthy"]), (Some(0), &Value::Bool(true)), "{report:#}");
    let notes = [("public_url", "callers reach it"), ("clients", "infra/clients.json"), ("store", "EVERGRANT_STORE")];
    for (name, fix) in notes {
        let check = check(&report, name);
        assert_eq!(check["verdict"], "note", "{check}");
        assert!(check["fix"].as_str().unwrap().contains(fix), "{check}");
    }
    for name in ["wrong_secret_refused", "foreign_redirect_refused"] {
        assert_eq!(check(&report, name)["verdict"], "skipped", "{report:#}");
    }
    assert!(report["checks"].as_array().unwrap().iter().all(|check| check["check"] != "identity"));
    assert_eq!(check(&report, "signing_key")["verdict"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_rotation_it_checks_whether_the_next_key_may_take_over() {
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
async fn wrong_settings_are_reported_one_by_one_with_exit_code_2() {
    let sandbox = Sandbox::start().await;
    let (code, report) = examine(&sandbox, &[("DOCUSIGN_ENVIRONMENT", "staging"), ("EVERGRANT_STORE", "")]).await;
    assert_eq!((code, &report["healthy"]), (Some(2), &Value::Bool(false)));
    assert_only_bad(&report, "settings", &["DOCUSIGN_ENVIRONMENT is invalid", "demo or production"]);
    let changes = [("EVERGRANT_PUBLIC_URL", ""), ("EVERGRANT_CLIENTS", r#"[{"client_id":"a b"}]"#)];
    let (_, report) = examine(&sandbox, &changes).await;
    assert!(report["checks"].as_array().unwrap().len() > 2, "{report:#}");
    assert_only_bad(&report, "settings", &["EVERGRANT_PUBLIC_URL is missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn misspelled_settings_are_a_note_and_a_warning_at_start() {
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_STOR", "memory")]).await;
    let line = log_line(&app.host, |line| line["event"] == "unknown_setting").await;
    let message = "EVERGRANT_STOR is unknown: did you mean EVERGRANT_STORE?";
    assert_eq!((&line["setting"], &line["message"]), (&"EVERGRANT_STOR".into(), &message.into()), "{line}");
    let output = run(&["doctor", "--json"], &app.environment).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let settings = check(&report, "settings");
    assert_eq!(
        (output.status.code(), &settings["verdict"], &settings["finding"]),
        (Some(0), &"note".into(), &message.into())
    );
}

/// The rotation of one key would end every connection.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_for_signing_and_sealing_is_bad() {
    let sandbox = Sandbox::start().await;
    let id = |sandbox: &Sandbox| TestEnvironment::from(&sandbox.settings("")).value("EVERGRANT_SIGNING_KEY_ID");
    let key = id(&sandbox);
    let (code, report) = examine(&sandbox, &[("EVERGRANT_SEALING_KEY_ID", &key)]).await;
    assert_only_bad(&report, "sealing_key", &["it is also a signing key", "EVERGRANT_SEALING_KEY_ID_PREVIOUS"]);
    assert_eq!(code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_look_up_that_fails_proves_no_missing_right() {
    let sandbox = Sandbox::start().await;
    for (fault, finding, fix) in [
        (Fault::Status(500), "status 500", "may pass by itself"),
        (Fault::Status(403), "status 403, a web page", "may pass by itself"),
        (Fault::Throttle(None), "limits the rate", "Wait"),
        (Fault::Body("<html>".to_owned()), "could not be read", "may pass by itself"),
        (
            Fault::Json(400, r#"{"errorCode":"USER_LACKS_PERMISSIONS"}"#.to_owned()),
            "USER_LACKS_PERMISSIONS",
            "DocuSign administrator",
        ),
    ] {
        sandbox.docusign.esign_faults.set(Some(fault.clone()));
        let (_, report) = examine(&sandbox, &[]).await;
        assert_only_bad(&report, "user_list", &[finding]);
        assert!(check(&report, "user_list")["fix"].as_str().unwrap().contains(fix), "{fault:?}: {report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_does_not_lead_to_the_integration_user_is_a_note() {
    let sandbox = Sandbox::start().await;
    let robot = sandbox.docusign.user(sandbox::INTEGRATION_USER).unwrap().email;
    let listed = |id: &str| serde_json::json!({"userId": id, "email": robot, "userStatus": "Active"});
    let (own, other) = (listed(sandbox::INTEGRATION_USER), listed(sandbox::OTHER_USER));
    for users in [vec![], vec![other.clone()], vec![own, other]] {
        let list = serde_json::json!({"users": users, "resultSetSize": users.len().to_string()});
        sandbox.docusign.esign_faults.set(Some(Fault::Json(200, list.to_string())));
        let (code, report) = examine(&sandbox, &[]).await;
        let check = check(&report, "user_list");
        assert_eq!((code, &check["verdict"]), (Some(0), &Value::from("note")), "{users:?}: {report:#}");
        assert!(check["fix"].as_str().unwrap().contains("several users share the address"), "{check}");
    }
}

/// A page is from something in between, and says nothing about the user.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_clms_answer_proves_no_missing_right() {
    let sandbox = Sandbox::start().await;
    // The account's hosts are found first.
    sandbox.clm.faults.once(Fault::Latency(Duration::ZERO));
    sandbox.clm.faults.once(Fault::Status(403));
    sandbox.clm.faults.once(Fault::Status(403));
    let (_, report) = examine(&sandbox, &[]).await;
    assert_only_bad(&report, "clm", &["web page"]);
    assert!(!report.to_string().contains("does not let the integration user in"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_key_that_does_not_sign_is_one_fault() {
    let sandbox = Sandbox::start().await;
    let missing = "https://evergrant-sandbox.vault.azure.net/keys/evergrant-signing/".to_owned() + &"c".repeat(32);
    let (_, report) = examine(&sandbox, &[("EVERGRANT_SIGNING_KEY_ID_NEXT", &missing)]).await;
    assert_only_bad(&report, "signing_key_next", &[]);
    let registered = check(&report, "next_public_key_registered");
    assert_eq!(registered["verdict"], "skipped", "{report:#}");
    assert!(registered["finding"].as_str().unwrap().contains("the next signing key does not sign"), "{registered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failure_of_the_user_look_up_is_retried() {
    let sandbox = Sandbox::start().await;
    let failure = Fault::Json(401, r#"{"error":"internal_server_error"}"#.to_owned());
    // The first call is the one for the clock.
    sandbox.docusign.userinfo_faults.once(failure.clone());
    sandbox.docusign.userinfo_faults.once(failure);
    let (_, report) = examine(&sandbox, &[]).await;
    assert_eq!(check(&report, "account")["verdict"], "good", "{report:#}");
}

/// The Functions host keeps bodies in the instance's memory.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_fit_into_the_instance_are_bad() {
    let sandbox = Sandbox::start().await;
    let memory = ("EVERGRANT_INSTANCE_MEMORY_MB", "2048");
    let limit = |bytes| ("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", bytes);
    for (settings, verdict, finding) in [
        (vec![memory], "good", "3 bodies of 100 MiB"),
        (vec![memory, limit("26214400")], "good", "14 bodies of 25 MiB"),
        (vec![memory, limit("1610612736")], "bad", "not even one body of 1536 MiB"),
    ] {
        let (code, report) = examine(&sandbox, &settings).await;
        let found = check(&report, "body_sizes");
        assert_eq!((code, &found["verdict"]), (Some(i32::from(verdict == "bad")), &verdict.into()), "{report:#}");
        assert!(found["finding"].as_str().unwrap().contains(finding), "{found}");
    }
    // Without a Functions host or its memory there is nothing to check.
    let (_, report) = examine(&sandbox, &[limit("1610612736")]).await;
    assert!(!report.to_string().contains("body_sizes"), "{report:#}");
    let (code, report) = examine(&sandbox, &[("EVERGRANT_INSTANCE_MEMORY_MB", "2 GB")]).await;
    assert_eq!(code, Some(2));
    assert_only_bad(
        &report,
        "settings",
        &["EVERGRANT_INSTANCE_MEMORY_MB is invalid: it is not a whole number", "2048"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reason_for_every_host_is_one_hint() {
    let sandbox = Sandbox::start().await;
    let proxied = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("DOCUSIGN_OAUTH_URL", "")];
    let (_, report) = examine(&sandbox, &proxied).await;
    let bad = |check: &&Value| check["verdict"] == "bad";
    let count = report["checks"].as_array().unwrap().iter().filter(bad).count();
    assert!(count > 2, "{report:#}");
    assert_eq!(report.to_string().matches("or remove that setting").count(), 1, "{report:#}");
    assert!(report.to_string().contains("The same as for the check Signing key."), "{report:#}");
}
