//! The sign-in of `GET /oauth/authorize`: who may make which connection, what the client gets after a refusal, and that a
//! sign-in belongs to one browser.

use sandbox::browser::{Browser, Visit};
use sandbox::fault::Fault;
use sandbox::{INTEGRATION_USER, OTHER_USER};
use serde_json::Value;

use crate::local::*;

/// The user whose access token it is.
async fn owner(app: &LocalApp, access_token: &str) -> Value {
    let userinfo = format!("{}/oauth/userinfo", app.app.settings.docusign.oauth_url);
    let bearer = format!("Bearer {access_token}");
    app.http.call(http::Method::GET, &userinfo, &[("authorization", &bearer)], "").await.json()["sub"].clone()
}

async fn sign_in(app: &LocalApp, client_id: &str, user: &str, decision: &str) -> Visit {
    Browser::stopping_at(CLIENT).sign_in(&app.authorize_url(client_id, &[]), user, decision).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_integration_user_and_administrators_make_system_wide_connections() {
    let app = LocalApp::start().await;
    let visit = sign_in(&app, "web", OTHER_USER, "allow").await;
    assert_sent_back(&visit, "access_denied");
    let administrators = OTHER_USER.to_uppercase();
    let app = LocalApp::with(&[("DOCUSIGN_ADMINS", &administrators)]).await;
    let code = sign_in(&app, "web", OTHER_USER, "allow").await.parameter("code").unwrap();
    let connected = connection(&app.redeem("web", &code, &[]).await);
    assert_eq!(
        owner(&app, &connected.access_token).await,
        INTEGRATION_USER,
        "an administrator's connection acts as the integration user"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_per_user_connection_acts_as_the_user_who_signed_in() {
    let app = LocalApp::start().await;
    for user in [OTHER_USER, INTEGRATION_USER] {
        let code = sign_in(&app, "person", user, "allow").await.parameter("code").unwrap();
        let connected = connection(&app.redeem("person", &code, &[]).await);
        assert_eq!(owner(&app, &connected.access_token).await, user);
        let refreshed = connection(&app.refresh("person", &connected.refresh_token, &[]).await);
        assert_eq!(owner(&app, &refreshed.access_token).await, user);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_key_also_identifies_the_user() {
    let app = LocalApp::with(&[("DOCUSIGN_SECRET_KEY", "a secret key of the sandbox")]).await;
    let location = app.get(&app.authorize_url("person", &[])).await.header("location").to_owned();
    assert!(location.contains("code_challenge_method=S256"), "PKCE in addition to the secret key: {location}");
    let code = sign_in(&app, "person", OTHER_USER, "allow").await.parameter("code").unwrap();
    connection(&app.redeem("person", &code, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_goes_back_to_the_client_with_its_state() {
    let app = LocalApp::start().await;
    app.docusign.withdraw_consent(OTHER_USER);
    let visit = sign_in(&app, "person", OTHER_USER, "deny").await;
    assert_sent_back(&visit, "access_denied");
    assert_eq!(visit.parameter("state").as_deref(), Some("xyz"));
    assert!(!visit.url.contains("error_message"), "no text from DocuSign: {}", visit.url);
    let allowed = sign_in(&app, "person", OTHER_USER, "allow").await;
    assert!(allowed.parameter("code").is_some(), "Allow grants the consent in the same step: {}", allowed.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_consent_of_the_integration_user_shows_at_once() {
    let app = LocalApp::with(&[("DOCUSIGN_ADMINS", OTHER_USER)]).await;
    app.docusign.withdraw_consent(INTEGRATION_USER);
    let visit = sign_in(&app, "web", OTHER_USER, "allow").await;
    assert_sent_back(&visit, "access_denied");
    let visit = sign_in(&app, "web", INTEGRATION_USER, "allow").await;
    assert!(visit.parameter("code").is_some(), "the integration user's own Allow fixes it at once: {}", visit.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn docusign_down_during_a_sign_in_is_temporarily_unavailable() {
    let app = LocalApp::start().await;
    for fault in [Fault::Status(500), Fault::Cut, Fault::Throttle(None), Fault::Body("<html>".to_owned())] {
        app.docusign.faults.set(Some(fault));
        let visit = sign_in(&app, "person", OTHER_USER, "allow").await;
        assert_sent_back(&visit, "temporarily_unavailable");
        assert_eq!(visit.parameter("state").as_deref(), Some("xyz"));
    }
    app.docusign.faults.set(None);
    app.docusign.userinfo_faults.set(Some(Fault::Status(503)));
    assert_sent_back(&sign_in(&app, "person", OTHER_USER, "allow").await, "temporarily_unavailable");
    app.docusign.userinfo_faults.set(None);
    app.docusign.delete_public_keys();
    assert_sent_back(&sign_in(&app, "person", OTHER_USER, "allow").await, "server_error");
}

#[tokio::test(flavor = "multi_thread")]
async fn docusigns_rate_limit_applies_to_sign_ins_too() {
    let app = LocalApp::start().await;
    app.docusign.faults.set(Some(Fault::Throttle(Some("600".to_owned()))));
    assert_sent_back(&sign_in(&app, "person", OTHER_USER, "allow").await, "temporarily_unavailable");
    app.docusign.faults.set(None);
    assert_sent_back(&sign_in(&app, "person", OTHER_USER, "allow").await, "temporarily_unavailable");
    app.advance(600);
    assert!(sign_in(&app, "person", OTHER_USER, "allow").await.parameter("code").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_sign_in_works_once_and_only_in_its_own_browser() {
    let app = LocalApp::start().await;
    // The attacker signs in up to the last step, and sends the victim the address.
    let callback = format!("{}/consent/callback", app.issuer);
    let mut attacker = Browser::stopping_at(&callback);
    let last_step = attacker.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
    assert!(last_step.starts_with(&callback), "{last_step}");
    let before = app.docusign.exchanges();
    let mut victim = Browser::stopping_at(CLIENT);
    let own_sign_in = victim.open(&app.authorize_url("person", &[])).await;
    assert!(own_sign_in.answer.text().contains("Log in"), "the victim has the cookie of another sign-in");
    for mut browser in [victim, Browser::stopping_at(CLIENT)] {
        let page = browser.open(&last_step).await.answer;
        assert_eq!(page.status, 400);
        assert!(page.text().contains("This sign-in cannot continue"), "{}", page.text());
    }
    assert_eq!(app.docusign.exchanges(), before, "no call to DocuSign");
    // In the attacker's own browser it works, once.
    attacker.stop_at = Some(CLIENT.to_owned());
    assert!(attacker.open(&last_step).await.parameter("code").is_some());
    assert!(attacker.open(&last_step).await.answer.text().contains("This sign-in cannot continue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_works_once_even_if_the_browser_keeps_its_cookie() {
    let app = LocalApp::start().await;
    let begun = app.get(&app.authorize_url("person", &[])).await;
    let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
    let url = url::Url::parse(begun.header("location")).unwrap();
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    for (round, expected) in [(1, 302), (2, 400)] {
        let challenge = value("code_challenge");
        let code = app.docusign.code_for(OTHER_USER, &value("redirect_uri"), Some(&challenge));
        let callback = format!("{}/consent/callback?code={code}&state={}", app.issuer, value("state"));
        let answer = app.http.call(http::Method::GET, &callback, &[("cookie", &cookie)], "").await;
        assert_eq!(answer.status, expected, "round {round}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sign_ins_at_the_same_time_both_work() {
    let app = LocalApp::start().await;
    let callback = format!("{}/consent/callback", app.issuer);
    let mut browser = Browser::stopping_at(&callback);
    let first = browser.sign_in(&app.authorize_url("person", &[("state", "1")]), OTHER_USER, "allow").await.url;
    let second = browser.sign_in(&app.authorize_url("person", &[("state", "2")]), OTHER_USER, "allow").await.url;
    browser.stop_at = Some(CLIENT.to_owned());
    for (url, state) in [(first, "1"), (second, "2")] {
        let visit = browser.open(&url).await;
        assert_eq!(visit.parameter("state").as_deref(), Some(state), "{}", visit.url);
        assert!(visit.parameter("code").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_expires_after_15_minutes() {
    let app = LocalApp::start().await;
    let mut browser = Browser::stopping_at(&format!("{}/consent/callback", app.issuer));
    let url = browser.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
    app.advance(15 * 60);
    browser.stop_at = None;
    let page = browser.open(&url).await.answer;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("This sign-in cannot continue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_removed_during_the_sign_in_gets_no_code() {
    let mut app = LocalApp::start().await;
    let mut browser = Browser::stopping_at(&format!("{}/consent/callback", app.issuer));
    let url = browser.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
    app.restart(&[("EVERGRANT_CLIENTS", "[]")]).await;
    browser.disconnect();
    browser.stop_at = None;
    let page = browser.open(&url).await.answer;
    assert!(page.text().contains("This app is no longer registered"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let app = LocalApp::with(&[("EVERGRANT_PUBLIC_URL", "https://evergrant.example")]).await;
    let answer = app.get(&app.authorize_url("web", &[])).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-evergrant-"), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(answer.header("location").contains("redirect_uri=https%3A%2F%2Fevergrant.example%2Fconsent%2Fcallback"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_that_a_made_up_code_meets_pauses_sign_ins_only() {
    let app = LocalApp::start().await;
    let begun = app.get(&app.authorize_url("person", &[])).await;
    let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
    let url = url::Url::parse(begun.header("location")).unwrap();
    let state = url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    app.docusign.faults.once(Fault::Throttle(Some("600".to_owned())));
    let callback = format!("{}/consent/callback?code=made-up&state={state}", app.issuer);
    app.http.call(http::Method::GET, &callback, &[("cookie", &cookie)], "").await;
    let minted = app.token("machine", &[("grant_type", "client_credentials")]).await;
    assert_eq!(minted.status, 200, "{}", minted.text());
    let visit = app.sign_in(&app.authorize_url("web", &[]), sandbox::INTEGRATION_USER).await;
    assert_eq!(visit.parameter("error").as_deref(), Some("temporarily_unavailable"), "{}", visit.url);
}
