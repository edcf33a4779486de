//! `evergrant doctor` checks trusted issuers, and says which claim of an assertion does not fit.

use sandbox::Sandbox;
use sandbox::docusign::unix_now;
use serde_json::{Value, json};

use super::issuer::{Document, TestIssuer};
use super::signer::{Signer, changed};
use super::{AUDIENCE, SUBJECT, client, trusted};
use crate::support::{TestEnvironment, run};

/// Runs the doctor; the exit code and the checks called `name`.
async fn doctor(arguments: &[&str], environment: &TestEnvironment, name: &str) -> (Option<i32>, Vec<Value>) {
    let output = run(&[&["doctor", "--json"], arguments].concat(), environment).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let checks = report["checks"].as_array().into_iter().flatten().filter(|check| check["check"] == name);
    (output.status.code(), checks.cloned().collect())
}

#[track_caller]
fn assert_finding(check: &Value, title: &str, verdict: &str, finding: &str) {
    assert_eq!((&check["title"], &check["verdict"]), (&title.into(), &verdict.into()), "{check:#}");
    assert!(check["finding"].as_str().unwrap().contains(finding), "{check:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_every_issuer_and_explains_an_assertion() {
    let (issuer, key, own) = (TestIssuer::start(&[]).await, Signer::rsa("key-1"), Signer::p256("own-1"));
    issuer.publish(&[&key, &Signer::p384("other")]);
    let broken = format!("{}/broken", issuer.url);
    let keys = format!("{}/own", issuer.url);
    issuer.set("/broken/.well-known/openid-configuration", Document::Redirect(issuer.url.clone()));
    issuer.set("/own", Document::Json(json!({"keys": [own.jwk()]})));
    let clients = json!([
        client("deploy", &json!([trusted(&issuer.url)])),
        client("other", &json!([changed(&trusted(&issuer.url), &json!({"subject": "other"})), trusted(&broken)])),
        client("itself", &json!([{ "jwks_uri": keys }])),
        client("twin", &json!([changed(&trusted(&issuer.url), &json!({"subject": "other"}))])),
    ]);
    let sandbox = Sandbox::start().await;
    let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"));
    let environment = environment.with("EVERGRANT_CLIENTS", &clients.to_string());
    let (code, checks) = doctor(&[], &environment, "trusted_issuer").await;
    assert_eq!((code, checks.len()), (Some(1), 3), "{checks:#?}");
    assert_finding(&checks[0], &format!("Trusted issuer {}", issuer.url), "good", "usable: 1");
    assert_finding(&checks[1], &format!("Trusted issuer {broken}"), "bad", "redirects are not followed");
    assert!(checks[1]["fix"].as_str().unwrap().contains("exactly as its tokens have it in iss"));
    assert_finding(&checks[2], &format!("Client keys at {keys}"), "good", "usable: 1");
    let now = unix_now();
    let claims = json!({"iss": issuer.url, "aud": AUDIENCE, "sub": SUBJECT, "exp": now + 600, "iat": now});
    let of_other = changed(&claims, &json!({"iss": broken}));
    let own_claims =
        json!({"iss": "itself", "sub": "itself", "aud": "http://127.0.0.1:1", "exp": now + 60, "jti": "1"});
    let exchange = changed(&claims, &json!({"aud": "api://AzureADTokenExchange"}));
    for (token, code, title, verdict, finding) in [
        (key.token(&claims), 0, "Client deploy", "good", "accepts it"),
        (format!("Bearer {}\n", key.token(&claims)), 0, "Client other", "skipped", "sub is `repo:contoso/deploy"),
        (own.token(&own_claims), 0, "Client itself", "good", "accepts it"),
        (key.token(&changed(&claims, &json!({"sub": "other"}))), 0, "Client twin", "good", "accepts it"),
        (
            key.token(&changed(&claims, &json!({"sub": "other"}))),
            0,
            "Gateway and triggers",
            "note",
            "as bearer it is refused with 403",
        ),
        (
            key.token(&exchange),
            1,
            "Client deploy",
            "bad",
            "audience is `api://AzureADTokenExchange`, the client expects `api://evergrant`",
        ),
        (own.token(&claims), 1, "Client deploy", "bad", "no key of the issuer has the kid `own-1`"),
        (key.token(&own_claims), 1, "Client itself", "bad", "no key of the issuer has the kid `key-1`"),
        (key.token(&of_other), 1, "Client other", "bad", "redirects are not followed"),
        (key.token(&changed(&claims, &json!({"exp": now - 100}))), 1, "Client deploy", "bad", "expired"),
        (
            key.token(&changed(&claims, &json!({"iss": "https://x.example"}))),
            1,
            "Clients",
            "bad",
            "`https://x.example`",
        ),
        ("a.b".to_owned(), 1, "Assertion", "bad", "2 parts instead of 3"),
        (key.token_with(&json!({"alg": "none"}), &claims), 1, "Assertion", "bad", "alg is `none`"),
    ] {
        let file = sandbox.file("assertion.txt", &token).display().to_string();
        let (found, checks) = doctor(&["--assertion", &file], &environment, "assertion").await;
        let check =
            checks.iter().find(|check| check["title"] == title).unwrap_or_else(|| panic!("{title}: {checks:#?}"));
        assert_finding(check, title, verdict, finding);
        assert_eq!(found, Some(code), "{checks:#?}");
    }
    let (code, _) = doctor(&["--assertion", "no such file"], &environment, "assertion").await;
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn a_check_of_the_registry_warns_of_wildcards_of_everyones_issuers_and_of_http() {
    const GITHUB: &str = "https://token.actions.githubusercontent.com";
    let entry = |issuer: &str, claims: Value| json!({"issuer": issuer, "audience": "a", "claims": claims});
    let clients = json!([
        client("exact", &json!([entry("https://issuer.example", json!({"ref": "refs/heads/main"}))])),
        client("star", &json!([entry("https://issuer.example", json!({"ref": "refs/heads/*"}))])),
        client("owned", &json!([entry(GITHUB, json!({"environment": "production", "repository": "contoso/deploy"}))])),
        client("everyone", &json!([entry(GITHUB, json!({"environment": "production"}))])),
        client("http", &json!([{"jwks_uri": "http://127.0.0.1:9/keys"}])),
    ]);
    let environment = TestEnvironment::default().with("EVERGRANT_CLIENTS", &clients.to_string());
    let output = run(&["client", "check", "--json"], &environment).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let warnings: Vec<(&str, &str)> = report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| (warning["client_id"].as_str().unwrap(), warning["warning"].as_str().unwrap()))
        .collect();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(warnings.iter().map(|(client_id, _)| *client_id).collect::<Vec<_>>(), ["star", "everyone", "http"]);
    for (warning, words) in warnings.iter().zip(["ends with *", "no claim names the repository", "http://"]) {
        assert!(warning.1.contains(words), "{warnings:?}");
    }
}
