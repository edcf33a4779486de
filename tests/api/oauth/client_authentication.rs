//! How a request authenticates its client, RFC 6749 §2.3 and RFC 7521 §4.2: every combination of what a request can have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant::oauth::client::ClientRegistry;
use evergrant::oauth::client::authentication::{AuthenticationParameters, ClientAuthentication, JWT_BEARER};
use evergrant::oauth::client::claimed::ClaimedCredentials;
use evergrant::oauth::client::credentials::Credentials;
use evergrant::oauth::error::ErrorCode;
use evergrant::oauth::form::Form;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use proptest::prelude::*;
use sandbox::CLIENT_SECRET;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::registry;
use crate::local::client;
use crate::support::basic;

fn headers(authorizations: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in authorizations {
        headers.append(AUTHORIZATION, value.parse().unwrap());
    }
    headers
}

/// What a request has.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    authorization: Option<&'a str>,
    client_id: Option<&'a str>,
    client_secret: Option<&'a str>,
    assertion: Option<&'a str>,
    assertion_type: Option<&'a str>,
}

impl Request<'_> {
    fn read(&self) -> Result<&'static str, ErrorCode> {
        let parameters = AuthenticationParameters {
            client_id: self.client_id.map(Into::into),
            client_secret: self.client_secret.map(Into::into),
            client_assertion: self.assertion.map(Into::into),
            client_assertion_type: self.assertion_type.map(Into::into),
        };
        let headers = headers(&self.authorization.into_iter().collect::<Vec<_>>());
        match ClientAuthentication::read(&headers, parameters) {
            Ok(ClientAuthentication::Secret(_)) => Ok("secret"),
            Ok(ClientAuthentication::Assertion(_)) => Ok("assertion"),
            Err(error) => Err(error.error),
        }
    }

    /// How many methods of authentication it uses.
    fn methods(&self) -> usize {
        [self.authorization, self.client_secret, self.assertion].into_iter().flatten().count()
    }
}

/// Every combination.
fn requests(basic: &str) -> Vec<Request<'_>> {
    let mut requests = Vec::new();
    for authorization in [None, Some(basic), Some("Bearer x"), Some("Basic !"), Some("Negotiate x")] {
        for client_id in [None, Some("web"), Some("other")] {
            for client_secret in [None, Some("secret")] {
                for assertion in [None, Some("a.b.c")] {
                    for assertion_type in [None, Some(JWT_BEARER), Some("jwt-bearer")] {
                        requests.push(Request { authorization, client_id, client_secret, assertion, assertion_type });
                    }
                }
            }
        }
    }
    requests
}

#[test]
fn no_request_uses_two_methods_and_none_gets_through_with_half_of_one() {
    use ErrorCode::{InvalidClient, InvalidRequest};
    let basic = basic("web", "secret");
    for request in requests(&basic) {
        let expected =
            match request {
                _ if request.methods() > 1 => Err(InvalidRequest),
                Request { assertion: Some(_), assertion_type, .. } => match assertion_type {
                    Some(JWT_BEARER) => Ok("assertion"),
                    Some(_) => Err(InvalidClient),
                    None => Err(InvalidRequest),
                },
                Request { assertion_type: Some(_), .. } => Err(InvalidRequest),
                Request { authorization: Some(header), client_id, .. } if header == basic => {
                    if client_id == Some("other") { Err(InvalidRequest) } else { Ok("secret") }
                }
                Request { authorization: Some(_), .. } | Request { client_id: None, .. } => Err(InvalidClient),
                _ => Ok("secret"),
            };
        assert_eq!(request.read(), expected, "{request:?}");
    }
}

#[test]
fn two_authorization_headers_are_refused_whatever_they_are() {
    let right = basic("web", CLIENT_SECRET);
    for second in [right.as_str(), "Bearer x", "", "Basic !"] {
        for both in [[right.as_str(), second], [second, right.as_str()]] {
            let read = Credentials::read(&headers(&both), None, None);
            assert_eq!(read.err().map(|error| error.error), Some(ErrorCode::InvalidRequest), "{both:?}");
        }
    }
}

#[test]
fn a_refused_authorization_header_is_described_without_its_value() {
    for (header, named) in [
        ("Basic", "Basic and the Base64"),
        ("Basic hunter2", "Basic and the Base64"),
        ("Bearer hunter2", "a Bearer token"),
        ("Bearer hunter2, Basic x", "several headers"),
        ("Basic x,Bearer hunter2", "several headers"),
        ("Digest hunter2", "another scheme"),
        ("hunter2", "another scheme"),
        ("", "empty"),
    ] {
        for with_secret in [false, true] {
            let secret = with_secret.then(|| "hunter2".to_owned().into());
            let error = Credentials::read(&headers(&[header]), Some("web".into()), secret).unwrap_err();
            let description = error.error_description;
            assert!(!description.contains("hunter2"), "{description}");
            let expected = if with_secret { ErrorCode::InvalidRequest } else { ErrorCode::InvalidClient };
            assert_eq!(error.error, expected, "{header}");
            assert!(with_secret || description.contains(named), "{header}: {description}");
        }
    }
}

fn clients() -> ClientRegistry {
    registry(&json!([
        client("web", &json!({})),
        client("native", &json!({"client_secret_sha256": []})),
        client("bare", &json!({"secretless_refresh": true})),
        {"client_id": "workload", "grant_types": ["client_credentials"],
         "trust": [{"issuer": "https://issuer.example", "audience": "a", "subject": "s"}]},
    ]))
}

#[test]
fn a_secret_proves_its_client_and_only_a_public_client_needs_none() {
    let clients = clients();
    for (client_id, secret, is_authenticated, is_secretless) in [
        ("web", Some(CLIENT_SECRET), true, false),
        ("web", Some("wrong"), false, false),
        ("web", Some(""), false, false),
        ("web", None, false, false),
        ("WEB", Some(CLIENT_SECRET), false, false),
        ("native", None, true, false),
        ("native", Some(CLIENT_SECRET), false, false),
        ("native", Some(""), false, false),
        ("bare", Some(CLIENT_SECRET), true, false),
        ("bare", Some("wrong"), false, false),
        ("bare", None, false, true),
        ("workload", None, false, false),
        ("workload", Some(CLIENT_SECRET), false, false),
        ("unknown", Some(CLIENT_SECRET), false, false),
        ("unknown", None, false, false),
    ] {
        let credentials = Credentials { client_id: client_id.into(), client_secret: secret.map(Into::into) };
        let found = credentials.authenticate(&clients).map(|client| client.client_id.as_str());
        assert_eq!(found.as_ref().ok(), is_authenticated.then_some(&client_id), "{client_id} {secret:?}");
        if let Err(error) = found {
            assert_eq!(error.error, ErrorCode::InvalidClient);
            assert!(error.error_description.contains("unknown client or wrong secret"), "the same for both");
        }
        assert_eq!(credentials.secretless(&clients).is_some(), is_secretless, "{client_id} {secret:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_id_and_secret_arrive_by_http_basic(client_id in "[!-9;-~]{1,40}", secret in "\\PC{1,40}") {
        let read = Credentials::read(&headers(&[&basic(&client_id, &secret)]), None, None).unwrap();
        prop_assert_eq!(&*read.client_id, &client_id);
        let found = read.client_secret.unwrap();
        prop_assert_eq!(found.expose_secret(), &secret);
    }

    #[test]
    fn an_arbitrary_authorization_header_never_panics_and_is_never_two_methods(header in "[ -~]{0,60}|Basic [A-Za-z0-9+/=]{0,40}") {
        let read = Credentials::read(&headers(&[&header]), None, None);
        if let Err(error) = read {
            prop_assert_eq!(error.error, ErrorCode::InvalidClient, "{}", header);
        }
        let with_secret = Credentials::read(&headers(&[&header]), Some("web".into()), Some("x".to_owned().into()));
        prop_assert_eq!(with_secret.err().map(|error| error.error), Some(ErrorCode::InvalidRequest));
    }
}

#[test]
fn credentials_that_clients_do_not_encode_are_read_too() {
    let read = |text: &str| {
        let read = Credentials::read(&headers(&[&format!("Basic {}", STANDARD.encode(text))]), None, None).ok()?;
        Some((read.client_id.into_owned(), read.client_secret.map(|secret| secret.expose_secret().to_owned())))
    };
    for (text, expected) in [
        ("web:a&b=c", Some(("web", Some("a&b=c")))),
        ("web:a:b:c", Some(("web", Some("a:b:c")))),
        ("web:100%", Some(("web", Some("100%")))),
        ("web:a+b", Some(("web", Some("a b")))),
        ("web:a%2Bb", Some(("web", Some("a+b")))),
        ("web:%C3%A4", Some(("web", Some("\u{e4}")))),
        ("web:", Some(("web", None))),
        (":secret", Some(("", Some("secret")))),
        ("web", None),
        ("web:%FF", None),
        ("%FF:secret", None),
    ] {
        let expected =
            expected.map(|(id, secret): (&str, Option<&str>)| (id.to_owned(), secret.map(ToOwned::to_owned)));
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn the_log_finds_the_client_of_a_refused_request_wherever_it_is_named() {
    let clients = clients();
    let header = basic("web", "x");
    for (authorization, query, body, expected) in [
        (None, None, "client_id=web", Some("web")),
        (None, None, "client_id=web&client_id=web", Some("web")),
        (None, None, "client_id=web&client_id=native", None),
        (None, None, "client_id=unknown&client_id=web", Some("web")),
        (None, None, "client_id=&client_id=web", Some("web")),
        (None, None, "client%5Fid=web", Some("web")),
        (None, Some("client_id=web"), "", Some("web")),
        (None, Some("client_id=web"), "client_id=native", None),
        (None, None, r#"{"client_id":"web"}"#, Some("web")),
        (None, None, r#"{"client_id":["web"]}"#, None),
        (None, None, r#"["client_id","web"]"#, None),
        (Some(header.as_str()), None, "", Some("web")),
        (Some(header.as_str()), None, "client_id=native", None),
        (Some("Basic !"), None, "client_id=native", Some("native")),
        (None, None, "", None),
        (None, None, "\u{0}%FF&client_id=WEB", None),
    ] {
        let headers = headers(&authorization.into_iter().collect::<Vec<_>>());
        let form = Form { headers, query: query.map(ToOwned::to_owned), body: body.to_owned().into() };
        let claimed = ClaimedCredentials::read(&form);
        let found = claimed.client(&clients).map(|client| client.client_id.as_str());
        assert_eq!(found, expected, "{authorization:?} {query:?} {body}");
    }
}
