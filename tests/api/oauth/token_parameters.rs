//! `POST /oauth/token` and `POST /oauth/revoke` with each parameter in every wrong form (RFC 6749 §3.2, RFC 7009 §2.1).

use http::Method;
use sandbox::CLIENT_SECRET;
use sandbox::client::Answer;

use crate::local::{CHALLENGE, LocalApp, REDIRECT_URI, VERIFIER, connection};
use crate::support::assert_error;

const TOKEN_PARAMETERS: [&str; 10] = [
    "grant_type",
    "client_id",
    "client_secret",
    "scope",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "client_assertion",
    "client_assertion_type",
];

const REVOCATION_PARAMETERS: [&str; 6] =
    ["token", "client_id", "client_secret", "client_assertion", "client_assertion_type", "token_type_hint"];

/// The forms in which `name` is malformed, whatever it is for.
fn defects(name: &str) -> [String; 6] {
    let encoded = format!("%{:02X}{}", name.as_bytes()[0], &name[1..]);
    [
        format!("{name}=a&{name}=a"),
        format!("{name}=a&{name}=b"),
        format!("{name}=&{name}=a"),
        format!("{name}=a&{name}"),
        format!("{name}=a&{encoded}=b"),
        format!("{name}=%FF"),
    ]
}

/// `pairs` as a form, without `name`.
fn form_without(pairs: &[(&str, &str)], name: &str) -> String {
    let kept = pairs.iter().filter(|(known, _)| *known != name);
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

async fn post(app: &LocalApp, path: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    app.http.call(Method::POST, &format!("{}{path}", app.issuer), &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_parameter_of_a_token_request_that_is_repeated_or_not_utf_8_is_an_invalid_request() {
    let app = LocalApp::start().await;
    let good = [("grant_type", "client_credentials"), ("client_id", "machine"), ("client_secret", CLIENT_SECRET)];
    assert_eq!(post(&app, "/oauth/token", &form_without(&good, "")).await.status, 200);
    for name in TOKEN_PARAMETERS {
        for defect in defects(name) {
            for body in
                [format!("{}&{defect}", form_without(&good, name)), format!("{defect}&{}", form_without(&good, name))]
            {
                let answer = post(&app, "/oauth/token", &body).await;
                assert_eq!(answer.status, 400, "{body}: {}", answer.text());
                assert_error(&answer, 400, "invalid_request");
            }
        }
    }
    let unknown = format!("{}&nonce=1&nonce=2&x=%20&=&", form_without(&good, ""));
    assert_eq!(post(&app, "/oauth/token", &unknown).await.status, 200, "unknown ones may be repeated");
    let blank = TOKEN_PARAMETERS.iter().filter(|name| good.iter().all(|(known, _)| known != *name));
    let blank: Vec<String> = blank.map(|name| format!("{name}=")).collect();
    let body = format!("{}&{}", form_without(&good, ""), blank.join("&"));
    assert_eq!(post(&app, "/oauth/token", &body).await.status, 200, "blank ones count as absent");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_parameter_of_a_revocation_that_is_repeated_or_not_utf_8_is_an_invalid_request() {
    let app = LocalApp::start().await;
    let connected = app.connect("web").await;
    let token = connected.refresh_token.as_str();
    let good = [("token", token), ("client_id", "web"), ("client_secret", CLIENT_SECRET)];
    for name in REVOCATION_PARAMETERS {
        for defect in defects(name) {
            let answer = post(&app, "/oauth/revoke", &format!("{}&{defect}", form_without(&good, name))).await;
            assert_error(&answer, 400, "invalid_request");
        }
    }
    connection(&app.refresh("web", token, &[]).await);
    for (missing, status, error) in [
        ("token", 400, "invalid_request"),
        ("client_id", 401, "invalid_client"),
        ("client_secret", 401, "invalid_client"),
    ] {
        for body in [form_without(&good, missing), format!("{}&{missing}=", form_without(&good, missing))] {
            assert_error(&post(&app, "/oauth/revoke", &body).await, status, error);
        }
    }
    connection(&app.refresh("web", token, &[]).await);
    let with_unknown = format!("{}&x=1&x=2&client_assertion=&token_type_hint=", form_without(&good, ""));
    assert_eq!(post(&app, "/oauth/revoke", &with_unknown).await.status, 200);
    assert_error(&app.refresh("web", token, &[]).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_malformed_redemption_uses_up_the_code() {
    let app = LocalApp::start().await;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = app.code("strict", &pkce).await;
    let good = [
        ("grant_type", "authorization_code"),
        ("client_id", "strict"),
        ("client_secret", CLIENT_SECRET),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    for (name, value, status, error) in [
        ("grant_type", "", 400, "invalid_request"),
        ("grant_type", "Authorization_Code", 400, "unsupported_grant_type"),
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", 400, "unsupported_grant_type"),
        ("grant_type", "client_credentials", 400, "unauthorized_client"),
        ("grant_type", "refresh_token", 400, "invalid_request"),
        ("client_id", "", 401, "invalid_client"),
        ("client_id", "unknown", 401, "invalid_client"),
        ("client_id", "web", 400, "invalid_grant"),
        ("client_secret", "", 401, "invalid_client"),
        ("client_secret", "wrong", 401, "invalid_client"),
        ("code", "", 400, "invalid_request"),
        ("code", "x", 400, "invalid_grant"),
        ("redirect_uri", "", 400, "invalid_request"),
        ("redirect_uri", "https://client.example/CB", 400, "invalid_grant"),
        ("redirect_uri", "https://client.example/cb?", 400, "invalid_grant"),
        ("code_verifier", "", 400, "invalid_grant"),
        ("code_verifier", CHALLENGE, 400, "invalid_grant"),
        ("code_verifier", &VERIFIER[1..], 400, "invalid_grant"),
        ("client_assertion", "x", 400, "invalid_request"),
        ("client_assertion_type", "x", 400, "invalid_request"),
    ] {
        let mut form: Vec<(&str, &str)> = good.iter().copied().filter(|(known, _)| *known != name).collect();
        form.push((name, value));
        let answer = post(&app, "/oauth/token", &form_without(&form, "")).await;
        assert_eq!(answer.status, status, "{name}={value}: {}", answer.text());
        assert_error(&answer, status, error);
    }
    // `scope` has no meaning here (RFC 6749 §4.1.3), so it changes nothing.
    let with_scope = format!("{}&scope=extended", form_without(&good, ""));
    let connected = connection(&post(&app, "/oauth/token", &with_scope).await);
    assert_eq!(connected.scope, crate::local::SCOPE);
    assert_error(&post(&app, "/oauth/token", &form_without(&good, "")).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_malformed_refresh_ends_a_connection() {
    let app = LocalApp::start().await;
    for client_id in ["web", "native"] {
        let connected = app.connect(client_id).await;
        let token = connected.refresh_token.as_str();
        for (form, error) in [
            (&[("refresh_token", token), ("refresh_token", token)][..], "invalid_request"),
            (&[("refresh_token", "")], "invalid_request"),
            (&[("refresh_token", &token[1..])], "invalid_grant"),
            (&[("refresh_token", &token[..token.len() - 1])], "invalid_grant"),
            (&[("refresh_token", token), ("scope", "extended")], "invalid_scope"),
            (&[("refresh_token", token), ("scope", "\"")], "invalid_scope"),
            (&[("refresh_token", token), ("scope", "signature"), ("scope", "signature")], "invalid_request"),
            (&[("refresh_token", token), ("client_assertion_type", "x")], "invalid_request"),
        ] {
            let form = [form, &[("grant_type", "refresh_token")]].concat();
            assert_error(&app.token(client_id, &form).await, 400, error);
        }
        let again = connection(&app.refresh(client_id, token, &[("redirect_uri", "x"), ("code", "x")]).await);
        assert_eq!(again.refresh_token == token, client_id == "web");
    }
}
