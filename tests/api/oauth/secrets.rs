//! No secret is in a `Debug`: one row for each type that holds one.

use evergrant::oauth::assertion::compact::Assertion;
use evergrant::oauth::client::authentication::{AuthenticationParameters, ClientAuthentication, JWT_BEARER};
use evergrant::oauth::client::claimed::ClaimedCredentials;
use evergrant::oauth::client::credentials::Credentials;
use evergrant::oauth::client::{Client, ClientRegistry};
use evergrant::oauth::form::Form;
use evergrant::oauth::reply::AccessTokenResponse;
use evergrant::oauth::scope::Scope;
use evergrant::sealing::secret::SealingSecret;
use evergrant::secret::random;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::registry;
use crate::local::client;
use crate::support::basic;
use crate::trust::signer::Signer;

const SECRET: &str = "marker-hunter2-marker";

/// A token request with a secret everywhere.
fn form(headers: HeaderMap) -> Form {
    let body = format!(
        "grant_type=authorization_code&client_id=web&client_secret={SECRET}&code={SECRET}&code_verifier={SECRET}&refresh_token={SECRET}"
    );
    Form { headers, query: Some(format!("client_secret={SECRET}")), body: body.into() }
}

fn with_basic() -> HeaderMap {
    HeaderMap::from_iter([
        (AUTHORIZATION, basic("web", SECRET).parse().unwrap()),
        (CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap()),
    ])
}

#[track_caller]
fn assert_hidden(what: &str, printed: &str) {
    let encoded = basic("web", SECRET);
    for secret in [SECRET, encoded.trim_start_matches("Basic "), &format!("{:?}", SECRET.as_bytes())] {
        assert!(!printed.contains(secret), "{what}: {printed}");
    }
}

#[test]
fn what_a_request_brings_is_not_printed() {
    let assertion = Signer::p256("k").token(&json!({"iss": "web", "sub": SECRET, "jti": SECRET}));
    let parameters = || AuthenticationParameters {
        client_id: Some("web".into()),
        client_secret: Some(SECRET.into()),
        client_assertion: Some(assertion.as_str().into()),
        client_assertion_type: Some(JWT_BEARER.into()),
    };
    let secret_only = AuthenticationParameters { client_assertion: None, client_assertion_type: None, ..parameters() };
    let assertion_only = AuthenticationParameters { client_secret: None, ..parameters() };
    let by_secret = ClientAuthentication::read(&HeaderMap::new(), secret_only).unwrap();
    let by_assertion = ClientAuthentication::read(&HeaderMap::new(), assertion_only).unwrap();
    let by_basic = Credentials::read(&with_basic(), None, None).unwrap();
    let claimed = ClaimedCredentials::read(&form(with_basic()));
    let in_json =
        Form { body: json!({"client_id": "web", "client_secret": SECRET}).to_string().into(), ..Form::default() };
    let claimed_in_json = ClaimedCredentials::read(&in_json);
    for (what, printed) in [
        ("form", format!("{:?}", form(with_basic()))),
        ("parameters", format!("{:?}", parameters())),
        ("client authentication by a secret", format!("{by_secret:?}")),
        ("client authentication by an assertion", format!("{by_assertion:?}")),
        ("HTTP Basic", format!("{by_basic:?}")),
        ("claimed credentials", format!("{claimed:?}")),
        ("claimed credentials in JSON", format!("{claimed_in_json:?}")),
        ("assertion", format!("{:?}", Assertion::parse(&assertion).unwrap())),
    ] {
        assert_hidden(what, &printed);
        assert!(assertion.split('.').all(|part| !printed.contains(part)), "{what}: {printed}");
    }
}

#[test]
fn a_token_request_is_printed_without_its_code_token_verifier_and_secret() {
    use evergrant::endpoints::token::request::TokenRequest;
    let form = form(HeaderMap::from_iter([(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap())]));
    let request = TokenRequest::read(&form, &ClientRegistry::default()).unwrap();
    assert_hidden("token request", &format!("{request:?}"));
    assert_eq!(request.code.code.unwrap().expose_secret(), SECRET, "it is there");
}

#[test]
fn what_an_answer_brings_is_not_printed() {
    let (secret, scope) = (SecretString::from(SECRET), Scope::parse("signature").unwrap());
    let response =
        AccessTokenResponse { access_token: &secret, expires_in: 1, scope: &scope, refresh_token: Some(&secret) };
    assert_hidden("token response", &format!("{response:?}"));
    let generated = random::client_secret();
    assert!(!format!("{generated:?}").contains(generated.expose_secret()));
}

#[test]
fn a_sealing_secret_prints_only_the_name_of_its_key() {
    let secret = SealingSecret::derive("key-1".to_owned(), b"signature").unwrap();
    let printed = format!("{secret:?}");
    assert!(printed.contains("key-1"), "{printed}");
    for derived in [secret.code_verifier("jti"), secret.successor_jti("grant", 1)] {
        assert!(!printed.contains(&derived));
    }
    assert_eq!(printed, format!("{:?}", SealingSecret::derive("key-1".to_owned(), b"other").unwrap()));
}

#[test]
fn a_registered_client_holds_digests_and_no_secret() {
    let entry = client(
        "web",
        &json!({"client_secret_sha256": [sandbox::digest(SECRET)], "api_key_sha256": [sandbox::digest("key")]}),
    );
    let clients = registry(&json!([entry]));
    let found: &Client = clients.find("web").unwrap();
    assert!(found.has_secret(SECRET) && clients.by_api_key("key").is_some());
    assert_hidden("client", &format!("{found:?}"));
    for other in ["", "marker", &sandbox::digest(SECRET), &SECRET.to_uppercase()] {
        assert!(!found.has_secret(other), "{other}");
    }
}

#[test]
fn random_values_are_different_and_have_their_length() {
    let ids: std::collections::HashSet<String> = (0..200).map(|_| random::id::<32>()).collect();
    assert_eq!(ids.len(), 200);
    assert!(
        ids.iter()
            .all(|id| id.len() == 43 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
    );
    assert_eq!(random::id::<16>().len(), 22);
    // More than the buffer of a thread holds.
    let ids: std::collections::HashSet<String> = (0..500).map(|_| random::public_id()).collect();
    assert!(ids.len() == 500 && ids.iter().all(|id| id.len() == 32));
}
