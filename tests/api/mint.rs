//! All callers share one mint, and outages never look like a bad grant.

use std::time::Duration;

use sandbox::docusign::ExpiresIn;
use sandbox::fault::Fault;
use sandbox::keys::RsaKey;
use sandbox::{INTEGRATION_USER, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, assert_outage, log_line};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_on_an_empty_cache_cause_one_signature_and_one_exchange() {
    let sandbox = Sandbox::start().await;
    let app = std::sync::Arc::new(TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &second_client())]).await);
    // The first client's token is cached; the second client's scope is not.
    log_line(&app.host, |line| line["event"] == "docusign_token_minted").await;
    app.until_sealing_is_done().await;
    let before = app.counts();
    app.sandbox.docusign.faults.once(Fault::Latency(Duration::from_secs(2)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let app = std::sync::Arc::clone(&app);
        callers.spawn(async move {
            let form =
                [("grant_type", "client_credentials"), ("client_id", "second"), ("client_secret", "second secret")];
            app.form(&[], &form).await.json()["access_token"].as_str().map(ToOwned::to_owned)
        });
    }
    let answers = callers.join_all().await;
    assert!(answers[0].is_some() && answers.iter().all(|access_token| *access_token == answers[0]));
    assert_eq!((app.counts().0 - before.0, app.counts().1 - before.1), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_disconnects_cancels_nothing_for_the_others() {
    let sandbox = Sandbox::start_without_consent().await;
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &second_client())]).await;
    log_line(&app.host, |line| line["event"] == "mint_failed").await; // From the warm-up, for the first client.
    app.sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation spring_read");
    app.sandbox.docusign.faults.once(Fault::Latency(Duration::from_secs(1)));
    let before = app.sandbox.docusign.exchanges();
    let form = [("grant_type", "client_credentials"), ("client_id", "second"), ("client_secret", "second secret")];
    let hangs_up = async {
        while app.sandbox.docusign.exchanges() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = app.form(&[], &form) => panic!("{:?} came before the caller disconnected", answer.status),
        () = hangs_up => {}
    }
    assert_eq!(app.form(&[], &form).await.status, 200);
    assert_eq!(app.sandbox.docusign.exchanges() - before, 1);
}

/// A registry whose first two clients have different scopes, so that the warm-up does not mint the second's token.
fn second_client() -> String {
    let digest = |secret: &str| evergrant::secret::hex(&evergrant::secret::sha256(secret.as_bytes()));
    let client = |id: &str, scope: &str| {
        json!({"client_id": id, "client_secret_sha256": [digest(&format!("{id} secret"))],
               "grant_types": ["client_credentials"], "subject": "integration_user", "scope": scope})
    };
    json!([client("first", "signature"), client("second", "signature spring_read")]).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_upstream_failure_is_a_503_and_recovers_by_itself() {
    let too_large = json!({"access_token": "x", "expires_in": 3600, "padding": "x".repeat(256 * 1024)});
    let faults: [(&str, Fault); 7] = [
        ("server_failed", Fault::Status(500)),
        ("server_failed", Fault::Status(503)),
        ("no_answer", Fault::Cut),
        ("malformed_answer", Fault::Body("{\"token_type\":\"Bearer\"}".to_owned())),
        ("malformed_answer", Fault::Body(too_large.to_string())),
        ("foreign_answer", Fault::Body("<html>".to_owned())),
        ("throttled", Fault::Throttle(None)),
    ];
    let mut walks = tokio::task::JoinSet::new();
    for (cause, fault) in faults {
        walks.spawn(async move {
            let sandbox = Sandbox::start().await;
            sandbox.docusign.faults.set(Some(fault.clone()));
            let app = TestApp::over(sandbox, &[]).await;
            assert_outage(&app.token(&[]).await);
            let line = log_line(&app.host, |line| line["event"] == "token_unavailable").await;
            assert_eq!(line["cause"], cause, "{fault:?}");
            app.sandbox.docusign.faults.set(None);
            app.token_in_the_end().await;
        });
    }
    walks.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_can_be_broken_and_repaired_by_hand() {
    let app = TestApp::start().await;
    let control = |query: &str| format!("{}/sandbox/fault?{query}", app.sandbox.docusign_url());
    for (query, scope, status) in [
        ("kind=consent-withdrawn", "signature", 503),
        ("kind=none", "spring_read", 200),
        ("kind=status-400&at=key-vault", "spring_write", 503),
        ("kind=forbidden", "signature spring_read", 503),
        ("kind=throttle", "signature spring_write", 503),
    ] {
        let switched = app.http.post_form(&control(query), &[], &[]).await;
        assert_eq!(switched.status, 200, "{query}");
        let answer = app.token(&[("scope", scope)]).await;
        assert_eq!(answer.status, status, "{query}");
        // The sandbox says how long the app backs off.
        let said = switched.text().split_once("backs off for ").map(|(_, said)| said.to_owned());
        if let Some(said) = said {
            let seconds = said.split(' ').find_map(|word| word.parse::<u64>().ok()).unwrap();
            let retry_after: u64 = answer.header("retry-after").parse().unwrap();
            assert!((seconds - 1..=seconds).contains(&retry_after), "{query}: {retry_after}, but {said}");
        }
    }
    assert_eq!(app.http.post_form(&control("kind=made-up"), &[], &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_docusign_does_not_delay_the_response_past_the_limit() {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.faults.set(Some(Fault::Hang));
    let app = TestApp::over(sandbox, &[]).await;
    let answer = tokio::time::timeout(Duration::from_secs(15), app.token(&[])).await;
    assert_outage(&answer.expect("a response within 15 s"));
    app.sandbox.docusign.faults.set(None);
    app.token_in_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_honored_for_the_time_in_retry_after() {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.faults.set(Some(Fault::Throttle(Some("120".to_owned()))));
    let app = TestApp::over(sandbox, &[]).await;
    let answer = app.token(&[]).await;
    assert_outage(&answer);
    let retry_after: u64 = answer.header("retry-after").parse().unwrap();
    assert!((110..=120).contains(&retry_after), "{retry_after}");
    app.sandbox.docusign.faults.set(None);
    let before = app.sandbox.docusign.exchanges();
    for _ in 0..20 {
        assert_outage(&app.token(&[]).await);
    }
    assert_eq!(app.sandbox.docusign.exchanges(), before, "no call to DocuSign before the time is up");
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_apply_to_every_scope_and_to_a_503_with_retry_after() {
    for fault in [Fault::Throttle(Some("60".to_owned())), Fault::Unavailable("60".to_owned())] {
        let sandbox = Sandbox::start().await;
        sandbox.docusign.faults.set(Some(fault));
        let app = TestApp::over(sandbox, &[]).await;
        assert_outage(&app.token(&[]).await);
        let calls = app.sandbox.docusign.exchanges();
        for scope in ["signature", "spring_read", "spring_write"] {
            let answer = app.token(&[("scope", scope)]).await;
            assert_outage(&answer);
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 40, "{}", answer.header("retry-after"));
        }
        assert_eq!((calls, app.sandbox.docusign.exchanges()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_does_not_turn_every_request_into_a_call() {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.faults.set(Some(Fault::Status(500)));
    let app = TestApp::over(sandbox, &[]).await;
    assert_outage(&app.token(&[]).await);
    let before = app.sandbox.docusign.exchanges();
    for _ in 0..50 {
        assert_outage(&app.token(&[]).await);
    }
    let calls = app.sandbox.docusign.exchanges() - before;
    assert!(calls <= 12, "{calls} calls for 50 requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_docusign_errors_are_distinguished_and_never_blame_the_client() {
    let refusals: [(&str, Value); 9] = [
        ("consent_required", json!({"error": "consent_required"})),
        ("no_valid_keys_or_signatures", refusal("no_valid_keys_or_signatures")),
        ("issuer_not_found", refusal("Issuer_not_found")),
        ("user_not_found", refusal("user_not_found")),
        ("user_not_found", json!({"error": "invalid_subject"})),
        ("expired_grant", refusal("expired_grant")),
        ("unsupported_grant_type", refusal("unsupported_grant_type")),
        ("invalid_grant", json!({"error": "invalid_grant"})),
        ("undocumented_refusal", json!({"error": "made_up", "error_description": "secret-of-upstream"})),
    ];
    let mut walks = tokio::task::JoinSet::new();
    for (cause, body) in refusals {
        walks.spawn(async move {
            let sandbox = Sandbox::start().await;
            sandbox.docusign.refuse_with(Some(body));
            let app = TestApp::over(sandbox, &[]).await;
            let answer = app.token(&[]).await;
            assert_outage(&answer);
            assert!(!answer.text().contains("secret-of-upstream"));
            let retry_after: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=30).contains(&retry_after), "{cause} is cached for 30 s: {retry_after}");
            let line = log_line(&app.host, |line| line["event"] == "token_unavailable").await;
            assert_eq!(line["cause"], cause);
        });
    }
    walks.join_all().await;
}

fn refusal(description: &str) -> Value {
    json!({"error": "invalid_grant", "error_description": description})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_assertion_meets_docusigns_requirements() {
    let app = TestApp::start().await;
    assert_eq!(app.token(&[]).await.status, 200);
    let assertion = app.sandbox.docusign.assertions().pop().unwrap();
    let (n, e) = app.sandbox.signing_key.components();
    let key = jsonwebtoken::DecodingKey::from_rsa_raw_components(&n, &e);
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["account-d.docusign.com"]);
    let verified = jsonwebtoken::decode::<Value>(&assertion, &key, &validation).unwrap();
    assert_eq!(verified.header.kid, None);
    let claims = verified.claims.as_object().unwrap();
    let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "scope", "sub"]);
    let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert!(iat <= sandbox::docusign::unix_now() && exp - iat == 600);
    assert!(!assertion.contains('='));
}

#[tokio::test(flavor = "multi_thread")]
async fn expires_in_is_read_in_every_known_format() {
    for (expires_in, expected) in
        [(ExpiresIn::Number(1800), 1770), (ExpiresIn::Text(1800), 1770), (ExpiresIn::Missing, 3570)]
    {
        let sandbox = Sandbox::start().await;
        sandbox.docusign.set_expires_in(expires_in);
        let app = TestApp::over(sandbox, &[]).await;
        let seconds = app.token(&[]).await.json()["expires_in"].as_u64().unwrap();
        assert!((expected - 10..=expected).contains(&seconds), "{expires_in:?}: {seconds}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lived_token_is_issued_and_renewed_at_the_next_request() {
    for (lifetime, limit) in [(10, 1), (60, 30)] {
        let sandbox = Sandbox::start().await;
        sandbox.docusign.set_expires_in(ExpiresIn::Number(lifetime));
        let app = TestApp::over(sandbox, &[]).await;
        let first = app.token(&[]).await.json();
        assert!(first["expires_in"].as_u64().is_some_and(|seconds| (1..=limit).contains(&seconds)), "{first}");
        assert_ne!(app.token(&[]).await.json()["access_token"], first["access_token"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_signing_key_takes_over_without_an_outage() {
    let sandbox = Sandbox::start().await;
    let next = RsaKey::generate();
    let next_id = sandbox.key_vault.add_key("evergrant-signing", "a2", next.clone());
    let extra = [("EVERGRANT_SIGNING_KEY_ID_NEXT", next_id.as_str())];
    let app = TestApp::over(sandbox, &extra).await;
    assert_eq!(app.token(&[]).await.status, 200, "DocuSign does not know the next key yet, so the current one signs");
    log_line(&app.host, |line| line["event"] == "next_signing_key_not_usable_yet").await;
    // The administrator uploads the new key and deletes the old one before the pause is over.
    app.sandbox.docusign.delete_public_keys();
    app.sandbox.docusign.upload_public_key(&next.public_pem());
    let narrower = app.token(&[("scope", "signature")]).await;
    assert_eq!(narrower.status, 200, "{}", narrower.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_key_that_cannot_sign_does_no_harm() {
    let sandbox = Sandbox::start().await;
    let missing = sandbox.key_vault.key_id("evergrant-signing", "nope");
    let app = TestApp::over(sandbox, &[("EVERGRANT_SIGNING_KEY_ID_NEXT", &missing)]).await;
    assert_eq!(app.token(&[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn docusigns_word_is_in_the_log_with_the_request_id_and_without_secrets() {
    let sandbox = Sandbox::start().await;
    let body = json!({"error": "invalid_grant", "error_description": "brand_new_reason", "reference_id": "r-1",
                      "echo": "secret-of-upstream"});
    sandbox.docusign.refuse_with(Some(body));
    let app = TestApp::over(sandbox, &[]).await;
    assert_outage(&app.token(&[]).await);
    let line = log_line(&app.host, |line| line["event"] == "undocumented_refusal").await;
    assert_eq!(line["docusign_error"], "invalid_grant, brand_new_reason");
    let line = log_line(&app.host, |line| line["event"] == "mint_failed").await;
    let cause = line["cause"].as_str().unwrap();
    for part in ["status 400", "brand_new_reason", "from localhost", "request id r-1"] {
        assert!(cause.contains(part), "{part}: {cause}");
    }
    assert!(!cause.contains("secret-of-upstream"));
}
