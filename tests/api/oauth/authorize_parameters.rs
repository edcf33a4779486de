//! `GET /oauth/authorize` with each parameter in every wrong form: an error page before the client and its redirect URI are
//! known, and afterwards an error for the client (RFC 6749 §4.1.2.1, RFC 7636 §4.4.1).

use sandbox::client::Answer;
use serde_json::json;
use url::Url;

use crate::local::{CHALLENGE, LocalApp, REDIRECT_URI, client};

/// A parameter of the redirect, decoded.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let location = Url::parse(answer.header("location")).ok()?;
    location.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// A good request of `client_id` in which `name` is left out, and `more` is added.
fn url(app: &LocalApp, client_id: &str, name: &str, more: &str) -> String {
    let url = app.authorize_url(client_id, &[("client_id", client_id), (name, "")]);
    if more.is_empty() { url } else { format!("{url}&{more}") }
}

#[track_caller]
fn assert_page(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    assert_eq!((answer.header("location"), answer.header("set-cookie")), ("", ""), "{what}");
    assert!(answer.header("content-type").starts_with("text/html") && answer.text().contains("<h1>"), "{what}");
}

/// Checks that the client gets `error`, with its state unless that is malformed itself, and that no sign-in begins.
#[track_caller]
fn assert_error_for_client(answer: &Answer, error: &str, issuer: &str, what: &str) {
    assert_eq!(answer.status, 302, "{what}: {}", answer.text());
    assert!(answer.header("location").starts_with(&format!("{REDIRECT_URI}?error=")), "{what}: {answer:?}");
    assert_eq!(parameter(answer, "error").as_deref(), Some(error), "{what}");
    let state = (!what.contains("state=")).then_some("xyz");
    assert_eq!(parameter(answer, "state").as_deref(), state, "{what}");
    assert_eq!(parameter(answer, "iss").as_deref(), Some(issuer), "{what}");
    assert_eq!((parameter(answer, "code"), answer.header("set-cookie")), (None, ""), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_client_and_its_redirect_uri_the_browser_is_sent_nowhere() {
    let app = LocalApp::start().await;
    for (name, more) in [
        ("client_id", ""),
        ("client_id", "client_id="),
        ("client_id", "client_id=unknown"),
        ("client_id", "client_id=WEB"),
        ("client_id", "client_id=%20web"),
        ("client_id", "client_id=%FF"),
        ("client_id", "client_id=web&client_id=web"),
        ("client_id", "client_id=web&client_id="),
        ("redirect_uri", ""),
        ("redirect_uri", "redirect_uri="),
        ("redirect_uri", "redirect_uri=%FF"),
        ("redirect_uri", "redirect_uri=/cb"),
        ("redirect_uri", "redirect_uri=https%3A%2F%2Fclient.example%2Fcb%2F"),
        ("redirect_uri", "redirect_uri=https%3A%2F%2Fclient.example%2Fcb%23x"),
        ("redirect_uri", "redirect_uri=https%3A%2F%2Fclient.example%2Fcb%0A"),
        ("redirect_uri", "redirect_uri=https%3A%2F%2Fclient.example%2Fother"),
        ("redirect_uri", "redirect_uri=javascript%3Aalert(1)"),
        ("redirect_uri", "redirect_uri=https%3A%2F%2Fclient.example%2Fcb&redirect_uri="),
    ] {
        // Whatever else is wrong, nothing is sent back.
        for worse in ["", "&response_type=token", "&scope=extended", "&state=2"] {
            let url = format!("{}{worse}", url(&app, "web", name, more));
            assert_page(&app.get(&url).await, &url);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_parameter_is_reported_to_the_client_with_its_code() {
    let app = LocalApp::start().await;
    for (name, more, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "response_type=", "invalid_request"),
        ("response_type", "response_type=%FF", "invalid_request"),
        ("response_type", "response_type=code&response_type=code", "invalid_request"),
        ("response_type", "response_type=code&response_type=token", "invalid_request"),
        ("response_type", "response_type=token", "unsupported_response_type"),
        ("response_type", "response_type=Code", "unsupported_response_type"),
        ("response_type", "response_type=code+token", "unsupported_response_type"),
        ("response_type", "response_type=id_token", "unsupported_response_type"),
        ("response_type", "response_type=none", "unsupported_response_type"),
        ("state", "state=a&state=a", "invalid_request"),
        ("state", "state=a&state=b", "invalid_request"),
        ("state", "state=&state=b", "invalid_request"),
        ("state", "state=%FF", "invalid_request"),
        ("scope", "scope=extended", "invalid_scope"),
        ("scope", "scope=signature+extended", "invalid_scope"),
        ("scope", "scope=Signature", "invalid_scope"),
        ("scope", "scope=signature%09spring_read", "invalid_scope"),
        ("scope", "scope=%22", "invalid_scope"),
        ("scope", "scope=%C3%A4", "invalid_scope"),
        ("scope", "scope=+", "invalid_scope"),
        ("scope", "scope=signature&scope=signature", "invalid_request"),
        ("scope", "scope=%FF", "invalid_request"),
    ] {
        let answer = app.get(&url(&app, "web", name, more)).await;
        assert_error_for_client(&answer, error, &app.issuer, &format!("{name}: {more}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pkce_is_s256_with_a_well_formed_challenge_or_refused() {
    let app = LocalApp::start().await;
    let (short, long) = ("a".repeat(42), "a".repeat(129));
    let challenge =
        |challenge: &str, method: &str| format!("code_challenge={challenge}&code_challenge_method={method}");
    for more in [
        format!("code_challenge={CHALLENGE}"),
        "code_challenge_method=S256".to_owned(),
        challenge("", "S256"),
        challenge(CHALLENGE, ""),
        challenge(CHALLENGE, "plain"),
        challenge(CHALLENGE, "s256"),
        challenge(CHALLENGE, "S256+"),
        challenge(CHALLENGE, "none"),
        challenge(&short, "S256"),
        challenge(&long, "S256"),
        challenge(&format!("{CHALLENGE}%3D"), "S256"),
        challenge(&CHALLENGE.replace('-', "%2B"), "S256"),
        challenge(&CHALLENGE.replace('-', "%2F"), "S256"),
        format!("{0}&{0}", challenge(CHALLENGE, "S256")),
        format!("{}&code_challenge_method=S256", challenge(CHALLENGE, "S256")),
        format!("{}&code_challenge=", challenge(CHALLENGE, "S256")),
    ] {
        for client_id in ["web", "strict", "native"] {
            let answer = app.get(&url(&app, client_id, "", &more)).await;
            assert_error_for_client(&answer, "invalid_request", &app.issuer, &format!("{client_id}: {more}"));
        }
    }
    for (client_id, more, error) in [
        ("native", "", Some("invalid_request")),
        ("strict", "", Some("invalid_request")),
        ("strict", "code_challenge=&code_challenge_method=", Some("invalid_request")),
        ("web", "", None),
        ("web", "code_challenge=&code_challenge_method=", None),
        ("web", "code_challenge_methods=x&code_challenge2=", None),
        ("machine", "", Some("unauthorized_client")),
    ] {
        let answer = app.get(&url(&app, client_id, "", more)).await;
        match error {
            Some(error) => assert_error_for_client(&answer, error, &app.issuer, &format!("{client_id}: {more}")),
            None => assert!(answer.header("location").contains("/oauth/auth?"), "{client_id}: {answer:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_first_is_reported_and_nothing_begins() {
    let app = LocalApp::start().await;
    let parts = ["response_type=token", "code_challenge=x", "scope=extended"];
    for (parts, error) in
        [(&parts[..], "unsupported_response_type"), (&parts[1..], "invalid_request"), (&parts[2..], "invalid_scope")]
    {
        let mut more = parts.join("&");
        if !more.contains("response_type") {
            more += "&response_type=code";
        }
        let answer = app.get(&url(&app, "web", "response_type", &more)).await;
        assert_error_for_client(&answer, error, &app.issuer, &more);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_asks_docusign_for_the_scope_and_impersonation_in_the_order_of_the_settings() {
    let app = LocalApp::start().await;
    for (asked, sent) in [
        ("", "signature impersonation spring_read spring_write"),
        ("spring_read", "impersonation spring_read"),
        ("spring_write signature", "signature impersonation spring_write"),
    ] {
        let answer = app.get(&app.authorize_url("web", &[("scope", asked)])).await;
        assert_eq!(parameter(&answer, "scope").as_deref(), Some(sent), "{asked}");
        for (name, value) in [("response_type", "code"), ("code_challenge_method", "S256")] {
            assert_eq!(parameter(&answer, name).as_deref(), Some(value));
        }
        let callback = format!("{}/consent/callback", app.issuer);
        assert_eq!(parameter(&answer, "redirect_uri"), Some(callback));
        assert!(parameter(&answer, "prompt").is_some(), "every connection asks the user to sign in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workfront_profile_may_leave_out_what_it_never_sends_and_nothing_else() {
    let two = json!(["https://client.example/cb", "https://client.example/two"]);
    let clients = json!([
        client("one", &json!({"profile": "workfront"})),
        client("two", &json!({"profile": "workfront", "redirect_uris": two})),
        client("power", &json!({"profile": "power_automate"})),
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    for (target, begins) in [
        ("/one?state=x", true),
        ("/one/?state=x", true),
        ("/%6Fne?state=x", true),
        ("/one?client_id=one&state=x", true),
        ("?client_id=one&state=x", true),
        ("/one?client_id=two&state=x", false),
        ("/one?client_id=&state=x", true),
        ("/two?state=x", false),
        ("/two?state=x&redirect_uri=https%3A%2F%2Fclient.example%2Ftwo", true),
        ("/power?state=x", false),
        ("/power?state=x&response_type=code&redirect_uri=https%3A%2F%2Fclient.example%2Fcb", false),
        ("?client_id=power&response_type=code&redirect_uri=https%3A%2F%2Fclient.example%2Fcb", true),
        ("?client_id=power&response_type=code", false),
        ("/unknown?state=x", false),
        ("/ONE?state=x", false),
    ] {
        let answer = app.get(&format!("/oauth/authorize{target}")).await;
        let is_sent = answer.status == 302 && answer.header("location").contains("/oauth/auth?");
        assert_eq!(is_sent, begins, "{target}: {} {}", answer.status, answer.text());
        if !begins {
            assert_page(&answer, target);
        }
    }
}
