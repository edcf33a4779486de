//! Tokens shaped like those of Entra ID, GitHub, GitLab and Kubernetes, and what entries with claims let through.

use serde_json::{Value, json};

use super::issuer::{Document, TestIssuer};
use super::signer::{Signer, changed};
use super::{AUDIENCE, Stage, assert_recognized, client, trusted};
use crate::support::assert_error;

const TENANT: &str = "7a1f6c3e-0000-4000-8000-2b3c4d5e6f70";
const OBJECT: &str = "0d9c8b7a-0000-4000-8000-6f5e4d3c2b1a";

/// A platform: the path of its issuer, its entry without the issuer, and the claims of its tokens that others lack.
fn platforms() -> [(&'static str, String, Value, Value); 6] {
    let entra = json!({"oid": OBJECT, "tid": TENANT, "idtyp": "app", "uti": "x", "rh": "0.x", "aio": "E2"});
    let pod = json!({"namespace": "jobs", "node": {"name": "n", "uid": "u"}, "pod": {"name": "p", "uid": "u"},
                     "serviceaccount": {"name": "report", "uid": "u"}, "warnafter": 1});
    [
        (
            "Entra v1",
            format!("/{TENANT}/"),
            json!({"audience": AUDIENCE, "subject": OBJECT, "claims": {"tid": TENANT}}),
            changed(&entra, &json!({"aud": AUDIENCE, "sub": OBJECT, "ver": "1.0", "appid": OBJECT, "appidacr": "2"})),
        ),
        (
            "Entra v2",
            format!("/{TENANT}/v2.0"),
            json!({"audience": OBJECT, "claims": {"oid": OBJECT, "tid": TENANT}}),
            changed(&entra, &json!({"aud": OBJECT, "sub": OBJECT, "ver": "2.0", "azp": OBJECT, "azpacr": "2"})),
        ),
        (
            "GitHub",
            "/github".to_owned(),
            json!({"audience": "evergrant", "claims": {"repository": "contoso/deploy", "ref": "refs/heads/*"}}),
            json!({"aud": "evergrant", "sub": "repo:contoso/deploy:ref:refs/heads/main", "ref": "refs/heads/main",
                   "ref_protected": "true", "repository": "contoso/deploy", "run_attempt": "1", "event_name": "push",
                   "job_workflow_ref": "contoso/deploy/.github/workflows/x.yml@refs/heads/main"}),
        ),
        (
            "GitLab",
            "/gitlab".to_owned(),
            json!({"audience": "https://evergrant.example", "subject": "project_path:contoso/deploy:ref_type:branch:ref:main"}),
            json!({"aud": "https://evergrant.example", "sub": "project_path:contoso/deploy:ref_type:branch:ref:main",
                   "namespace_id": "72", "project_path": "contoso/deploy", "ref_protected": "true", "user_identities": [
                       {"provider": "github", "extern_uid": "1"}], "groups_direct": ["contoso"]}),
        ),
        (
            "Kubernetes",
            "/kubernetes".to_owned(),
            json!({"audience": "evergrant", "subject": "system:serviceaccount:jobs:report"}),
            json!({"aud": ["evergrant"], "sub": "system:serviceaccount:jobs:report", "kubernetes.io": pod}),
        ),
        (
            "a person",
            "/person".to_owned(),
            json!({"audience": "evergrant", "claims": {"email": "ada@contoso.com", "email_verified": true}}),
            json!({"aud": "evergrant", "sub": "1", "email": "ada@contoso.com", "email_verified": true}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_every_platform_pass_and_those_of_others_do_not() {
    let (issuer, key) = (TestIssuer::start(&[]).await, Signer::rsa("key-1"));
    issuer.publish(&[&key]);
    let clients: Vec<Value> = platforms()
        .into_iter()
        .map(|(name, path, entry, _)| {
            let own = format!("{}/.well-known/openid-configuration", path.trim_end_matches('/'));
            issuer.set(&own, Document::Json(issuer.configuration(&path)));
            let entry = changed(&entry, &json!({"issuer": format!("{}{path}", issuer.url)}));
            client(&name.replace(' ', "-"), &json!([entry]))
        })
        .collect();
    let stage = Stage::with(&json!(clients)).await;
    for (number, (name, path, _, claims)) in platforms().into_iter().enumerate() {
        let claims = changed(&claims, &json!({"iss": format!("{}{path}", issuer.url)}));
        let token = key.token(&changed(&stage.claims(), &claims));
        for (other, (client_id, ..)) in platforms().iter().enumerate() {
            let answer = stage.token(&client_id.replace(' ', "-"), &token).await;
            assert_eq!(answer.status, if number == other { 200 } else { 401 }, "{name}, {client_id}");
        }
        assert_recognized(&stage.call(&token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_have_to_be_exact_and_a_star_is_the_rest_of_one_value() {
    let claims = json!({"repository": "contoso/deploy", "ref": "refs/heads/release-*", "protected": true});
    let stage = Stage::start().await;
    let entry = json!({"issuer": stage.issuer.url, "audience": "github", "claims": claims});
    let more = json!([client("claims", &json!([entry])), client("deploy", &json!([trusted(&stage.issuer.url)]))]);
    let mut stage = stage;
    stage.app.restart(&[("EVERGRANT_CLIENTS", &more.to_string())]).await;
    let good =
        json!({"aud": "github", "repository": "contoso/deploy", "ref": "refs/heads/release-1", "protected": true});
    for (changes, status) in [
        (json!({}), 200),
        (json!({"ref": "refs/heads/release-"}), 200),
        (json!({"sub": "anything"}), 200),
        (json!({"ref": "refs/heads/main"}), 401),
        (json!({"ref": "refs/heads/release"}), 401),
        (json!({"ref": "x/refs/heads/release-1"}), 401),
        (json!({"ref": ["refs/heads/release-1"]}), 401),
        (json!({"ref": null}), 401),
        (json!({"repository": null}), 401),
        (json!({"repository": "contoso/deploy2"}), 401),
        (json!({"repository": "Contoso/deploy"}), 401),
        (json!({"repository": ["contoso/deploy"]}), 401),
        (json!({"repository": {"contoso/deploy": true}}), 401),
        (json!({"protected": "true"}), 401),
        (json!({"protected": 1}), 401),
        (json!({"protected": false}), 401),
        (json!({"sub": null}), 401),
    ] {
        let token = stage.rsa.token(&changed(&changed(&stage.claims(), &good), &changes));
        assert_eq!(stage.token_from("claims", &token, &changes.to_string()).await.status, status, "{changes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_has_to_mean_one_client_and_no_user() {
    let issuer = TestIssuer::start(&[]).await;
    let key = Signer::rsa("key-1");
    issuer.publish(&[&key]);
    let entry = |subject: &str| json!([changed(&trusted(&issuer.url), &json!({ "subject": subject }))]);
    let person = json!({"subject": "signed_in_user", "grant_types": ["refresh_token"]});
    let twice = json!([entry("twice")[0], entry("twice")[0]]);
    let more = json!([
        client("first", &entry("both")),
        client("second", &entry("both")),
        client("twice", &twice),
        changed(&client("person", &entry("person")), &person),
    ]);
    let stage = Stage::with(&more).await;
    let token =
        |signer: &Signer, sub: &str| signer.token(&changed(&stage.claims(), &json!({"iss": issuer.url, "sub": sub})));
    assert_error(&stage.call(&token(&key, "both")).await, 403, "access_denied");
    assert_error(&stage.call(&token(&stage.rsa, "both")).await, 401, "invalid_token");
    assert_error(&stage.call(&token(&key, "person")).await, 403, "access_denied");
    assert_recognized(&stage.call(&token(&key, "twice")).await);
    for client_id in ["first", "second", "twice"] {
        let sub = if client_id == "twice" { "twice" } else { "both" };
        assert_eq!(stage.token(client_id, &token(&key, sub)).await.status, 200);
    }
    let without_client_id = token(&key, "both");
    let form = [("client_assertion", without_client_id.as_str())];
    assert_error(&stage.form(&form).await, 401, "invalid_client");
    // The routes for Workfront take no tokens of issuers.
    let bearer = format!("Bearer {}", token(&key, "twice"));
    let headers = [("authorization", bearer.as_str()), ("username", "ada@contoso.com")];
    let url = format!("{}/workfront/v1/metadata?id=/", stage.app.issuer);
    let answer = stage.app.http.call(http::Method::GET, &url, &headers, "").await;
    assert_eq!(answer.status, 403, "{}", answer.text());
}
