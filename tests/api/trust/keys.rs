//! The keys of issuers: fetched once, rolled over, kept through an outage, and never from a broken issuer.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::issuer::{Document, TestIssuer};
use super::signer::{Signer, changed};
use super::{Stage, client, trusted};
use crate::support::{assert_error, assert_outage, until};

/// How many requests are answered with each status.
async fn statuses(stage: &Stage, count: usize, token: &str) -> Vec<(u16, usize)> {
    let answers = join_all((0..count).map(|_| stage.token("deploy", token))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses.chunk_by(|one, other| one == other).map(|group| (group[0], group.len())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_are_fetched_once_for_all_callers_and_at_most_once_a_minute() {
    let stage = Stage::start().await;
    let good = stage.rsa.token(&stage.claims());
    stage
        .issuer
        .set("/keys", Document::Late(Duration::from_millis(200), json!({"keys": [stage.rsa.jwk(), stage.ec.jwk()]})));
    assert_eq!(statuses(&stage, 30, &good).await, [(200, 30)]);
    assert_eq!(stage.issuer.calls(), 2, "one fetch for all");
    let (second, third) = (Signer::rsa("rsa-2"), Signer::rsa("rsa-3"));
    stage.issuer.set("/keys", Document::Late(Duration::from_millis(200), json!({"keys": [second.jwk()]})));
    let rolled = second.token(&stage.claims());
    assert_eq!(statuses(&stage, 30, &rolled).await, [(200, 30)], "the first load does not count");
    assert_eq!(stage.issuer.calls(), 4);
    assert_error(&stage.token("deploy", &good).await, 401, "invalid_client");
    stage.issuer.publish(&[&second, &third]);
    let rolled = third.token(&stage.claims());
    assert_error(&stage.token("deploy", &rolled).await, 401, "invalid_client");
    let forged = third.token_with(&json!({"kid": "none"}), &stage.claims());
    assert_eq!(statuses(&stage, 15, &forged).await, [(401, 15)]);
    assert_eq!(stage.issuer.calls(), 4, "the minute is not over");
    stage.app.advance(61);
    let mixed = join_all((0..30).map(|number| stage.token("deploy", [&rolled, &forged][number % 2]))).await;
    let good = mixed.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((good, stage.issuer.calls()), (15, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_issuer_refuses_no_one_for_a_day() {
    let stage = Stage::start().await;
    let start = stage.now();
    let token = || stage.rsa.token(&stage.claims());
    assert_eq!(stage.token("deploy", &token()).await.status, 200);
    stage.issuer.go_down();
    let unknown = Signer::rsa("unknown").token(&stage.claims());
    assert_outage(&stage.token("deploy", &unknown).await);
    let calls = stage.issuer.calls();
    assert_outage(&stage.token("deploy", &unknown).await);
    assert_outage(&stage.call(&unknown).await);
    assert_eq!(stage.issuer.calls(), calls, "the failure is remembered");
    for hours in [0, 1, 2, 12, 23] {
        stage.app.advance(start + hours * 3600 + 1800 - stage.now());
        assert_eq!(statuses(&stage, 10, &token()).await, [(200, 10)], "after {hours} h");
        assert_eq!(statuses(&stage, 10, &token()).await, [(200, 10)], "after {hours} h");
    }
    until(|| stage.issuer.calls() > calls).await;
    stage.app.advance(3600);
    assert_outage(&stage.token("deploy", &token()).await);
    assert_outage(&stage.call(&token()).await);
    stage.issuer.publish(&[&stage.rsa]);
    stage.app.advance(30);
    assert_eq!(stage.token("deploy", &token()).await.status, 200, "it is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_key_is_forgotten_and_an_old_set_is_refreshed_in_the_background() {
    let stage = Stage::start().await;
    let token = |signer: &Signer| signer.token(&stage.claims());
    assert_eq!(stage.token("deploy", &token(&stage.ec)).await.status, 200);
    stage.issuer.publish(&[&stage.rsa]);
    stage.app.advance(599);
    assert_eq!((stage.token("deploy", &token(&stage.ec)).await.status.as_u16(), stage.issuer.calls()), (200, 2));
    stage.app.advance(1);
    assert_eq!(stage.token("deploy", &token(&stage.ec)).await.status, 200, "no one waits");
    until(|| stage.issuer.calls() == 4).await;
    stage.app.advance(3600);
    assert_error(&stage.token("deploy", &token(&stage.ec)).await, 401, "invalid_client");
    stage.issuer.publish(&[&stage.ec]);
    stage.app.advance(3601);
    assert_error(&stage.token("deploy", &token(&stage.rsa)).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_that_fails_is_remembered() {
    let stage = Stage::start().await;
    stage.issuer.go_down();
    let token = stage.rsa.token(&stage.claims());
    assert_eq!(statuses(&stage, 30, &token).await, [(503, 30)]);
    let calls = stage.issuer.calls();
    assert!(calls <= 2, "{calls}");
    assert_eq!(statuses(&stage, 30, &token).await, [(503, 30)]);
    assert_eq!(stage.issuer.calls(), calls);
    stage.issuer.publish(&[&stage.rsa]);
    stage.app.advance(2);
    assert_eq!(statuses(&stage, 30, &token).await, [(200, 30)]);
}

/// What is wrong with an issuer, its documents, and whether that is an outage. If not, the token is refused.
type Broken = (&'static str, Document, Option<Document>, bool);

/// A configuration with these changes; `URL` is the issuer.
fn configuration(changes: &Value) -> Document {
    Document::Json(changed(&json!({"issuer": "URL", "jwks_uri": "URL/keys"}), changes))
}

fn html() -> Document {
    Document::Text(200, "<html>sign in</html>".to_owned())
}

fn padding() -> String {
    "x".repeat(256 * 1024)
}

/// Issuers with a broken configuration. Their keys are fine.
fn broken_configurations(key: &Signer) -> Vec<Broken> {
    let fine = || Some(Document::Json(json!({"keys": [key.jwk()]})));
    vec![
        ("configuration: web page", html(), fine(), true),
        ("configuration: 404", Document::Text(404, "{}".to_owned()), fine(), true),
        ("configuration: 500", Document::Text(500, "{}".to_owned()), fine(), true),
        ("configuration: 204", Document::Text(204, String::new()), fine(), true),
        ("configuration: closed", Document::Nothing, fine(), true),
        ("configuration: redirect", Document::Redirect("URL/elsewhere".to_owned()), fine(), true),
        ("configuration: another issuer", configuration(&json!({"issuer": "https://evil.example"})), fine(), true),
        ("configuration: a slash", configuration(&json!({"issuer": "URL/"})), fine(), true),
        ("configuration: no issuer", configuration(&json!({"issuer": null})), fine(), true),
        ("configuration: no jwks_uri", configuration(&json!({"jwks_uri": null})), fine(), true),
        ("configuration: jwks_uri http", configuration(&json!({"jwks_uri": "http://issuer.example/"})), fine(), true),
        ("configuration: jwks_uri file", configuration(&json!({"jwks_uri": "file:///etc/passwd"})), fine(), true),
        ("configuration: jwks_uri data", configuration(&json!({"jwks_uri": "data:,{}"})), fine(), true),
        ("configuration: jwks_uri relative", configuration(&json!({"jwks_uri": "/keys"})), fine(), true),
        ("configuration: too large", configuration(&json!({ "x": padding() })), fine(), true),
        ("configuration: an array", Document::Json(json!([])), fine(), true),
        (
            "configuration: issuer twice",
            Document::Text(200, r#"{"issuer":"x","issuer":"URL","jwks_uri":"URL/keys"}"#.to_owned()),
            fine(),
            true,
        ),
    ]
}

/// Issuers with broken or unsuitable keys.
fn broken_keys(key: &Signer) -> Vec<Broken> {
    let good = || configuration(&json!({}));
    let keys = |keys: Value| Some(Document::Json(json!({ "keys": keys })));
    let with = |changes: Value| keys(json!([key.jwk_with(&changes)]));
    vec![
        ("keys: none", good(), None, true),
        ("keys: web page", good(), Some(html()), true),
        ("keys: redirect", good(), Some(Document::Redirect("URL/elsewhere".to_owned())), true),
        ("keys: closed", good(), Some(Document::Nothing), true),
        ("keys: 500", good(), Some(Document::Text(500, "{}".to_owned())), true),
        ("keys: no array", good(), keys(json!({})), true),
        ("keys: empty", good(), keys(json!([])), true),
        ("keys: too large", good(), keys(json!([key.jwk(), { "x": padding() }])), true),
        ("keys: symmetric", good(), keys(json!([{"kty": "oct", "kid": key.kid, "k": "AAAA"}])), true),
        ("keys: private", good(), with(json!({"d": "AAAA"})), true),
        ("keys: P-384", good(), keys(json!([Signer::p384(&key.kid).jwk()])), true),
        ("keys: small", good(), with(json!({"n": "AQAB"})), true),
        ("keys: alg RS384", good(), with(json!({"alg": "RS384"})), true),
        ("keys: alg RSA-OAEP", good(), with(json!({"alg": "RSA-OAEP"})), true),
        ("keys: alg none", good(), with(json!({"alg": "none"})), true),
        ("keys: alg ES256", good(), with(json!({"alg": "ES256"})), true),
        ("keys: use enc", good(), with(json!({"use": "enc"})), true),
        ("keys: key_ops sign", good(), with(json!({"key_ops": ["sign"]})), true),
        ("keys: key_ops empty", good(), with(json!({"key_ops": []})), true),
        ("keys: alg PS256", good(), with(json!({"alg": "PS256"})), false),
        ("keys: kid a number", good(), with(json!({"kid": 1})), true),
        ("keys: another kid", good(), with(json!({"kid": "other"})), false),
        ("keys: another key", good(), keys(json!([Signer::rsa(&key.kid).jwk()])), false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_issuer_is_an_outage_and_its_keys_are_not_used() {
    let (issuer, key) = (TestIssuer::start(&[]).await, Signer::rsa("rsa-1"));
    let rows = [broken_configurations(&key), broken_keys(&key)].into_iter().flatten().collect::<Vec<_>>();
    let clients = (0..rows.len())
        .map(|number| client(&format!("client-{number}"), &json!([trusted(&format!("{}/{number}", issuer.url))])));
    let stage = Stage::with(&clients.collect()).await;
    let checks = rows.into_iter().enumerate().map(async |(number, (name, configuration, keys, is_outage))| {
        let (path, url) = (format!("/{number}"), format!("{}/{number}", issuer.url));
        issuer.set(&format!("{path}/.well-known/openid-configuration"), configuration.at(&url));
        if let Some(keys) = keys {
            issuer.set(&format!("{path}/keys"), keys.at(&url));
        }
        issuer.set(&format!("{path}/elsewhere"), Document::Json(json!({"keys": [key.jwk()]})));
        let token = key.token(&changed(&stage.claims(), &json!({ "iss": url })));
        let answers = [stage.token(&format!("client-{number}"), &token).await, stage.call(&token).await];
        let expected = if is_outage { [503, 503] } else { [401, 401] };
        assert_eq!(answers.each_ref().map(|answer| answer.status.as_u16()), expected, "{name}: {}", answers[0].text());
        if is_outage {
            for answer in &answers {
                assert_outage(answer);
            }
        }
        assert_eq!(issuer.calls_for(&format!("{path}/elsewhere")), 0, "{name}: redirects are not followed");
    });
    join_all(checks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unusual_but_right_key_sets_are_used() {
    let stage = Stage::start().await;
    let (rsa, other) = (&stage.rsa, Signer::rsa("rsa-1"));
    let good = rsa.token(&stage.claims());
    let unnamed = rsa.token_with(&json!({"kid": null}), &stage.claims());
    for (name, keys, token) in [
        ("members of no concern", json!([rsa.jwk_with(&json!({"x5c": ["AAAA"], "x5t": "x", "issuer": "y"}))]), &good),
        (
            "use, alg and key_ops",
            json!([rsa.jwk_with(&json!({"use": "sig", "alg": "RS256", "key_ops": ["verify"]}))]),
            &good,
        ),
        ("next to keys of other kinds", json!([1, {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, rsa.jwk()]), &good),
        ("two keys with one kid", json!([other.jwk(), rsa.jwk()]), &good),
        ("no kid, one key for RSA", json!([stage.ec.jwk(), rsa.jwk()]), &unnamed),
        ("no kid in the only key", json!([rsa.jwk_with(&json!({"kid": null}))]), &good),
    ] {
        stage.issuer.publish_set(json!({ "keys": keys }));
        stage.app.advance(24 * 3600);
        let token = rsa.sign_again(token, &json!({"exp": stage.now() + 600, "iat": stage.now(), "nbf": stage.now()}));
        let answer = stage.token("deploy", &token).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
    // Tokens with a kid, keys without: only the signature shows that the key is another one.
    stage.issuer.publish_set(json!({"keys": [other.jwk_with(&json!({"kid": null}))]}));
    stage.app.advance(61);
    let rolled = other.token(&stage.claims());
    assert_eq!(stage.token("deploy", &rolled).await.status, 200, "a new key without a kid");
    stage.issuer.publish(&[rsa, &other, &Signer::rsa("rsa-9")]);
    stage.app.advance(24 * 3600);
    let unnamed = rsa.sign_again(&unnamed, &json!({"exp": stage.now() + 600, "iat": stage.now(), "nbf": stage.now()}));
    assert_error(&stage.token("deploy", &unnamed).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_many_issuers_are_all_remembered() {
    let issuer = TestIssuer::start(&[]).await;
    let url = |number: usize| format!("{}/missing-{number}", issuer.url);
    let more: Vec<Value> =
        (0..70).map(|number| client(&format!("c{number}"), &json!([trusted(&url(number))]))).collect();
    let stage = Stage::with(&json!(more)).await;
    for _ in 0..2 {
        for number in 0..70 {
            let token = stage.ec.token(&changed(&stage.claims(), &json!({"iss": url(number)})));
            assert_eq!(stage.token(&format!("c{number}"), &token).await.status, 503);
        }
        assert_eq!(issuer.calls(), 70, "one for each issuer");
    }
}
