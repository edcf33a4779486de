//! Callers without a secret: tokens of trusted issuers, assertions that clients sign themselves, and what is refused.

mod diagnosis;
mod forged;
pub mod issuer;
mod keys;
mod limits;
mod platforms;
mod self_signed;
pub mod signer;

use evergrant::clock::Clock as _;
use http::Method;
use sandbox::client::Answer;
use serde_json::{Value, json};

use crate::local::{LocalApp, SCOPE};
use crate::support::assert_error;
use issuer::TestIssuer;
use signer::{Signer, changed};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const AUDIENCE: &str = "api://evergrant";
const SUBJECT: &str = "repo:contoso/deploy:environment:production";

/// An issuer with one key of each type, and an app whose client `deploy` trusts it.
struct Stage {
    app: LocalApp,
    issuer: TestIssuer,
    rsa: Signer,
    ec: Signer,
    /// The key of the client `itself`, which signs its own assertions.
    own: Signer,
}

impl Stage {
    async fn start() -> Self {
        Self::with(&json!([])).await
    }

    /// With more clients.
    async fn with(more: &Value) -> Self {
        let (rsa, ec, own) = (Signer::rsa("rsa-1"), Signer::p256("ec-1"), Signer::p256("own-1"));
        let issuer = TestIssuer::start(&[&rsa, &ec]).await;
        let mut clients = vec![
            client("deploy", &json!([trusted(&issuer.url)])),
            client("itself", &json!([{"jwks": {"keys": [own.jwk()]}}])),
        ];
        clients.extend(more.as_array().unwrap().iter().cloned());
        let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &Value::from(clients).to_string())]).await;
        Self { app, issuer, rsa, ec, own }
    }

    /// The claims of a good token of the issuer.
    fn claims(&self) -> Value {
        let now = self.now();
        json!({"iss": self.issuer.url, "aud": AUDIENCE, "sub": SUBJECT, "exp": now + 600, "iat": now, "nbf": now})
    }

    /// The claims of a good assertion of the client `itself`.
    fn own_claims(&self, jti: &str) -> Value {
        json!({"iss": "itself", "sub": "itself", "aud": self.app.issuer, "exp": self.now() + 60, "jti": jti})
    }

    /// A token request with this assertion.
    async fn token(&self, client_id: &str, assertion: &str) -> Answer {
        self.form(&[("client_id", client_id), ("client_assertion", assertion)]).await
    }

    /// Like [`Self::token`], from the address `source`; without a client id if it is empty.
    async fn token_from(&self, client_id: &str, assertion: &str, source: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_id", client_id),
            ("client_assertion", assertion),
        ];
        let source = [("x-forwarded-for", source)];
        self.app.http.post_form(&format!("{}/oauth/token", self.app.issuer), &source, &form).await
    }

    /// The time of the app's clock.
    fn now(&self) -> u64 {
        self.app.clock.now().0
    }

    async fn form(&self, form: &[(&str, &str)]) -> Answer {
        let all = [&[("grant_type", "client_credentials"), ("client_assertion_type", ASSERTION_TYPE)], form].concat();
        self.app.http.post_form(&format!("{}/oauth/token", self.app.issuer), &[], &all).await
    }

    /// A call of the gateway with this bearer token.
    async fn call(&self, bearer: &str) -> Answer {
        self.call_from(bearer, &[]).await
    }

    async fn call_from(&self, bearer: &str, headers: &[(&str, &str)]) -> Answer {
        // A header cannot have everything that a token has in these tests.
        let bearer = format!("Bearer {}", bearer.replace(['\0', '\n'], "%"));
        let headers = [headers, &[("authorization", bearer.as_str())]].concat();
        let headers = headers.as_slice();
        self.app.http.call(Method::GET, &format!("{}/gateway/clm/folders", self.app.issuer), headers, "").await
    }
}

/// A client that proves itself by `trust`.
fn client(client_id: &str, trust: &Value) -> Value {
    json!({"client_id": client_id, "grant_types": ["client_credentials"], "scope": SCOPE, "trust": trust})
}

fn trusted(issuer: &str) -> Value {
    json!({"issuer": issuer, "audience": AUDIENCE, "subject": SUBJECT})
}

/// The caller was authenticated, but nothing was allowed.
#[track_caller]
fn assert_recognized(answer: &Answer) {
    assert_error(answer, 403, "insufficient_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_trusted_issuer_takes_the_place_of_a_secret() {
    let stage = Stage::start().await;
    for token in [
        stage.rsa.token(&stage.claims()),
        stage.ec.token(&stage.claims()),
        stage.rsa.token_with(&json!({"alg": "PS256"}), &stage.claims()),
        stage.rsa.token(&changed(&stage.claims(), &json!({"aud": ["other", AUDIENCE]}))),
        stage.rsa.token(&changed(&stage.claims(), &json!({"iat": null, "nbf": null, "jti": null}))),
        stage.rsa.token_with(&json!({"kid": null}), &stage.claims()),
        stage.rsa.token_with(&json!({"typ": null, "x5t": "abc", "jku": "https://evil.example"}), &stage.claims()),
    ] {
        let answer = stage.token("deploy", &token).await;
        assert_eq!(answer.status, 200, "{} {token}", answer.text());
        assert_eq!(stage.token("deploy", &token).await.status, 200, "platforms' tokens may be used again");
        assert_recognized(&stage.call(&token).await);
    }
    assert_eq!(stage.issuer.calls(), 2, "one configuration, one key set");
}
