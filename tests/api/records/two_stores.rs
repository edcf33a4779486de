//! One history of connections, with the store in memory and with Blob Storage: clients see no difference.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sandbox::blobs::Blobs;
use sandbox::browser::Browser;
use sandbox::client::Answer;
use sandbox::proxy::StorageWay;
use sandbox::server::Server;
use sandbox::storage::CONTAINER_URL;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, Sandbox};
use serde_json::json;

use crate::local::{CHALLENGE, CLIENT, REDIRECT_URI, VERIFIER, client};
use crate::support::TestApp;

/// What a client does. Codes and refresh tokens are chosen among those that it got, counted from the oldest.
#[derive(Clone, Copy, Debug)]
enum Step {
    SignIn,
    Redeem(usize),
    Refresh(usize),
    RevokeCode(usize),
    RevokeRefreshToken(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::SignIn),
        3 => (0..6_usize).prop_map(Step::Redeem),
        4 => (0..6_usize).prop_map(Step::Refresh),
        1 => (0..6_usize).prop_map(Step::RevokeCode),
        1 => (0..6_usize).prop_map(Step::RevokeRefreshToken),
    ];
    proptest::collection::vec(step, 14).prop_map(|steps| [vec![Step::SignIn, Step::Redeem(0)], steps].concat())
}

/// A client's history at one app.
struct History<'a> {
    app: &'a TestApp,
    client_id: &'static str,
    codes: Vec<String>,
    refresh_tokens: Vec<String>,
}

impl<'a> History<'a> {
    const fn new(app: &'a TestApp, client_id: &'static str) -> Self {
        Self { app, client_id, codes: Vec::new(), refresh_tokens: Vec::new() }
    }

    async fn sign_in(&mut self) -> String {
        let url = self.app.url(&format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri={REDIRECT_URI}&code_challenge={CHALLENGE}\
             &code_challenge_method=S256",
            self.client_id
        ));
        let visit = Browser::stopping_at(CLIENT).sign_in(&url, INTEGRATION_USER, "allow").await;
        self.codes.extend(visit.parameter("code"));
        format!("{} codes", self.codes.len())
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut form = [form, &[("client_id", self.client_id)]].concat();
        form.extend((self.client_id != "native").then_some(("client_secret", CLIENT_SECRET)));
        self.app.http.post_form(&self.app.url(path), &[], &form).await
    }

    /// The status, the error, and which refresh token it is: a new one, or one that the client has.
    fn note(&mut self, answer: &Answer) -> String {
        let json = answer.json();
        let Some(refresh_token) = json["refresh_token"].as_str() else {
            return format!("{} {}", answer.status, json["error"]);
        };
        let known = self.refresh_tokens.iter().position(|known| known == refresh_token);
        let at = known.unwrap_or(self.refresh_tokens.len());
        if known.is_none() {
            self.refresh_tokens.push(refresh_token.to_owned());
        }
        format!("{} refresh token {at}, {}", answer.status, json["scope"])
    }

    async fn step(&mut self, step: Step) -> String {
        let chosen = |from: &[String], number: usize| from.get(number % from.len().max(1)).cloned().unwrap_or_default();
        let answer = match step {
            Step::SignIn => return self.sign_in().await,
            Step::Redeem(number) => {
                let code = chosen(&self.codes, number);
                let form = [
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", REDIRECT_URI),
                    ("code_verifier", VERIFIER),
                ];
                self.post("/oauth/token", &form).await
            }
            Step::Refresh(number) => {
                let token = chosen(&self.refresh_tokens, number);
                self.post("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await
            }
            Step::RevokeCode(number) => self.post("/oauth/revoke", &[("token", &chosen(&self.codes, number))]).await,
            Step::RevokeRefreshToken(number) => {
                self.post("/oauth/revoke", &[("token", &chosen(&self.refresh_tokens, number))]).await
            }
        };
        self.note(&answer)
    }
}

/// Two apps with the same clients, one of them with its records in Blob Storage.
async fn apps() -> ([TestApp; 2], Server) {
    let clients =
        json!([client("web", &json!({})), client("native", &json!({"client_secret_sha256": []}))]).to_string();
    let sandbox = Sandbox::start().await;
    let server = Blobs::new().start(sandbox.certify("*.blob.core.windows.net").acceptor).await;
    sandbox.proxy.lead_storage(StorageWay::To(server.address));
    let in_blobs = [("EVERGRANT_CLIENTS", clients.as_str()), ("EVERGRANT_STORE", CONTAINER_URL)];
    let with_blobs = TestApp::over(sandbox, &in_blobs).await;
    let in_memory = [("EVERGRANT_CLIENTS", clients.as_str()), ("EVERGRANT_STORE", "memory")];
    ([TestApp::over(Sandbox::start().await, &in_memory).await, with_blobs], server)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_history_has_the_same_answers() {
    let ([memory, blobs], _server) = apps().await;
    let mut runner = TestRunner::deterministic();
    for number in 0..8 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let client_id = ["web", "native"][number % 2];
        let (mut one, mut other) = (History::new(&memory, client_id), History::new(&blobs, client_id));
        let mut outcomes = Vec::new();
        for step in &steps {
            let (left, right) = tokio::join!(one.step(*step), other.step(*step));
            assert_eq!(left, right, "{client_id}: {step:?} of {steps:?}, after {outcomes:#?}");
            assert!(!left.starts_with('5'), "{client_id}: {step:?} {left}");
            outcomes.push(left);
        }
        assert!(outcomes.iter().any(|outcome| outcome.starts_with("200")), "{outcomes:#?}");
    }
}
