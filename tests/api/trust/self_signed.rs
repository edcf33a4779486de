//! `private_key_jwt`: assertions that a client signs itself.

use futures_util::future::join_all;
use sandbox::Sandbox;
use sandbox::docusign::unix_now;
use serde_json::{Value, json};

use super::issuer::{Document, TestIssuer};
use super::signer::{Signer, changed};
use super::{ASSERTION_TYPE, Stage, client};
use crate::local::{REDIRECT_URI, connection};
use crate::support::{TestApp, assert_error, assert_outage, start_host};

#[tokio::test(flavor = "multi_thread")]
async fn s8_a_client_signs_assertions_for_every_grant_and_for_revocation() {
    let web = json!({"grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [REDIRECT_URI]});
    let own = Signer::rsa("web-1");
    let more = json!([changed(&client("web", &json!([{"jwks": {"keys": [own.jwk()]}}])), &web)]);
    let stage = Stage::with(&more).await;
    let endpoint = format!("{}/oauth/token", stage.app.issuer);
    for (number, changes) in [
        json!({}),
        json!({"aud": endpoint}),
        json!({"aud": [stage.app.issuer, endpoint]}),
        json!({"aud": [stage.app.issuer]}),
        json!({"iat": stage.now(), "nbf": stage.now()}),
        json!({"exp": stage.now() + 3600}),
        json!({"exp": stage.now() + 3600, "iat": stage.now() - 60, "nbf": stage.now() - 60}),
    ]
    .iter()
    .enumerate()
    {
        let assertion = stage.own.token(&changed(&stage.own_claims(&format!("good-{number}")), changes));
        let answer = stage.token("itself", &assertion).await;
        assert_eq!(answer.status, 200, "{changes}: {}", answer.text());
    }
    let without_client_id = stage.own.token(&stage.own_claims("without"));
    assert_eq!(stage.form(&[("client_assertion", &without_client_id)]).await.status, 200);
    let assertion = |jti: &str| own.token(&changed(&stage.own_claims(jti), &json!({"iss": "web", "sub": "web"})));
    let post = async |path: &str, jti: &str, form: &[(&str, &str)]| {
        let assertion = assertion(jti);
        let with = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
        stage.app.http.post_form(&format!("{}{path}", stage.app.issuer), &[], &[form, &with].concat()).await
    };
    let code = stage.app.code("web", &[]).await;
    let redeemed = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT_URI)];
    let connected = connection(&post("/oauth/token", "1", &redeemed).await);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", connected.refresh_token.as_str())];
    let again = connection(&post("/oauth/token", "2", &refresh).await);
    assert_eq!(again.refresh_token, connected.refresh_token, "it is no public client, so nothing rotates");
    assert_error(&post("/oauth/token", "2", &refresh).await, 401, "invalid_client");
    let unproved = [&refresh[..], &[("client_id", "web")]].concat();
    let unproved = stage.app.http.post_form(&endpoint, &[], &unproved).await;
    assert_error(&unproved, 401, "invalid_client");
    let token = [("token", connected.refresh_token.as_str())];
    assert_error(&post("/oauth/revoke", "2", &token).await, 401, "invalid_client");
    assert_eq!(post("/oauth/revoke", "3", &token).await.status, 200);
    assert_error(&post("/oauth/token", "4", &refresh).await, 400, "invalid_grant");
}

/// Assertions that are refused, as changes of a good one.
fn refused(stage: &Stage) -> Vec<(&'static str, Value)> {
    let now = stage.now();
    vec![
        ("aud missing", json!({"aud": null})),
        ("aud of another server", json!({"aud": "https://other.example"})),
        ("aud with a slash", json!({"aud": format!("{}/", stage.app.issuer)})),
        ("aud of another endpoint", json!({"aud": format!("{}/oauth/revoke", stage.app.issuer)})),
        ("aud also of another server", json!({"aud": [stage.app.issuer, "https://other.example"]})),
        ("aud an empty array", json!({"aud": []})),
        ("exp missing", json!({"exp": null})),
        ("exp passed", json!({"exp": now - 61})),
        ("exp in two hours", json!({"exp": now + 7200})),
        ("exp a fraction", json!({"exp": 1.5})),
        ("a lifetime of an hour and two minutes", json!({"exp": now + 3600, "iat": now - 121})),
        ("a lifetime of two hours", json!({"exp": now + 60, "iat": now - 7200})),
        ("nbf in the future", json!({"nbf": now + 120})),
        ("iat in the future", json!({"iat": now + 120})),
        ("jti missing", json!({"jti": null})),
        ("jti empty", json!({"jti": ""})),
        ("jti a number", json!({"jti": 1})),
        ("jti too long", json!({"jti": "x".repeat(513)})),
        ("sub of another client", json!({"sub": "deploy"})),
        ("sub missing", json!({"sub": null})),
        ("iss of another client", json!({"iss": "deploy"})),
        ("iss missing", json!({"iss": null})),
        ("iss and sub of another client", json!({"iss": "neighbor", "sub": "neighbor"})),
        ("iss and sub of an issuer's client", json!({"iss": "deploy", "sub": "deploy"})),
        ("iss in other letters", json!({"iss": "Itself", "sub": "Itself"})),
    ]
}

/// `token` is refused at the token endpoint, and as bearer. `name` is where it comes from, so that no limit is met.
async fn assert_refused(stage: &Stage, token: &str, name: &str) {
    for client_id in ["itself", ""] {
        let answer = stage.token_from(client_id, token, name).await;
        assert_error(&answer, 401, "invalid_client");
    }
    assert_error(&stage.call_from(token, &[("x-forwarded-for", name)]).await, 401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_with_a_wrong_claim_is_refused() {
    let stage = Stage::start().await;
    for (number, (name, changes)) in refused(&stage).into_iter().enumerate() {
        let token = stage.own.token(&changed(&stage.own_claims(&format!("refused-{number}")), &changes));
        assert_refused(&stage, &token, name).await;
    }
    assert_eq!(stage.issuer.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_did_not_sign_for_this_request_is_refused() {
    let (trusting, stranger) = (Signer::p256("own-1"), Signer::p256("own-2"));
    let more = json!([client("neighbor", &json!([{"jwks": {"keys": [stranger.jwk()]}}]))]);
    let stage = Stage::with(&more).await;
    let good = stage.own.token(&stage.own_claims("good"));
    let public = serde_json::to_vec(&stage.own.jwk()).unwrap();
    let hmac = Signer::hmac(&json!({"alg": "HS256", "kid": "own-1"}), &stage.own_claims("hmac"), &public);
    for (name, token) in [
        ("another key with the kid", trusting.token(&stage.own_claims("other-1"))),
        ("another client's key", stranger.token(&stage.own_claims("other-2"))),
        ("a key in the header", trusting.token_with(&json!({"jwk": trusting.jwk()}), &stage.own_claims("other-3"))),
        ("HS256 with the public key", hmac),
        ("the issuer's key", stage.rsa.token(&stage.own_claims("other-4"))),
    ] {
        assert_refused(&stage, &token, name).await;
    }
    for client_id in ["neighbor", "deploy", "unknown"] {
        assert_error(&stage.token(client_id, &good).await, 401, "invalid_client");
    }
    assert_error(&stage.call(&good).await, 401, "invalid_token");
    assert_eq!(stage.token("itself", &good).await.status, 200, "it was not used up before");
    assert_error(&stage.token("itself", &good).await, 401, "invalid_client");
    let resigned = stage.own.token(&stage.own_claims("good"));
    assert_error(&stage.token("itself", &resigned).await, 401, "invalid_client");
    assert_eq!(stage.issuer.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_method_of_authentication_and_all_of_it() {
    let stage = Stage::start().await;
    let endpoint = format!("{}/oauth/token", stage.app.issuer);
    let token = stage.rsa.token(&stage.claims());
    let (assertion, kind) = (("client_assertion", token.as_str()), ("client_assertion_type", ASSERTION_TYPE));
    let (client_id, secret) = (("client_id", "deploy"), ("client_secret", "x"));
    let basic = crate::support::basic("deploy", "x");
    let basic = [("authorization", basic.as_str())];
    let bearer = format!("Bearer {token}");
    let bearer = [("authorization", bearer.as_str())];
    for (headers, form, status, error) in [
        (&[][..], &[client_id, assertion, kind, secret][..], 400, "invalid_request"),
        (&basic, &[assertion, kind], 400, "invalid_request"),
        (&bearer, &[client_id, assertion, kind], 400, "invalid_request"),
        (&[], &[client_id, assertion], 400, "invalid_request"),
        (&[], &[client_id, kind], 400, "invalid_request"),
        (&[], &[client_id, kind, ("client_assertion", "")], 400, "invalid_request"),
        (&[], &[client_id, assertion, ("client_assertion_type", "jwt-bearer")], 401, "invalid_client"),
        (&[], &[client_id, assertion, kind, kind], 400, "invalid_request"),
        (&[], &[client_id, assertion, assertion, kind], 400, "invalid_request"),
        (&[], &[assertion, kind], 401, "invalid_client"),
        (&[], &[client_id], 401, "invalid_client"),
        (&[], &[client_id, secret], 401, "invalid_client"),
        (&bearer, &[client_id], 401, "invalid_client"),
    ] {
        let form = [&[("grant_type", "client_credentials")], form].concat();
        assert_error(&stage.app.http.post_form(&endpoint, headers, &form).await, status, error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_a_url_are_fetched_and_rotate() {
    let keys = TestIssuer::start(&[]).await;
    let more = json!([client("remote", &json!([{"jwks_uri": format!("{}/own?v=1", keys.url)}]))]);
    let stage = Stage::with(&more).await;
    let (old, new) = (Signer::rsa("old"), Signer::p256("new"));
    let claims = |jti: &str| changed(&stage.own_claims(jti), &json!({"iss": "remote", "sub": "remote"}));
    assert_outage(&stage.token("remote", &old.token(&claims("1"))).await);
    keys.set("/own?v=1", Document::Json(json!({"keys": [old.jwk()]})));
    stage.app.advance(10);
    assert_eq!(stage.token("remote", &old.token(&claims("1"))).await.status, 200);
    keys.set("/own?v=1", Document::Json(json!({"keys": [new.jwk()]})));
    assert_eq!(stage.token("remote", &new.token(&claims("2"))).await.status, 200);
    assert_error(&stage.token("remote", &old.token(&claims("3"))).await, 401, "invalid_client");
    assert_eq!(keys.calls(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_works_once_in_two_processes_that_share_a_store() {
    let own = Signer::p256("own-1");
    let clients = json!([client("itself", &json!([{"jwks": {"keys": [own.jwk()]}}]))]).to_string();
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients)]).await;
    let issuer = app.host.url();
    let settings = [("EVERGRANT_CLIENTS", clients.as_str()), ("EVERGRANT_PUBLIC_URL", &issuer)];
    let second = start_host(&app.sandbox, 0, &settings).await;
    let post = async |base: &str, assertion: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        app.http.post_form(&format!("{base}/oauth/token"), &[], &form).await
    };
    let claims = |jti: usize| json!({"iss": "itself", "sub": "itself", "aud": issuer, "exp": unix_now() + 60, "jti": jti.to_string()});
    for jti in 0..5 {
        let assertion = own.token(&claims(jti));
        let hosts = [issuer.clone(), second.url(), issuer.clone(), second.url()];
        let answers = join_all(hosts.iter().map(|base| post(base, &assertion))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(
            statuses,
            [200, 401, 401, 401],
            "{:?}",
            answers.iter().map(sandbox::client::Answer::text).collect::<Vec<_>>()
        );
    }
}
