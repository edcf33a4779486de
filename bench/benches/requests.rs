//! Parses a token request and authenticates the client.

#![expect(clippy::expect_used, reason = "benchmarks should fail loudly")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evergrant::config::{Environment, FileError, Settings};
use evergrant::endpoints::token::request::TokenRequest;
use evergrant::oauth::client::ClientRegistry;
use evergrant::oauth::client::authentication::ClientAuthentication;
use evergrant::oauth::form::Form;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use secrecy::SecretSlice;
use serde_json::json;
use url::form_urlencoded::Serializer;

const SECRET: &str = "6a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a1f";
/// About the length of a sealed refresh token.
const REFRESH_TOKEN_LENGTH: usize = 600;
/// More clients than most installations have.
const CLIENTS: usize = 50;

/// The registry is the only setting.
struct Registry(String);

impl Environment for Registry {
    fn var(&self, name: &str) -> Option<String> {
        (name == "EVERGRANT_CLIENTS").then(|| self.0.clone())
    }

    fn names(&self) -> Vec<String> {
        vec!["EVERGRANT_CLIENTS".to_owned()]
    }

    fn file(&self, _: &str) -> Result<SecretSlice<u8>, FileError> {
        Err(FileError::Missing)
    }
}

fn registry() -> ClientRegistry {
    let client = |number| {
        json!({"client_id": format!("client-{number}"), "client_secret_sha256": [sandbox::digest(SECRET)],
               "grant_types": ["client_credentials"], "subject": "integration_user"})
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    Settings::read_clients(&Registry(json!(clients).to_string())).expect("a registry")
}

/// A request by the last client in the registry.
fn request(secret: &str, more: &[(&str, &str)]) -> Form {
    let last = format!("client-{}", CLIENTS - 1);
    let mut form = Serializer::new(String::new());
    let form = form.extend_pairs([("client_id", last.as_str()), ("client_secret", secret)]).extend_pairs(more).finish();
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))];
    Form { headers: headers.into_iter().collect(), query: None, body: form.into() }
}

fn requests(criterion: &mut Criterion) {
    let clients = registry();
    let refresh_token = "x".repeat(REFRESH_TOKEN_LENGTH);
    let asks = request(SECRET, &[("grant_type", "client_credentials"), ("scope", "signature spring_read")]);
    let refreshes = request(SECRET, &[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
    for (name, request) in [("client_credentials", &asks), ("refresh_token", &refreshes)] {
        criterion.bench_function(&format!("read the form of {name}"), |bencher| {
            bencher.iter(|| TokenRequest::read(black_box(request), &clients));
        });
    }
    let wrong = request("another secret", &[("grant_type", "client_credentials")]);
    for (name, request) in [("authenticate a client", &asks), ("reject a wrong secret", &wrong)] {
        let raw = TokenRequest::read(request, &clients).expect("a request that can be read");
        let ClientAuthentication::Secret(credentials) = raw.authentication else { panic!("{name} has a secret") };
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&credentials).authenticate(&clients).is_ok());
        });
    }
}

criterion_group!(benches, requests);
criterion_main!(benches);
