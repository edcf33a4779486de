//! `GET /.well-known/oauth-authorization-server`, RFC 8414: one test per row of the checklist.

use http::Method;
use serde_json::json;

use crate::local::*;
use crate::support::TestApp;

const PATH: &str = "/.well-known/oauth-authorization-server";

#[tokio::test(flavor = "multi_thread")]
async fn m1_the_document_is_at_its_well_known_path_also_behind_the_host() {
    let app = TestApp::start().await;
    let answer = app.http.get(&app.url(PATH)).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json()["issuer"], app.host.url());
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_m3_m4_i2_the_metadata_is_true_and_complete() {
    let app = LocalApp::with(&[("EVERGRANT_PUBLIC_URL", "https://evergrant.example/")]).await;
    let expected = json!({
        "issuer": "https://evergrant.example",
        "authorization_endpoint": "https://evergrant.example/oauth/authorize",
        "token_endpoint": "https://evergrant.example/oauth/token",
        "revocation_endpoint": "https://evergrant.example/oauth/revoke",
        "scopes_supported": ["signature", "impersonation", "spring_read", "spring_write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    assert_eq!(app.get(PATH).await.json(), expected);
    let quiet = json!([client("quiet", &json!({"authorization_response_iss": false}))]).to_string();
    let metadata = LocalApp::with(&[("EVERGRANT_CLIENTS", &quiet)]).await.get(PATH).await.json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], false, "true for every client, or left out");
    let methods = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods, "there is no public client");
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_other_sites_may_read_only_the_metadata() {
    let app = LocalApp::start().await;
    let origin = [("origin", "https://page.example")];
    let allowed = "access-control-allow-origin";
    let metadata = app.http.call(Method::GET, &format!("{}{PATH}", app.issuer), &origin, "").await;
    assert_eq!(metadata.header(allowed), "*");
    assert_eq!(metadata.header("cache-control"), "public, max-age=300");
    let authorize = app.http.call(Method::GET, &app.authorize_url("web", &[]), &origin, "").await;
    let token = app.http.call(Method::POST, &format!("{}/oauth/token", app.issuer), &origin, "").await;
    let preflight = app.http.call(Method::OPTIONS, &app.authorize_url("web", &[]), &origin, "").await;
    for answer in [authorize, token, preflight] {
        assert_eq!(answer.header(allowed), "", "{}", answer.text());
    }
}
