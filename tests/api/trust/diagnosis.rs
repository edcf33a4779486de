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

/// An issuer, one that redirects, a client's keys at a URL, and clients that trust them.
struct Stage {
    issuer: TestIssuer,
    key: Signer,
    own: Signer,
    sandbox: Sandbox,
    environment: TestEnvironment,
}

impl Stage {
    async fn new() -> Self {
        let (issuer, key, own) = (TestIssuer::start(&[]).await, Signer::rsa("key-1"), Signer::p256("own-1"));
        issuer.publish(&[&key, &Signer::p384("other")]);
        let redirect = Document::Redirect(issuer.url.clone());
        issuer.set("/broken/.well-known/openid-configuration", redirect);
        issuer.set("/own", Document::Json(json!({"keys": [own.jwk()]})));
        let of_other = changed(&trusted(&issuer.url), &json!({"subject": "other"}));
        let clients = json!([
            client("deploy", &json!([trusted(&issuer.url)])),
            client("other", &json!([of_other, trusted(&format!("{}/broken", issuer.url))])),
            client("itself", &json!([{ "jwks_uri": format!("{}/own", issuer.url) }])),
            client("twin", &json!([of_other])),
        ]);
        let sandbox = Sandbox::start().await;
        let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"));
        let environment = environment.with("EVERGRANT_CLIENTS", &clients.to_string());
        Self { issuer, key, own, sandbox, environment }
    }

    /// The claims of a good token of the issuer.
    fn claims(&self, changes: &Value) -> Value {
        let now = unix_now();
        let claims = json!({"iss": self.issuer.url, "aud": AUDIENCE, "sub": SUBJECT, "exp": now + 600, "iat": now});
        changed(&claims, changes)
    }

    /// The claims of a good assertion of the client `itself`.
    fn own_claims() -> Value {
        json!({"iss": "itself", "sub": "itself", "aud": "http://127.0.0.1:1", "exp": unix_now() + 60, "jti": "1"})
    }

    /// Checks what the doctor finds about `token`, in the check with this title.
    async fn assert_explained(&self, token: &str, exit_code: i32, title: &str, verdict: &str, finding: &str) {
        let file = self.sandbox.file("assertion.txt", token).display().to_string();
        let (found, checks) = doctor(&["--assertion", &file], &self.environment, "assertion").await;
        let check =
            checks.iter().find(|check| check["title"] == title).unwrap_or_else(|| panic!("{title}: {checks:#?}"));
        assert_finding(check, title, verdict, finding);
        assert_eq!(found, Some(exit_code), "{checks:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_every_issuer_once() {
    let stage = Stage::new().await;
    let url = &stage.issuer.url;
    let (code, checks) = doctor(&[], &stage.environment, "trusted_issuer").await;
    assert_eq!((code, checks.len()), (Some(1), 3), "{checks:#?}");
    assert_finding(&checks[0], &format!("Trusted issuer {url}"), "good", "usable: 1");
    assert_finding(&checks[1], &format!("Trusted issuer {url}/broken"), "bad", "redirects are not followed");
    assert!(checks[1]["fix"].as_str().unwrap().contains("exactly as its tokens have it in iss"));
    assert_finding(&checks[2], &format!("Client keys at {url}/own"), "good", "usable: 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_which_clients_a_right_assertion_proves() {
    let stage = Stage::new().await;
    let token = |changes: Value| stage.key.token(&stage.claims(&changes));
    for (token, title, verdict, finding) in [
        (token(json!({})), "Client deploy", "good", "accepts it"),
        (format!("Bearer {}\n", token(json!({}))), "Client other", "skipped", "sub is `repo:contoso/deploy"),
        (stage.own.token(&Stage::own_claims()), "Client itself", "good", "accepts it"),
        (token(json!({"sub": "other"})), "Client twin", "good", "accepts it"),
        (token(json!({"sub": "other"})), "Gateway and triggers", "note", "as bearer it is refused with 403"),
    ] {
        stage.assert_explained(&token, 0, title, verdict, finding).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_with_an_assertion() {
    let stage = Stage::new().await;
    let token = |changes: Value| stage.key.token(&stage.claims(&changes));
    let broken = format!("{}/broken", stage.issuer.url);
    for (token, title, finding) in [
        (
            token(json!({"aud": "api://AzureADTokenExchange"})),
            "Client deploy",
            "audience is `api://AzureADTokenExchange`, the client expects `api://evergrant`",
        ),
        (stage.own.token(&stage.claims(&json!({}))), "Client deploy", "no key of the issuer has the kid `own-1`"),
        (stage.key.token(&Stage::own_claims()), "Client itself", "no key of the issuer has the kid `key-1`"),
        (token(json!({ "iss": broken })), "Client other", "redirects are not followed"),
        (token(json!({"exp": unix_now() - 100})), "Client deploy", "expired"),
        (token(json!({"iss": "https://x.example"})), "Clients", "`https://x.example`"),
        ("a.b".to_owned(), "Assertion", "2 parts instead of 3"),
        (stage.key.token_with(&json!({"alg": "none"}), &stage.claims(&json!({}))), "Assertion", "alg is `none`"),
    ] {
        stage.assert_explained(&token, 1, title, "bad", finding).await;
    }
    let (code, _) = doctor(&["--assertion", "no such file"], &stage.environment, "assertion").await;
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
