//! What a client gets if a sign-in at DocuSign ends without a code: one of the codes of RFC 6749 §4.1.2.1, with its state, and
//! never DocuSign's text.

use std::time::Duration;

use evergrant::clock::Clock as _;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::{INTEGRATION_USER, OTHER_USER};
use serde_json::json;
use url::Url;

use crate::local::{LocalApp, REDIRECT_URI};
use crate::support::state_of;

/// A sign-in that a browser began: its sealed state, and its cookie.
struct SignIn {
    state: String,
    cookie: String,
    challenge: String,
}

async fn begin(app: &LocalApp, client_id: &str) -> SignIn {
    let begun = app.get(&app.authorize_url(client_id, &[])).await;
    let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
    let location = Url::parse(begun.header("location")).unwrap();
    let challenge = location.query_pairs().find(|(name, _)| name == "code_challenge").unwrap().1.into_owned();
    SignIn { state: state_of(begun.header("location")).to_owned(), cookie, challenge }
}

/// The browser comes back from DocuSign with this rest of the query.
async fn come_back(app: &LocalApp, sign_in: &SignIn, rest: &str) -> Answer {
    let url = format!("{}/consent/callback?state={}{rest}", app.issuer, sign_in.state);
    app.http.call(http::Method::GET, &url, &[("cookie", sign_in.cookie.as_str())], "").await
}

#[track_caller]
fn assert_sent_back(answer: &Answer, error: &str, what: &str) {
    assert_eq!(answer.status, 302, "{what}: {}", answer.text());
    let location = Url::parse(answer.header("location")).unwrap();
    assert!(location.as_str().starts_with(REDIRECT_URI), "{what}: {location}");
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!((value("error"), value("state"), value("code")), (Some(error), Some("xyz"), None), "{what}: {location}");
    let description = value("error_description").unwrap();
    assert!(
        description.len() > 10 && description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    );
    assert!(!location.as_str().contains("hunter2"), "no text from DocuSign: {location}");
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{what}: the cookie is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_of_docusign_becomes_one_that_clients_understand() {
    let app = LocalApp::start().await;
    for (rest, error) in [
        ("&error=access_denied", "access_denied"),
        ("&error=consent_required", "access_denied"),
        ("&error=login_required", "access_denied"),
        ("&error=interaction_required", "access_denied"),
        ("&error=temporarily_unavailable", "temporarily_unavailable"),
        ("&error=server_error", "server_error"),
        ("&error=unauthorized_client", "server_error"),
        ("&error=invalid_scope", "server_error"),
        ("&error=unsupported_response_type", "server_error"),
        ("&error=hunter2", "server_error"),
        ("&error=access_denied&error_description=hunter2", "access_denied"),
        ("&error=access_denied&error_message=hunter2", "access_denied"),
        ("&error=access_denied&code=x", "access_denied"),
        ("&error=%3Cscript%3Ehunter2", "server_error"),
        ("&error=&code=", "server_error"),
        ("&error_description=hunter2", "server_error"),
        ("", "server_error"),
    ] {
        let answer = come_back(&app, &begin(&app, "web").await, rest).await;
        assert_sent_back(&answer, error, rest);
    }
    assert_eq!(app.docusign.exchanges(), 0, "DocuSign is asked nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_docusign_does_not_know_leads_back_to_the_client() {
    let app = LocalApp::start().await;
    let assert_refused = |answer: &Answer, what: &str| assert_sent_back(answer, "server_error", what);
    let made_up = come_back(&app, &begin(&app, "web").await, "&code=made-up").await;
    assert_refused(&made_up, "made up");
    let sign_in = begin(&app, "web").await;
    let callback = format!("{}/consent/callback", app.issuer);
    let of_another = app.docusign.code_for(INTEGRATION_USER, &callback, Some(crate::local::CHALLENGE));
    assert_refused(&come_back(&app, &sign_in, &format!("&code={of_another}")).await, "the code of another sign-in");
    let sign_in = begin(&app, "web").await;
    let own = app.docusign.code_for(INTEGRATION_USER, &callback, Some(&sign_in.challenge));
    let answer = come_back(&app, &sign_in, &format!("&code={own}")).await;
    assert!(answer.header("location").contains("?code="), "{}", answer.header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_would_not_work_is_not_made_and_the_client_gets_the_kind_of_reason() {
    let app = LocalApp::start().await;
    let refused = |error: &str, description: &str| json!({"error": error, "error_description": description});
    let callback = format!("{}/consent/callback", app.issuer);
    let connect = async || {
        let sign_in = begin(&app, "web").await;
        let code = app.docusign.code_for(INTEGRATION_USER, &callback, Some(&sign_in.challenge));
        come_back(&app, &sign_in, &format!("&code={code}")).await
    };
    for (refusal, error) in [
        (refused("consent_required", ""), "access_denied"),
        (refused("invalid_grant", "user_not_found"), "server_error"),
        (refused("invalid_grant", "issuer_not_found"), "server_error"),
        (refused("invalid_grant", "no_valid_keys_or_signatures"), "server_error"),
        (refused("invalid_grant", "expired_grant"), "server_error"),
        (refused("invalid_scope", "hunter2"), "server_error"),
    ] {
        app.docusign.refuse_with(Some(refusal.clone()));
        assert_sent_back(&connect().await, error, &refusal.to_string());
    }
    app.docusign.refuse_with(None);
    // The code exchange succeeds, and then the mint fails, also when it is repeated.
    for fault in [Fault::Status(500), Fault::Cut, Fault::Body("{".to_owned()), Fault::Throttle(Some("600".to_owned()))]
    {
        app.docusign.faults.once(Fault::Latency(Duration::ZERO));
        (0..2).for_each(|_| app.docusign.faults.once(fault.clone()));
        assert_sent_back(&connect().await, "temporarily_unavailable", &format!("{fault:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_connect_is_decided_by_the_subject_and_the_administrators() {
    let administrators = OTHER_USER.to_uppercase();
    for (admins, client_id, user, error) in [
        ("", "web", INTEGRATION_USER, None),
        ("", "web", OTHER_USER, Some("access_denied")),
        ("", "sealed", OTHER_USER, Some("access_denied")),
        ("", "person", OTHER_USER, None),
        ("", "person", INTEGRATION_USER, None),
        (administrators.as_str(), "web", OTHER_USER, None),
        (administrators.as_str(), "person", OTHER_USER, None),
    ] {
        let app = LocalApp::with(&[("DOCUSIGN_ADMINS", admins)]).await;
        let sign_in = begin(&app, client_id).await;
        let callback = format!("{}/consent/callback", app.issuer);
        let code = app.docusign.code_for(user, &callback, Some(&sign_in.challenge));
        let answer = come_back(&app, &sign_in, &format!("&code={code}")).await;
        match error {
            Some(error) => assert_sent_back(&answer, error, client_id),
            None => assert!(answer.header("location").contains("?code="), "{client_id}: {}", answer.header("location")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_bound_to_its_cookie_its_time_and_its_first_return() {
    let app = LocalApp::start().await;
    let (first, second) = (begin(&app, "web").await, begin(&app, "web").await);
    let swapped =
        |cookie: &str| SignIn { state: first.state.clone(), cookie: cookie.to_owned(), challenge: String::new() };
    let (name, value) = first.cookie.split_once('=').unwrap();
    let other_value = second.cookie.split_once('=').unwrap().1;
    for cookie in [
        String::new(),
        second.cookie.clone(),
        format!("{name}={other_value}"),
        format!("{name}="),
        format!("{name}={value}x"),
        format!("{name}={}", value.to_uppercase()),
        format!("x{name}={value}"),
    ] {
        let answer = come_back(&app, &swapped(&cookie), "&error=access_denied").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{cookie}");
        assert!(answer.text().contains("This sign-in cannot continue"), "{}", answer.text());
    }
    // The right cookie works next to wrong ones, and once.
    let both = swapped(&format!("{name}=stale; {}", first.cookie));
    assert_sent_back(&come_back(&app, &both, "&error=access_denied").await, "access_denied", "next to another");
    assert_eq!(come_back(&app, &first, "&error=access_denied").await.status, 400);
    let begun_at = app.clock.now();
    app.advance(15 * 60 - 1);
    assert_sent_back(&come_back(&app, &second, "&error=access_denied").await, "access_denied", "in time");
    let third = begin(&app, "web").await;
    app.advance(15 * 60);
    assert!(app.clock.now().seconds_left(begun_at) > 0);
    assert_eq!(come_back(&app, &third, "&error=access_denied").await.status, 400, "too late");
}
