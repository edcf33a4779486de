//! The metadata (RFC 8414) is true: what it lists works at the endpoints that it names, and what it does not list is refused.

use evergrant::config::{ClientsSetting, RegistryPlace};
use evergrant::endpoints::metadata::MetadataEndpoint;
use evergrant::oauth::client::ClientRegistry;
use evergrant::oauth::scope::Scope;
use evergrant::registry::Registry;
use evergrant::registry::source::RegistryLocation;
use evergrant::types::BaseUrl;
use sandbox::CLIENT_SECRET;
use sandbox::client::Answer;
use serde_json::{Value, json};

use super::registry;
use crate::local::{CHALLENGE, LocalApp, VERIFIER, client, connection};
use crate::support::{assert_error, basic};
use crate::trust::signer::Signer;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn texts(metadata: &Value, name: &str) -> Vec<String> {
    let list = metadata[name].as_array().unwrap_or_else(|| panic!("{name} in {metadata}"));
    list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// An app with a client for each method, and the keys of the one that signs its assertions.
async fn app() -> (LocalApp, Vec<Signer>, Value) {
    let signers = vec![Signer::rsa("rsa"), Signer::p256("ec"), Signer::p384("p384")];
    let usable = json!({"keys": [signers[0].jwk(), signers[1].jwk()]});
    let own = json!({"client_id": "own", "grant_types": ["client_credentials"], "trust": [{"jwks": usable}]});
    let clients = json!([
        client("machine", &json!({"grant_types": ["client_credentials"]})),
        client("native", &json!({"client_secret_sha256": []})),
        client("web", &json!({})),
        own,
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    (app, signers, metadata)
}

/// A request to the endpoint at `url`, which the client authenticates with `method`.
async fn ask(app: &LocalApp, url: &str, method: &str, assertion: &str, form: &[(&str, &str)]) -> Answer {
    let header = basic("machine", CLIENT_SECRET);
    let (headers, credentials) = match method {
        "client_secret_basic" => (vec![("authorization", header.as_str())], Vec::new()),
        "client_secret_post" => (Vec::new(), vec![("client_id", "machine"), ("client_secret", CLIENT_SECRET)]),
        "none" => (Vec::new(), vec![("client_id", "native")]),
        "private_key_jwt" => {
            (Vec::new(), vec![("client_assertion", assertion), ("client_assertion_type", ASSERTION_TYPE)])
        }
        _ => panic!("{method} is not tested"),
    };
    app.http.post_form(url, &headers, &[form, &credentials].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_method_of_authentication_works_at_both_endpoints() {
    let (app, signers, metadata) = app().await;
    let [token, revocation] =
        ["token_endpoint", "revocation_endpoint"].map(|name| metadata[name].as_str().unwrap().to_owned());
    let claims = |jti: &str| json!({"iss": "own", "sub": "own", "aud": app.issuer, "exp": sandbox::docusign::unix_now() + 60, "jti": jti});
    for method in texts(&metadata, "token_endpoint_auth_methods_supported") {
        let assertion = signers[0].token(&claims(&format!("token {method}")));
        let answer = ask(&app, &token, &method, &assertion, &[("grant_type", "client_credentials")]).await;
        // A public client cannot use this grant type, but it was authenticated.
        let expected = if method == "none" { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{method}: {}", answer.text());
        assert!(method != "none" || answer.json()["error"] == "unauthorized_client");
    }
    for method in texts(&metadata, "revocation_endpoint_auth_methods_supported") {
        let assertion = signers[0].token(&claims(&format!("revocation {method}")));
        let answer = ask(&app, &revocation, &method, &assertion, &[("token", "x")]).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_algorithm_verifies_assertions_and_no_other_does() {
    let (app, signers, metadata) = app().await;
    let listed = texts(&metadata, "token_endpoint_auth_signing_alg_values_supported");
    assert_eq!(listed, texts(&metadata, "revocation_endpoint_auth_signing_alg_values_supported"));
    let signer = |alg: &str| match alg {
        "ES256" => &signers[1],
        "ES384" => &signers[2],
        _ => &signers[0],
    };
    for (path, form) in [("/oauth/token", ("grant_type", "client_credentials")), ("/oauth/revoke", ("token", "x"))] {
        for alg in ["RS256", "PS256", "ES256", "RS384", "ES384", "HS256", "none"] {
            let claims = json!({
                "iss": "own", "sub": "own", "aud": app.issuer, "exp": sandbox::docusign::unix_now() + 60,
                "jti": format!("{path} {alg}"),
            });
            let assertion = signer(alg).token_with(&json!({ "alg": alg }), &claims);
            let url = format!("{}{path}", app.issuer);
            let answer = ask(&app, &url, "private_key_jwt", &assertion, &[form]).await;
            let is_listed = listed.iter().any(|listed| listed == alg);
            assert_eq!(answer.status, if is_listed { 200 } else { 401 }, "{path} {alg}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_grant_type_response_type_and_challenge_method_works() {
    let (app, _, metadata) = app().await;
    assert_eq!(texts(&metadata, "response_types_supported"), ["code"]);
    assert_eq!(texts(&metadata, "response_modes_supported"), ["query"]);
    for method in texts(&metadata, "code_challenge_methods_supported") {
        let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", method.as_str())];
        let code = app.code("web", &pkce).await;
        let connected = connection(&app.redeem("web", &code, &[("code_verifier", VERIFIER)]).await);
        connection(&app.refresh("web", &connected.refresh_token, &[]).await);
    }
    let listed = texts(&metadata, "grant_types_supported");
    assert_eq!(listed, ["authorization_code", "refresh_token", "client_credentials"], "each one was used, or is below");
    assert_eq!(app.token("machine", &[("grant_type", "client_credentials")]).await.status, 200);
    for other in ["implicit", "password", "urn:ietf:params:oauth:grant-type:device_code"] {
        assert_error(&app.token("machine", &[("grant_type", other)]).await, 400, "unsupported_grant_type");
    }
    for name in ["introspection_endpoint", "registration_endpoint", "jwks_uri", "userinfo_endpoint"] {
        assert!(metadata.get(name).is_none(), "{name} is not offered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_scope_that_a_client_has_is_granted_and_endpoints_are_below_the_issuer() {
    let (app, _, metadata) = app().await;
    let own = crate::local::SCOPE;
    for scope in texts(&metadata, "scopes_supported") {
        let answer = app.token("machine", &[("grant_type", "client_credentials"), ("scope", &scope)]).await;
        if own.split(' ').any(|owned| owned == scope) {
            assert_eq!((answer.status.as_u16(), answer.json()["scope"].as_str()), (200, Some(scope.as_str())));
        } else {
            assert_error(&answer, 400, "invalid_scope");
        }
    }
    let issuer = metadata["issuer"].as_str().unwrap();
    assert_eq!(issuer, app.issuer);
    for (name, url) in metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint")) {
        let path = url.as_str().unwrap().strip_prefix(issuer).unwrap();
        let answer = app.http.call(http::Method::PUT, url.as_str().unwrap(), &[], "").await;
        assert_eq!(answer.status, 405, "{name}: {path} is a route, which PUT is no method of");
    }
}

/// The answer of the metadata endpoint for these clients; `None` if they are not known yet.
fn answer(clients: Option<ClientRegistry>) -> evergrant::web::response::Response {
    let place = RegistryPlace::File("clients.json".to_owned());
    let setting = ClientsSetting { place, at_start: clients, digest: None };
    let scopes = Scope::parse("signature spring_read").unwrap();
    let registry = Registry::new(&setting, RegistryLocation::Setting, scopes.clone());
    MetadataEndpoint { issuer: BaseUrl::parse("https://evergrant.example").unwrap(), scopes, registry }
        .answer()
        .response
}

#[test]
fn the_metadata_follows_the_clients_and_is_cached_only_if_they_are_known() {
    let public = client("native", &json!({"client_secret_sha256": []}));
    let quiet = client("quiet", &json!({"authorization_response_iss": false}));
    let web = client("web", &json!({}));
    for (clients, has_none, names_issuer) in [
        (Some(json!([])), false, true),
        (Some(json!([web])), false, true),
        (Some(json!([web, public])), true, true),
        (Some(json!([web, quiet])), false, false),
        (Some(json!([quiet, public])), true, false),
        (None, false, true),
    ] {
        let is_known = clients.is_some();
        let response = answer(clients.as_ref().map(registry));
        let metadata: Value = serde_json::from_slice(response.body()).unwrap();
        for name in ["token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"] {
            assert_eq!(texts(&metadata, name).contains(&"none".to_owned()), has_none, "{clients:?}");
        }
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], names_issuer, "{clients:?}");
        let cache_control = response.headers()["cache-control"].to_str().unwrap();
        assert_eq!(cache_control, if is_known { "public, max-age=300" } else { "no-store" });
        assert_eq!(response.headers().contains_key("pragma"), !is_known);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}
