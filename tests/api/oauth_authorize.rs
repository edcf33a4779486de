//! `GET /oauth/authorize`, RFC 6749 §3.1 and §4.1: one test for each row of the checklist (A, I, and the rows of P that
//! concern the authorization request).

use http::Method;
use sandbox::browser::Browser;
use sandbox::{INTEGRATION_USER, OTHER_USER};

use crate::local::*;
use crate::support::assert_error;

/// Checks an error page, which leads nowhere.
#[track_caller]
fn assert_error_page(answer: &sandbox::client::Answer, title: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains(&format!("<h1>{title}</h1>")), "{}", answer.text());
    assert_eq!(answer.header("location"), "");
    assert_eq!(answer.header("set-cookie"), "");
    assert!(!answer.text().contains("<a") && !answer.text().contains("href"), "no links");
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_only_get_is_allowed() {
    let app = LocalApp::start().await;
    let url = app.authorize_url("web", &[]);
    let answer = app.get(&url).await;
    assert_eq!(answer.status, 302);
    assert!(answer.header("location").contains("/oauth/auth?response_type=code&scope=signature%20impersonation"));
    for method in [Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
        let answer = app.http.call(method.clone(), &url, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET"), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_blank_parameters_are_absent_and_unknown_ones_ignored() {
    let app = LocalApp::start().await;
    let url = format!("{}&scope=&code_challenge=&nonce=1&nonce=2&prompt=none&max_age", app.authorize_url("web", &[]));
    let visit = app.sign_in(&url, INTEGRATION_USER).await;
    let code = visit.parameter("code").unwrap();
    assert_eq!(connection(&app.redeem("web", &code, &[]).await).scope, SCOPE);
    let blank = format!("{}&state=", app.authorize_url("web", &[("state", "")]));
    assert_eq!(app.sign_in(&blank, INTEGRATION_USER).await.parameter("state"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_repeated_parameters_are_refused() {
    let app = LocalApp::start().await;
    for (more, title) in [
        ("client_id=web", "The app did not identify itself"),
        ("client%5Fid=other", "The app did not identify itself"),
        ("redirect_uri=https://client.example/cb", "The app sent no valid return address"),
        ("redirect_uri=https://evil.example/", "The app sent no valid return address"),
    ] {
        let answer = app.get(&format!("{}&{more}", app.authorize_url("web", &[]))).await;
        assert_error_page(&answer, title);
    }
    let challenge = "code_challenge=x&code_challenge=x&code_challenge_method=S256";
    for more in [
        "response_type=code",
        "scope=a&scope=a",
        "state=other",
        challenge,
        "code_challenge_method=S256&code_challenge_method=S256",
    ] {
        let visit = app.sign_in(&format!("{}&{more}", app.authorize_url("web", &[])), INTEGRATION_USER).await;
        assert_sent_back(&visit, "invalid_request");
        let state = visit.parameter("state");
        assert_eq!(state.as_deref(), (more != "state=other").then_some("xyz"), "{more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a5_response_type_must_be_code() {
    let app = LocalApp::start().await;
    for (response_type, error) in [
        ("", "invalid_request"),
        ("token", "unsupported_response_type"),
        ("code id_token", "unsupported_response_type"),
    ] {
        let visit = app.sign_in(&app.authorize_url("web", &[("response_type", response_type)]), INTEGRATION_USER).await;
        assert_sent_back(&visit, error);
        assert_eq!(visit.parameter("state").as_deref(), Some("xyz"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_without_a_registered_client_and_redirect_uri_there_is_a_page() {
    let app = LocalApp::start().await;
    for (client_id, title) in [("", "The app did not identify itself"), ("unknown", "This app is not registered here")]
    {
        assert_error_page(&app.get(&app.authorize_url("web", &[("client_id", client_id)])).await, title);
    }
    let missing = app.get(&app.authorize_url("web", &[("redirect_uri", "")])).await;
    assert_error_page(&missing, "The app sent no valid return address");
    for wrong in [
        "https://evil.example/cb",
        "https://client.example/cb/",
        "https://client.example/cb?x=1",
        "https://client.example/CB",
        "https://CLIENT.example/cb",
        "https://client.example:443/cb",
        "https://client.example/./cb",
        "https://client.example/%63b",
        "https://client.example@evil.example/cb",
        "https://client.example/other",
        "http://client.example/cb",
        "//client.example/cb",
        "javascript:alert(1)",
        "cb",
    ] {
        let answer = app.get(&app.authorize_url("web", &[("redirect_uri", wrong)])).await;
        // An address that may be registered can be copied.
        let may_be_registered = wrong.starts_with("https://");
        let (title, shown) = if may_be_registered {
            ("This redirect URI is not registered yet", format!(">{wrong}</code>"))
        } else {
            ("This redirect URI cannot be registered", format!("<dd>{wrong}</dd>"))
        };
        assert_error_page(&answer, title);
        assert!(answer.text().contains(&shown), "shown exactly: {wrong}");
        assert!(answer.text().contains("<code>redirect_uris</code>"), "the operator's part: {wrong}");
    }
    let hostile =
        app.get(&app.authorize_url("web", &[("redirect_uri", "https://x/\"><script>alert(1)</script>\u{202e}")])).await;
    assert!(!hostile.text().contains("<script>alert") && !hostile.text().contains('\u{202e}'), "{}", hostile.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_client_with_several_redirect_uris_must_name_one() {
    let app = LocalApp::start().await;
    let answer = app.get(&app.authorize_url("other", &[("redirect_uri", "")])).await;
    assert_error_page(&answer, "The app sent no valid return address");
    for redirect_uri in ["https://client.example/other", "https://client.example/two?x=1"] {
        let visit = app.sign_in(&app.authorize_url("other", &[("redirect_uri", redirect_uri)]), INTEGRATION_USER).await;
        assert!(visit.url.starts_with(redirect_uri) && visit.parameter("code").is_some(), "{}", visit.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_state_comes_back_unchanged_with_codes_and_errors() {
    let app = LocalApp::start().await;
    for state in ["a b+c%20&d=e#f\"<>'", "ä\u{1F600}", &"s".repeat(2800)] {
        let good = app.sign_in(&app.authorize_url("web", &[("state", state)]), INTEGRATION_USER).await;
        assert!(good.parameter("code").is_some());
        assert_eq!(good.parameter("state").as_deref(), Some(state));
        let bad = app.authorize_url("web", &[("state", state), ("response_type", "token")]);
        assert_eq!(app.sign_in(&bad, INTEGRATION_USER).await.parameter("state").as_deref(), Some(state));
    }
    let too_long = app.authorize_url("web", &[("state", &"s".repeat(4000))]);
    assert_sent_back(&app.sign_in(&too_long, INTEGRATION_USER).await, "invalid_request");
    let not_text = format!("{}&state=%FF", app.authorize_url("web", &[("state", "")]));
    assert_sent_back(&app.sign_in(&not_text, INTEGRATION_USER).await, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_the_query_of_the_redirect_uri_is_kept() {
    let app = LocalApp::start().await;
    let redirect_uri = "https://client.example/two?x=1";
    let visit = app.sign_in(&app.authorize_url("other", &[("redirect_uri", redirect_uri)]), INTEGRATION_USER).await;
    assert!(visit.url.starts_with("https://client.example/two?x=1&code="), "{}", visit.url);
    let refused = app.authorize_url("other", &[("redirect_uri", redirect_uri), ("scope", "more")]);
    let visit = app.sign_in(&refused, INTEGRATION_USER).await;
    assert!(visit.url.starts_with("https://client.example/two?x=1&error=invalid_scope&"), "{}", visit.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_errors_have_the_codes_and_characters_of_the_rfc() {
    let app = LocalApp::start().await;
    let urls = [
        (app.authorize_url("web", &[("scope", "more")]), "invalid_scope"),
        (app.authorize_url("web", &[("response_type", "x")]), "unsupported_response_type"),
        (app.authorize_url("web", &[("code_challenge", "x")]), "invalid_request"),
        (app.authorize_url("machine", &[]), "unauthorized_client"),
    ];
    for (url, error) in urls {
        let visit = app.sign_in(&url, INTEGRATION_USER).await;
        assert_sent_back(&visit, error);
        let description = visit.parameter("error_description").unwrap();
        assert!(description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_code_works_for_five_minutes_and_for_its_client_only() {
    let app = LocalApp::start().await;
    let early = app.code("web", &[]).await;
    app.advance(299);
    connection(&app.redeem("web", &early, &[]).await);
    let late = app.code("web", &[]).await;
    app.advance(300);
    assert_error(&app.redeem("web", &late, &[]).await, 400, "invalid_grant");
    let bound = app.code("web", &[]).await;
    assert_error(&app.redeem("strict", &bound, &[]).await, 400, "invalid_grant");
    let elsewhere =
        [("grant_type", "authorization_code"), ("code", &bound), ("redirect_uri", "https://client.example/other")];
    assert_error(&app.token("web", &elsewhere).await, 400, "invalid_grant");
    connection(&app.redeem("web", &bound, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_a_code_works_once_and_a_replay_ends_no_connection() {
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    let first = connection(&app.redeem("web", &code, &[]).await);
    for _ in 0..3 {
        assert_error(&app.redeem("web", &code, &[]).await, 400, "invalid_grant");
    }
    connection(&app.refresh("web", &first.refresh_token, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_every_connection_asks_the_user_to_sign_in() {
    let app = LocalApp::start().await;
    let mut browser = Browser::stopping_at(CLIENT);
    let first = browser.sign_in(&app.authorize_url("web", &[]), INTEGRATION_USER, "allow").await;
    assert!(first.parameter("code").is_some());
    // The user is signed in at DocuSign and has given consent, and is still asked.
    let second = browser.open(&app.authorize_url("web", &[])).await;
    assert!(second.answer.text().contains("Log in"), "{}", second.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a14_no_page_can_be_framed() {
    let app = LocalApp::start().await;
    for url in [app.authorize_url("unknown", &[]), format!("{}/consent/callback?state=x", app.issuer)] {
        let page = app.get(&url).await;
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_codes_and_tokens_have_160_random_bits() {
    use base64::Engine as _;
    let app = LocalApp::start().await;
    let code = app.code("web", &[]).await;
    let refresh_token = app.connect("web").await.refresh_token;
    for sealed in [&code, &refresh_token] {
        let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(sealed).unwrap().claims;
        let random = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims["jti"].as_str().unwrap()).unwrap();
        assert!(random.len() >= 20, "{claims}");
    }
    assert_ne!(code, app.code("web", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_scope_defaults_to_the_clients_and_can_only_be_narrowed() {
    let app = LocalApp::start().await;
    let narrow = app.code("web", &[("scope", "spring_read signature")]).await;
    let connected = connection(&app.redeem("web", &narrow, &[]).await);
    assert_eq!(connected.scope, "signature spring_read", "the answer names the scope, because it may differ");
    for scope in ["signature extended", "\"", "impersonation"] {
        assert_sent_back(
            &app.sign_in(&app.authorize_url("web", &[("scope", scope)]), INTEGRATION_USER).await,
            "invalid_scope",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_s3_public_clients_and_clients_with_require_pkce_must_use_pkce() {
    let app = LocalApp::start().await;
    for client_id in ["native", "strict"] {
        assert_sent_back(&app.sign_in(&app.authorize_url(client_id, &[]), INTEGRATION_USER).await, "invalid_request");
        app.connect(client_id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_plain_is_refused_and_so_is_a_missing_method() {
    let app = LocalApp::start().await;
    for method in ["plain", "s256", "S512", ""] {
        let url = app.authorize_url("web", &[("code_challenge", CHALLENGE), ("code_challenge_method", method)]);
        assert_sent_back(&app.sign_in(&url, INTEGRATION_USER).await, "invalid_request");
    }
    let method_only = app.authorize_url("web", &[("code_challenge_method", "S256")]);
    assert_sent_back(&app.sign_in(&method_only, INTEGRATION_USER).await, "invalid_request");
    for challenge in ["short", &"a".repeat(129), &"+".repeat(43)] {
        let url = app.authorize_url("web", &[("code_challenge", challenge), ("code_challenge_method", "S256")]);
        assert_sent_back(&app.sign_in(&url, INTEGRATION_USER).await, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_s4_every_authorization_response_names_the_issuer() {
    let app = LocalApp::start().await;
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    let good = app.sign_in(&app.authorize_url("web", &[]), INTEGRATION_USER).await;
    let bad = app.sign_in(&app.authorize_url("web", &[("scope", "more")]), INTEGRATION_USER).await;
    let denied = app.sign_in(&app.authorize_url("web", &[]), OTHER_USER).await;
    for visit in [good, bad, denied] {
        assert_eq!(visit.parameter("iss").as_deref(), metadata["issuer"].as_str(), "{}", visit.url);
    }
    let clients = serde_json::json!([client("quiet", &serde_json::json!({"authorization_response_iss": false}))]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let quiet = app.sign_in(&app.authorize_url("quiet", &[]), INTEGRATION_USER).await;
    assert!(quiet.parameter("code").is_some() && quiet.parameter("iss").is_none(), "{}", quiet.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workfront_profile_needs_only_the_path_and_a_state() {
    let app = LocalApp::start().await;
    let url = format!("{}/oauth/authorize/workfront?state=wf", app.issuer);
    let visit = app.sign_in(&url, INTEGRATION_USER).await;
    assert_eq!(visit.parameter("state").as_deref(), Some("wf"));
    let form = [("grant_type", "authorization_code"), ("code", &visit.parameter("code").unwrap())];
    connection(&app.token("workfront", &form).await);
    let agreeing = format!("{}/oauth/authorize/workfront?client_id=workfront&state=wf&response_type=code", app.issuer);
    assert!(app.sign_in(&agreeing, INTEGRATION_USER).await.parameter("code").is_some());
    let differing = app.get("/oauth/authorize/workfront?client_id=web&state=wf").await;
    assert_error_page(&differing, "The app did not identify itself");
    let wrong = app.sign_in(&format!("{url}&response_type=token"), INTEGRATION_USER).await;
    assert_sent_back(&wrong, "unsupported_response_type");
    let unregistered = app.get(&format!("{url}&redirect_uri=https%3A%2F%2Fevil.example")).await;
    assert_error_page(&unregistered, "This redirect URI is not registered yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_profiles_do_not_get_the_exceptions_for_workfront() {
    let app = LocalApp::start().await;
    let in_path =
        app.get("/oauth/authorize/web?state=x&response_type=code&redirect_uri=https%3A%2F%2Fclient.example%2Fcb").await;
    assert_error_page(&in_path, "The app did not identify itself");
    let both =
        format!("{}/oauth/authorize/web?{}", app.issuer, app.authorize_url("web", &[]).split_once('?').unwrap().1);
    assert!(app.sign_in(&both, INTEGRATION_USER).await.parameter("code").is_some());
    for path in ["/oauth/authorize/web/more", "/oauth/authorizeweb", "/oauth/authorize//"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
}
