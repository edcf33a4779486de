//! Signing with the real Azure SDK against the sandbox's vault.

use evergrant::identity::IdentityError;
use evergrant::signing::SignError;
use evergrant::types::Explained as _;
use evergrant::web::upstream::UpstreamAnswer;
use sandbox::Sandbox;
use sandbox::fault::Fault;
use sandbox::keys::RsaKey;

use crate::support::{TestApp, assert_outage, log_line};

#[tokio::test(flavor = "multi_thread")]
async fn public_keys_and_identity_tokens_are_fetched_once() {
    let app = TestApp::start().await;
    for scope in ["signature", "spring_read", "spring_write"] {
        assert_eq!(app.token(&[("scope", scope)]).await.status, 200);
    }
    // The signing key's and, if the warm-up has got that far, the sealing key's.
    assert!((1..=2).contains(&app.sandbox.key_vault.public_key_reads()));
    assert!(app.sandbox.identity.requests() <= 2, "{}", app.sandbox.identity.requests());
}

/// Checks that the log line is about this error.
#[track_caller]
fn assert_cause(line: &serde_json::Value, error: &SignError) {
    let problem = error.problem();
    assert!(line["cause"].as_str().unwrap().starts_with(problem.trim_end_matches(')')), "{line}");
}

/// Breaks the sandbox, checks the error in the log, and repairs it.
async fn fails_and_recovers(error: SignError, spoil: impl Fn(&Sandbox), repair: impl Fn(&Sandbox)) {
    let sandbox = Sandbox::start().await;
    spoil(&sandbox);
    let app = TestApp::over(sandbox, &[]).await;
    assert_outage(&app.token(&[]).await);
    let line = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    assert_cause(&line, &error);
    repair(&app.sandbox);
    app.token_in_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_vault_is_a_temporary_outage() {
    let signature = |fault: Fault| move |sandbox: &Sandbox| sandbox.key_vault.faults.set(Some(fault.clone()));
    let repair = |sandbox: &Sandbox| sandbox.key_vault.faults.set(None);
    tokio::join!(
        fails_and_recovers(
            SignError::VaultFailed { answer: UpstreamAnswer::of_status(500) },
            signature(Fault::Status(500)),
            repair
        ),
        fails_and_recovers(SignError::NoAnswer, signature(Fault::Cut), repair),
        fails_and_recovers(
            SignError::Throttled { retry_after: None, answer: UpstreamAnswer::NONE },
            signature(Fault::Throttle(Some("3".to_owned()))),
            repair
        ),
        fails_and_recovers(
            SignError::Malformed { answer: UpstreamAnswer::NONE },
            signature(Fault::Body("{}".to_owned())),
            repair
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_vault_does_not_delay_the_response_past_the_limit() {
    let sandbox = Sandbox::start().await;
    sandbox.key_vault.faults.set(Some(Fault::Hang));
    let app = TestApp::over(sandbox, &[]).await;
    let answer = tokio::time::timeout(std::time::Duration::from_secs(15), app.token(&[])).await;
    assert_outage(&answer.expect("a response within 15 s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_identity_endpoint_is_a_temporary_outage() {
    let spoil = |sandbox: &Sandbox| sandbox.identity.faults.set(Some(Fault::Status(500)));
    let repair = |sandbox: &Sandbox| sandbox.identity.faults.set(None);
    let error = IdentityError::Failed { answer: UpstreamAnswer::of_status(500) };
    fails_and_recovers(SignError::IdentityUnavailable(error), spoil, repair).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_rate_limit_and_a_single_failure_are_retried() {
    // 404 is retried too, because a new key takes some seconds to be available everywhere.
    let passing = [Fault::Throttle(None), Fault::Status(503), Fault::Status(404), Fault::Cut];
    for fault in passing.into_iter().chain([Fault::Throttle(Some("1".to_owned()))]) {
        let sandbox = Sandbox::start().await;
        sandbox.key_vault.faults.once(fault.clone());
        let app = TestApp::over(sandbox, &[]).await;
        assert_eq!(app.token(&[]).await.status, 200, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_tried_again_soon() {
    let spoil = |sandbox: &Sandbox| sandbox.key_vault.remove_key("evergrant-signing", "a1");
    let repair = |sandbox: &Sandbox| {
        sandbox.key_vault.add_key("evergrant-signing", "a1", sandbox.signing_key.clone());
    };
    fails_and_recovers(SignError::KeyNotFound, spoil, repair).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_role_is_logged_with_the_command_that_assigns_it() {
    let sandbox = Sandbox::start().await;
    sandbox.key_vault.deny(true);
    let app = TestApp::over(sandbox, &[]).await;
    let answer = app.token(&[]).await;
    assert_outage(&answer);
    assert!(!answer.text().contains("Key Vault"), "clients do not see Key Vault");
    let line = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    assert_cause(&line, &SignError::AccessDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_by_another_key_is_never_sent() {
    let sandbox = Sandbox::start().await;
    sandbox.key_vault.sign_as_impostor();
    let app = TestApp::over(sandbox, &[]).await;
    assert_outage(&app.token(&[]).await);
    assert_eq!(app.sandbox.docusign.exchanges(), 0, "found before it was sent to DocuSign");
    let line = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    assert_cause(&line, &SignError::WrongKey);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_of_key_files_work_outside_azure() {
    for pem in [RsaKey::pkcs1_pem, RsaKey::pkcs8_pem] {
        let sandbox = Sandbox::start().await;
        let pem = pem(&sandbox.signing_key);
        let app = TestApp::with_file_keys(sandbox, &pem).await;
        assert_eq!(app.token(&[]).await.status, 200);
        assert_eq!(app.sandbox.key_vault.signatures(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_client_id_the_system_assigned_identity_is_used() {
    let sandbox = Sandbox::start().await;
    let app = TestApp::over(sandbox, &[("AZURE_CLIENT_ID", "")]).await;
    assert_eq!(app.token(&[]).await.status, 200);
    assert!(app.sandbox.identity.client_ids().iter().all(Option::is_none), "no client_id was sent");
    let user_assigned = TestApp::start().await;
    assert_eq!(user_assigned.token(&[]).await.status, 200);
    assert!(user_assigned.sandbox.identity.client_ids().iter().all(Option::is_some));
}

#[tokio::test(flavor = "multi_thread")]
async fn developer_tools_are_used_without_a_managed_identity() {
    let sandbox = Sandbox::start().await;
    // Replaces the Azure CLI, which would use the developer's session.
    let az = sandbox.program(
        "az",
        "echo '{\"accessToken\":\"entra-token-of-the-sandbox\",\"expires_on\":4102444800,\
         \"expiresOn\":\"2100-01-01 00:00:00.000000\",\"tokenType\":\"Bearer\"}'",
    );
    let path = format!("{}:/usr/bin:/bin", az.parent().unwrap().display());
    let extra =
        [("PATH", path.as_str()), ("WEBSITE_INSTANCE_ID", ""), ("IDENTITY_ENDPOINT", ""), ("IDENTITY_HEADER", "")];
    let app = TestApp::over(sandbox, &extra).await;
    assert_eq!(app.token(&[]).await.status, 200);
    assert_eq!(app.sandbox.identity.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_that_proves_wrong_is_fetched_again() {
    let app = TestApp::start().await;
    assert_eq!(app.token(&[("scope", "signature")]).await.status, 200);
    let other = RsaKey::generate();
    app.sandbox.docusign.upload_public_key(&other.public_pem());
    app.sandbox.key_vault.add_key("evergrant-signing", "a1", other);
    let answer = app.token(&[("scope", "spring_read")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_answer_about_the_key_is_believed() {
    let other = r#"{"kid":"https://evergrant-sandbox.vault.azure.net/keys/evergrant-signing/other","value":"AAAA"}"#;
    let faults = [
        (SignError::WrongKey, Fault::Body(format!(r#"{{"key":{other},{}"#, &other[1..]))),
        (
            SignError::Malformed { answer: UpstreamAnswer::NONE },
            Fault::Body(r#"{"key":{"kty":"RSA","n":"AQAB","e":"AQAB"},"value":"AAAA"}"#.to_owned()),
        ),
        (SignError::Malformed { answer: UpstreamAnswer::NONE }, Fault::Body("<!DOCTYPE html>".to_owned())),
    ];
    for (error, fault) in faults {
        let spoil = |sandbox: &Sandbox| sandbox.key_vault.faults.set(Some(fault.clone()));
        let sandbox = Sandbox::start().await;
        spoil(&sandbox);
        let app = TestApp::over(sandbox, &[]).await;
        assert_outage(&app.token(&[]).await);
        assert_cause(&log_line(&app.host, |line| line["event"] == "mint_failed").await, &error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_identity_endpoint_is_never_called_key_vault() {
    let token = |text: &str| {
        Fault::Body(format!(
            r#"{{"access_token":"{text}","expires_on":"4102444800","resource":"r","token_type":"Bearer"}}"#
        ))
    };
    for (fault, found) in [
        (Fault::Status(500), "the identity endpoint failed (status 500"),
        (Fault::Status(429), "the identity endpoint failed (status 429"),
        (
            Fault::Json(400, r#"{"statusCode":400,"message":"No User Assigned Identity found"}"#.to_owned()),
            "the app has no such identity (status 400",
        ),
        (
            Fault::Json(400, r#"{"error":"unsupported"}"#.to_owned()),
            "the identity endpoint failed (status 400, unsupported",
        ),
        // Only the documented status means that the identity is missing.
        (
            Fault::Json(500, r#"{"statusCode":500,"message":"The managed identity service is down"}"#.to_owned()),
            "the identity endpoint failed (status 500",
        ),
        (Fault::Body("<!DOCTYPE html>".to_owned()), "the identity endpoint failed"),
        (token(""), "the identity endpoint failed"),
        (token("two words"), "the identity endpoint failed"),
        (Fault::Hang, "the identity endpoint does not answer"),
        (Fault::Cut, "the identity endpoint does not answer"),
    ] {
        let sandbox = Sandbox::start().await;
        sandbox.identity.faults.set(Some(fault.clone()));
        let app = TestApp::over(sandbox, &[]).await;
        assert_outage(&app.token(&[]).await);
        let line = log_line(&app.host, |line| line["event"] == "mint_failed").await;
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains(found) && !cause.contains("Key Vault"), "{fault:?}: {cause}");
        assert_eq!(cause.contains("AZURE_CLIENT_ID"), found.contains("no such identity"), "{fault:?}: {cause}");
    }
}
