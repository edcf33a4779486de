//! What every OAuth endpoint answers while the sealing key, the store or an issuer is away: an outage, never a bad grant.

use evergrant::clock::Clock as _;
use evergrant::config::{ClientsSetting, RegistryPlace};
use evergrant::registry::Registry;
use evergrant::registry::source::RegistryLocation;
use evergrant::sealing::claims::SignInState;
use evergrant::telemetry::Answer;
use serde_json::{Value, json};

use super::in_process::{Stage, as_sealed};
use crate::local::REDIRECT_URI;
use crate::store::GOOD;
use crate::support::state_of;
use crate::trust::signer::Signer;

#[track_caller]
fn assert_outage(answer: &Answer, cause: &str) {
    let body: Value = serde_json::from_slice(answer.response.body()).unwrap_or_default();
    assert_eq!(answer.response.status(), 503, "{cause}: {body}");
    assert_eq!(body["error"], "temporarily_unavailable", "{cause}");
    let retry_after = answer.response.headers()["retry-after"].to_str().unwrap().parse::<u64>();
    assert!(retry_after.is_ok_and(|seconds| seconds > 0), "{cause}");
    assert_eq!(answer.record.cause, Some(cause));
    assert_eq!(answer.record.error_description.as_deref(), body["error_description"].as_str());
}

#[track_caller]
fn assert_code(answer: &Answer, status: u16, error: &str) {
    let body: Value = serde_json::from_slice(answer.response.body()).unwrap_or_default();
    assert_eq!((answer.response.status().as_u16(), body["error"].as_str()), (status, Some(error)), "{body}");
}

#[tokio::test]
async fn an_unusable_sealing_key_is_an_outage_at_every_endpoint() {
    let stage = Stage::new();
    let (code, refresh_token) = (stage.code(None).await, stage.refresh_token("sealed").await);
    let native = stage.refresh_token("native").await;
    let stage = stage.without_sealing_key(true).await;
    let cause = "sealing_key_unavailable";
    for form in [
        as_sealed(&[("grant_type", "client_credentials")]),
        as_sealed(&[("grant_type", "authorization_code"), ("code", &code)]),
        as_sealed(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]),
        vec![("grant_type", "refresh_token"), ("refresh_token", &native), ("client_id", "native")],
    ] {
        assert_outage(&stage.token(&form).await, cause);
    }
    for token in [&code, &refresh_token] {
        assert_outage(&stage.revoke(&as_sealed(&[("token", token)])).await, cause);
    }
    // What is not ours by its form alone is no outage.
    let forged = as_sealed(&[("grant_type", "refresh_token"), ("refresh_token", "a.b.c")]);
    assert_code(&stage.token(&forged).await, 400, "invalid_grant");
    assert_eq!(stage.revoke(&as_sealed(&[("token", "a.b.c")])).await.response.status(), 200);
    let sent_back = stage.authorize().await;
    let location = sent_back.response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(&format!("{REDIRECT_URI}?error=temporarily_unavailable&")), "{location}");
    assert!(location.contains("&state=xyz&iss=") && sent_back.record.cause == Some(cause), "{location}");
}

#[tokio::test(start_paused = true)]
async fn a_sealing_key_that_never_answers_is_an_outage_in_time() {
    let stage = Stage::new();
    let (code, refresh_token) = (stage.code(None).await, stage.refresh_token("sealed").await);
    let stage = stage.without_sealing_key(false).await;
    let in_time = async |answering: &mut (dyn Future<Output = Answer> + Unpin)| {
        let begun = tokio::time::Instant::now();
        let answer = answering.await;
        let waited = begun.elapsed().as_secs_f64();
        assert!((14.0..15.0).contains(&waited), "platforms wait for 15 s at most: {waited}");
        answer
    };
    for form in [
        as_sealed(&[("grant_type", "client_credentials")]),
        as_sealed(&[("grant_type", "authorization_code"), ("code", &code)]),
        as_sealed(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]),
    ] {
        assert_outage(&in_time(&mut Box::pin(stage.token(&form))).await, "deadline");
    }
    let form = as_sealed(&[("token", &refresh_token)]);
    assert_outage(&in_time(&mut Box::pin(stage.revoke(&form))).await, "deadline");
    let sent_back = in_time(&mut Box::pin(stage.authorize())).await;
    let location = sent_back.response.headers()["location"].to_str().unwrap();
    assert!(location.contains("error=temporarily_unavailable") && location.contains("state=xyz"), "{location}");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_checked_is_a_page_that_says_so() {
    for answers in [true, false] {
        let stage = Stage::new();
        let content = SignInState {
            client_id: stage.grant("sealed").client_id,
            redirect_uri: REDIRECT_URI.to_owned(),
            redirect_uri_given: true,
            scope: stage.grant("sealed").scope,
            state: None,
            code_challenge: None,
            browser: String::new(),
        };
        let sealed = stage.sealed(content, Some(900)).await;
        let stage = stage.without_sealing_key(answers).await;
        let answer = stage.callback(&format!("state={sealed}&code=x"), "").await;
        assert_eq!(answer.response.status(), 503);
        assert_eq!(answer.record.cause, Some("sealing_key_unavailable"));
        assert!(answer.response.headers().contains_key("retry-after"));
        let text = String::from_utf8_lossy(answer.response.body()).into_owned();
        assert!(text.contains("The link could not be checked"), "{text}");
        let foreign = stage.callback("state=a.b.c&code=x", "").await;
        assert_eq!((foreign.response.status().as_u16(), foreign.record.cause), (400, Some("foreign_state")));
    }
}

#[tokio::test]
async fn without_the_store_a_code_waits_and_refreshes_go_on() {
    let stage = Stage::new();
    let (code, refresh_token) = (stage.code(None).await, stage.refresh_token("sealed").await);
    let native = stage.refresh_token("native").await;
    let (stage, store) = stage.without_store();
    let redeem = as_sealed(&[("grant_type", "authorization_code"), ("code", &code)]);
    let refresh = as_sealed(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
    for _ in 0..2 {
        assert_outage(&stage.token(&redeem).await, "store_unavailable");
        assert_eq!(stage.token(&refresh).await.response.status(), 200);
    }
    let public = [("grant_type", "refresh_token"), ("refresh_token", native.as_str()), ("client_id", "native")];
    assert_eq!(stage.token(&public).await.response.status(), 200);
    store.is(GOOD);
    assert_eq!(stage.token(&redeem).await.response.status(), 200, "the code was not used up");
    assert_code(&stage.token(&redeem).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_revocation_that_is_not_stored_is_an_outage_and_holds_here_all_the_same() {
    let stage = Stage::new();
    let refresh_token = stage.refresh_token("sealed").await;
    let (stage, store) = stage.without_store();
    let refresh = as_sealed(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
    let revoke = as_sealed(&[("token", &refresh_token)]);
    assert_outage(&stage.revoke(&revoke).await, "store_unavailable");
    assert_code(&stage.token(&refresh).await, 400, "invalid_grant");
    store.is(GOOD);
    let stored = stage.revoke(&revoke).await;
    assert_eq!((stored.response.status().as_u16(), stored.record.event), (200, Some("grant_revoked")));
    assert_eq!(stored.record.grant_id.as_deref(), Some("grant of sealed"));
    assert_code(&stage.token(&refresh).await, 400, "invalid_grant");
}

#[tokio::test]
async fn an_assertion_that_cannot_be_checked_is_an_outage_at_both_endpoints() {
    let stage = Stage::new();
    let issuer = json!({"iss": "http://127.0.0.1:9", "aud": "a", "sub": "s", "exp": stage.clock.now().0 + 60});
    let assertion = Signer::p256("any").token(&issuer);
    let proof = [
        ("client_id", "trusting"),
        ("client_assertion", assertion.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    let token = [&proof[..], &[("grant_type", "client_credentials")]].concat();
    assert_outage(&stage.token(&token).await, "issuer_unavailable");
    assert_outage(&stage.revoke(&[&proof[..], &[("token", "x")]].concat()).await, "issuer_unavailable");
}

#[tokio::test]
async fn a_code_of_another_process_is_no_outage_but_a_bad_grant() {
    let stage = Stage::new();
    let own = stage.app.store.process_id().unwrap().to_owned();
    for (process_id, status) in [(Some("another"), 400), (None, 400), (Some(own.as_str()), 200)] {
        let code = stage.code(process_id).await;
        let form = as_sealed(&[("grant_type", "authorization_code"), ("code", &code)]);
        assert_eq!(stage.token(&form).await.response.status(), status, "{process_id:?}");
    }
}

/// A registry of which no good version was read yet.
fn not_loaded(stage: &Stage) -> Registry {
    let place = RegistryPlace::File("clients.json".to_owned());
    let setting = ClientsSetting { place, at_start: None, digest: None };
    Registry::new(&setting, RegistryLocation::Setting, stage.grant("sealed").scope)
}

#[tokio::test]
async fn before_the_first_good_registry_every_endpoint_asks_to_come_back() {
    let mut stage = Stage::new();
    let sign_in = stage.authorize().await;
    let sealed = state_of(sign_in.response.headers()["location"].to_str().unwrap()).to_owned();
    let registry = not_loaded(&stage);
    stage.endpoints.token.registry = registry.clone();
    stage.endpoints.revoke.registry = registry.clone();
    stage.endpoints.authorize.registry = registry.clone();
    stage.endpoints.consent.registry = registry;
    let cause = "registry_unavailable";
    assert_outage(&stage.token(&as_sealed(&[("grant_type", "client_credentials")])).await, cause);
    assert_outage(&stage.revoke(&as_sealed(&[("token", "x")])).await, cause);
    for page in [stage.authorize().await, stage.callback(&format!("state={sealed}&code=x"), "").await] {
        assert_eq!((page.response.status().as_u16(), page.record.cause), (503, Some(cause)));
        assert!(page.response.headers().contains_key("retry-after"));
        assert!(!page.response.headers().contains_key("location"), "{:?}", page.response.headers());
    }
}

#[tokio::test]
async fn the_log_names_the_cause_of_every_sign_in_that_ends_without_a_code() {
    let stage = Stage::new();
    for (rest, error, cause, docusign_error) in [
        ("&error=access_denied", "access_denied", "denied", Some("access_denied")),
        ("&error=consent_required", "access_denied", "denied", Some("consent_required")),
        ("&error=temporarily_unavailable", "temporarily_unavailable", "denied", Some("temporarily_unavailable")),
        ("&error=server_error", "server_error", "denied", Some("server_error")),
        ("&error=Hunter2", "server_error", "denied", None),
        ("", "server_error", "no_code", None),
        ("&code=x", "temporarily_unavailable", "no_answer", None),
    ] {
        let sign_in = stage.authorize().await;
        let header = |name: &str| sign_in.response.headers()[name].to_str().unwrap().to_owned();
        let (location, cookie) = (header("location"), header("set-cookie"));
        let cookie = cookie.split(';').next().unwrap();
        let answer = stage.callback(&format!("state={}{rest}", state_of(&location)), cookie).await;
        let location = answer.response.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(&format!("{REDIRECT_URI}?error={error}&")), "{rest}: {location}");
        let record = &answer.record;
        assert_eq!((record.event, record.cause), (Some("authorization_refused"), Some(cause)), "{rest}");
        assert_eq!((record.error, record.docusign_error.as_deref()), (Some(error), docusign_error), "{rest}");
    }
}
