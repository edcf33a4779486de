//! The app's endpoints, called in this process without a server, so that hours can pass at once and parts can be replaced.

use std::sync::Arc;

use async_trait::async_trait;
use evergrant::app::App;
use evergrant::clock::Clock as _;
use evergrant::config::Settings;
use evergrant::oauth::form::Form;
use evergrant::sealing::claims::{AuthorizationCode, Grant, RefreshToken};
use evergrant::sealing::keys::{SealingKey, SealingKeys};
use evergrant::sealing::{Sealable, Sealed};
use evergrant::secret::Sha256;
use evergrant::server::Endpoints;
use evergrant::signing::{AssertionSigner, SignError};
use evergrant::store::codes::UsedCodes;
use evergrant::store::revocations::Revocations;
use evergrant::store::rotation::Rotations;
use evergrant::telemetry::Answer;
use http::Request;
use http::header::CONTENT_TYPE;
use sandbox::CLIENT_SECRET;
use serde_json::json;

use crate::local::{REDIRECT_URI, client, environment};
use crate::store::{AWAY, BadLine};
use crate::support::ManualClock;
use crate::trust::signer::Signer;

const ISSUER: &str = "https://evergrant.example";

/// A sealing key that cannot be used: it answers with an error, or never.
struct Unusable {
    answers: bool,
}

#[async_trait]
impl AssertionSigner for Unusable {
    async fn sign_digest(&self, _: Sha256) -> Result<Vec<u8>, SignError> {
        if self.answers { Err(SignError::NoAnswer) } else { std::future::pending().await }
    }
}

/// The app's endpoints, without a server.
pub struct Stage {
    pub app: App,
    pub clock: ManualClock,
    pub endpoints: Endpoints,
}

impl Stage {
    pub fn new() -> Self {
        let own = Signer::p256("own").jwk();
        let issuer = json!({"issuer": "http://127.0.0.1:9", "audience": "a", "subject": "s"});
        let sealed = json!({"access_token": "sealed", "grant_types": ["authorization_code", "refresh_token", "client_credentials"]});
        let public = json!({"access_token": "sealed", "client_secret_sha256": []});
        let clients = json!([
            client("sealed", &sealed),
            client("native", &public),
            {"client_id": "own", "grant_types": ["client_credentials"], "access_token": "sealed", "trust": [{"jwks": {"keys": [own]}}]},
            {"client_id": "trusting", "grant_types": ["client_credentials"], "trust": [issuer]},
        ]);
        let environment = environment(ISSUER, "http://127.0.0.1:9").with("EVERGRANT_CLIENTS", &clients.to_string());
        let settings = Settings::read(&environment).unwrap_or_else(|faults| panic!("{faults}"));
        let clock = ManualClock::new();
        let app = App::with_clock(settings, Arc::new(clock.clone()));
        let endpoints = app.endpoints();
        Self { app, clock, endpoints }
    }

    /// Replaces the sealing key by one with the same name that cannot be used.
    pub async fn without_sealing_key(mut self, answers: bool) -> Self {
        let kid = self.app.sealing.current().await.unwrap().kid().to_owned();
        let key = SealingKey::new(kid, Arc::new(Unusable { answers }), Arc::new(self.clock.clone()));
        let keys = Arc::new(SealingKeys::new(key, Vec::new()));
        self.endpoints.token.issuer.sealing = Arc::clone(&keys);
        self.endpoints.revoke.sealing = Arc::clone(&keys);
        self.endpoints.authorize.sealing = Arc::clone(&keys);
        self.endpoints.consent.sealing = keys;
        self
    }

    /// Replaces the store by one that cannot be reached at first.
    pub fn without_store(mut self) -> (Self, Arc<BadLine>) {
        let store = BadLine::new(&self.clock);
        store.is(AWAY);
        let revocations = Revocations::new(store.clone(), Arc::new(self.clock.clone()));
        self.endpoints.token.used_codes = UsedCodes::new(store.clone(), Arc::new(self.clock.clone()));
        self.endpoints.token.rotations = Rotations::new(store.clone());
        self.endpoints.token.revocations = revocations.clone();
        self.endpoints.revoke.revocations = revocations;
        (self, store)
    }

    pub async fn sealed<T: Sealable>(&self, content: T, lifetime: Option<u64>) -> String {
        let secret = self.app.sealing.current().await.unwrap();
        Sealed::new(ISSUER, "jti".to_owned(), self.clock.now(), lifetime, content).seal(&secret).unwrap()
    }

    pub async fn code(&self, process_id: Option<&str>) -> String {
        let process_id = process_id.map(ToOwned::to_owned);
        let code =
            AuthorizationCode { grant: self.grant("sealed"), redirect_uri: None, code_challenge: None, process_id };
        self.sealed(code, Some(300)).await
    }

    pub async fn refresh_token(&self, client_id: &str) -> String {
        self.sealed(RefreshToken { grant: self.grant(client_id), generation: 0 }, None).await
    }

    pub fn grant(&self, client_id: &str) -> Grant {
        serde_json::from_value(json!({
            "grant_id": format!("grant of {client_id}"), "client_id": client_id, "subject": "integration_user",
            "scope": "signature", "granted_at": self.clock.now().0,
        }))
        .unwrap()
    }

    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.endpoints.token.handle(&received(form)).await
    }

    pub async fn revoke(&self, form: &[(&str, &str)]) -> Answer {
        self.endpoints.revoke.handle(&received(form)).await
    }

    pub async fn authorize(&self) -> Answer {
        let query = format!("response_type=code&client_id=sealed&redirect_uri={REDIRECT_URI}&state=xyz");
        let request = Request::get(format!("/oauth/authorize?{query}")).body(bytes::Bytes::new()).unwrap();
        self.endpoints.authorize.handle(&request, None, "request-id").await
    }

    /// The browser comes back from DocuSign, with this `Cookie`.
    pub async fn callback(&self, query: &str, cookie: &str) -> Answer {
        let request = Request::get(format!("/consent/callback?{query}")).header("cookie", cookie);
        self.endpoints.consent.handle(&request.body(bytes::Bytes::new()).unwrap(), "request-id").await
    }
}

/// The form, as the server reads it.
pub fn received(form: &[(&str, &str)]) -> Form {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = http::HeaderMap::from_iter([(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap())]);
    Form { headers, query: None, body: body.into() }
}

/// A form with the secret of the client `sealed`.
pub fn as_sealed<'a>(form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [form, &[("client_id", "sealed"), ("client_secret", CLIENT_SECRET)]].concat()
}
