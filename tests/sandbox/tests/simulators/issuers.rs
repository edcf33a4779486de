//! Issuers: documents and tokens as Entra ID, GitHub and a cluster have them, and each trouble as it looks from outside.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sandbox::client::HttpClient;
use sandbox::docusign::unix_now;
use sandbox::issuers::{ENVIRONMENT, IDENTITY_OBJECT, Issuer, Issuers, PERSON_OBJECT, REPOSITORY, TENANT, Trouble};
use serde_json::{Value, json};

/// The discovery document of an issuer.
async fn discovery(http: &HttpClient, issuer: &Issuer) -> Value {
    http.get(&format!("{}/.well-known/openid-configuration", issuer.url().trim_end_matches('/'))).await.json()
}

/// The claims of a token that a key of its issuer has signed.
async fn verified(http: &HttpClient, issuer: &Issuer, token: &str) -> Value {
    let jwks = http.get(discovery(http, issuer).await["jwks_uri"].as_str().unwrap()).await;
    let keys: JwkSet = serde_json::from_slice(&jwks.body).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys.find(&header.kid.expect("a key id")).expect("a published key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_entra_id_are_those_of_its_two_versions() {
    let (issuers, _server) = Issuers::start().await;
    let (http, entra) = (HttpClient::default(), &issuers.entra);
    assert!(entra.first.url().ends_with(&format!("/{TENANT}/")) && entra.second.url().ends_with("/v2.0"));
    let first = verified(&http, &entra.first, &entra.identity_token("api://x")).await;
    assert_eq!(
        (&first["ver"], &first["aud"], &first["iss"]),
        (&json!("1.0"), &json!("api://x"), &json!(entra.first.url()))
    );
    assert_eq!(
        (&first["oid"], &first["sub"], &first["idtyp"]),
        (&json!(IDENTITY_OBJECT), &json!(IDENTITY_OBJECT), &json!("app"))
    );
    let second = verified(&http, &entra.second, &entra.identity_token_v2()).await;
    assert_eq!(
        (&second["ver"], &second["iss"], &second["tid"]),
        (&json!("2.0"), &json!(entra.second.url()), &json!(TENANT))
    );
    let person = verified(&http, &entra.second, &entra.person_token()).await;
    assert_eq!((&person["oid"], &person["scp"]), (&json!(PERSON_OBJECT), &json!("user_impersonation")));
    assert_ne!(person["sub"], person["oid"], "a person's subject is another one for each app");
    for claims in [&first, &second] {
        let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
        assert!(iat < unix_now() && exp - iat > 86_000, "a managed identity's token is valid for a day");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_at_github_says_where_it_runs() {
    let (issuers, _server) = Issuers::start().await;
    let (http, github) = (HttpClient::default(), &issuers.github);
    let claims = verified(&http, &github.issuer, &github.sign(&github.claims("https://app.example"))).await;
    assert_eq!((&claims["repository"], &claims["environment"]), (&json!(REPOSITORY), &json!(ENVIRONMENT)));
    assert!(claims["sub"].as_str().unwrap().ends_with(&format!(":environment:{ENVIRONMENT}")), "{claims}");
    assert!(claims["repository_id"].is_string() && claims["ref_protected"].is_string(), "all claims are texts");
    let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!(exp - iat, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_looks_like_itself_and_ends() {
    let (issuers, _server) = Issuers::start().await;
    let (http, issuer) = (HttpClient::default(), &issuers.github.issuer);
    let url = format!("{}/.well-known/openid-configuration", issuer.url());
    for trouble in Trouble::ALL.into_iter().filter(|trouble| !matches!(trouble, Trouble::Silent | Trouble::Slow)) {
        issuer.trouble(Some(trouble));
        let answer = http.get(&url).await;
        let json = answer.json();
        let seen = match trouble {
            Trouble::Down => answer.status == 599,
            Trouble::Failing => answer.status == 500,
            Trouble::Html => answer.status == 200 && answer.header("content-type") == "text/html",
            Trouble::Malformed => answer.status == 200 && json.is_null(),
            Trouble::Redirecting => answer.status.is_redirection() && answer.header("location").starts_with(&url),
            Trouble::Oversized => answer.body.len() > 256 * 1024 && json["issuer"] == issuer.url(),
            Trouble::OtherIssuer => json["issuer"] != issuer.url() && json["jwks_uri"].is_string(),
            Trouble::Silent | Trouble::Slow => true,
        };
        assert!(seen, "{trouble:?}: {} {}", answer.status, answer.text().get(..200).unwrap_or_default());
        issuer.trouble(None);
        assert_eq!(discovery(&http, issuer).await["issuer"], issuer.url(), "{trouble:?} has ended");
    }
    let before = (issuer.discoveries(), issuer.key_sets());
    issuer.key_trouble(Some(Trouble::Failing));
    let document = discovery(&http, issuer).await;
    assert_eq!(http.get(document["jwks_uri"].as_str().unwrap()).await.status, 500, "only the keys");
    assert_eq!((issuer.discoveries(), issuer.key_sets()), (before.0 + 1, before.1 + 1));
}
