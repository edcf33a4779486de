//! The store is believed only if it speaks as Azure Storage: no fault between it and the app ends a connection.

use std::sync::Arc;

use sandbox::blobs::{Blobs, Lie, own_headers};
use sandbox::browser::Browser;
use sandbox::client::Answer;
use sandbox::proxy::StorageWay;
use sandbox::server::Server;
use sandbox::storage::CONTAINER_URL;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, Sandbox};
use serde_json::{Value, json};

use crate::local::{CHALLENGE, REDIRECT_URI, VERIFIER, client, connection};
use crate::support::{TestApp, assert_outage, whole_log};

const BLOCK_PAGE: &str = "<!DOCTYPE html><html><h1>This site is blocked</h1></html>";

/// Every fault, with its name.
fn faults() -> Vec<(&'static str, Lie)> {
    let answer = |status, headers: &[(&'static str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Lie::Answer(status, headers, body.to_owned())
    };
    let as_storage = |status, more: &[(&'static str, &str)], body: &str| {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Lie::Answer(status, own_headers().into_iter().chain(more).collect(), body.to_owned())
    };
    let blob = [("x-ms-blob-type", "BlockBlob"), ("etag", "\"1\"")];
    let code = |code| [("x-ms-error-code", code)];
    vec![
        ("a page with 200", answer(200, &[], BLOCK_PAGE)),
        ("the word itself with 200", answer(200, &[], "revoked")),
        ("the word with an ETag", answer(200, &blob, "revoked")),
        ("a page with 201", answer(201, &[], BLOCK_PAGE)),
        ("a page with 206", answer(206, &[("content-range", "bytes 0-4/5")], "<html")),
        ("nothing with 200", answer(200, &[], "")),
        ("204", answer(204, &[], "")),
        ("another blob with 200", as_storage(200, &blob, BLOCK_PAGE)),
        ("the word without a blob type", as_storage(200, &[("etag", "\"1\"")], "revoked")),
        ("the word of a page blob", as_storage(200, &[("x-ms-blob-type", "PageBlob"), ("etag", "\"1\"")], "revoked")),
        ("301", answer(301, &[("location", "https://blocked.example/")], "")),
        ("302", answer(302, &[("location", "https://login.microsoftonline.com/")], BLOCK_PAGE)),
        ("304", answer(304, &[], "")),
        ("307", answer(307, &[("location", "https://evergrantsandbox.blob.core.windows.net/evergrant/x")], "")),
        ("400", answer(400, &[], BLOCK_PAGE)),
        ("401 without a code", answer(401, &[("www-authenticate", "Basic realm=\"proxy\"")], "")),
        ("401 of another tenant", as_storage(401, &code("InvalidAuthenticationInfo"), "")),
        ("403 page", answer(403, &[], BLOCK_PAGE)),
        ("403 role", as_storage(403, &code("AuthorizationPermissionMismatch"), "")),
        ("403 network", as_storage(403, &code("AuthorizationFailure"), "")),
        ("404 page", answer(404, &[], BLOCK_PAGE)),
        ("404 no container", as_storage(404, &code("ContainerNotFound"), "")),
        ("404 only by its code", answer(404, &code("BlobNotFound"), "")),
        ("407", answer(407, &[], "")),
        ("409 page", answer(409, &[], BLOCK_PAGE)),
        ("409 only by its code", answer(409, &code("BlobAlreadyExists"), "")),
        ("409 being deleted", as_storage(409, &code("ContainerBeingDeleted"), "")),
        ("409 immutable", as_storage(409, &code("BlobImmutableDueToPolicy"), "")),
        ("412 page", answer(412, &[], BLOCK_PAGE)),
        ("429", answer(429, &[("retry-after", "1")], "")),
        ("500", answer(500, &[], BLOCK_PAGE)),
        ("503 busy", as_storage(503, &code("ServerBusy"), "")),
        ("no headers of Azure Storage", Lie::WithoutHeaders),
        ("200 instead of 201", Lie::WrongSuccess),
        ("a closed connection", Lie::Cut),
        ("no answer", Lie::Silence),
    ]
}

struct Stage {
    app: TestApp,
    blobs: Arc<Blobs>,
    _server: Server,
}

/// A client's connection, a code that is not redeemed yet, and a refresh token to revoke.
struct Held {
    client_id: String,
    refresh_token: String,
    code: String,
    to_revoke: String,
    rotating: String,
}

impl Stage {
    async fn set(faults: usize) -> Self {
        let sandbox = Sandbox::start().await;
        let blobs = Blobs::new();
        let server = blobs.start(sandbox.certify("*.blob.core.windows.net").acceptor).await;
        sandbox.proxy.lead_storage(StorageWay::To(server.address));
        let of_fault = |number: usize| {
            [
                client(&format!("web{number}"), &json!({})),
                client(&format!("native{number}"), &json!({"client_secret_sha256": []})),
            ]
        };
        let clients: Vec<Value> = (0..faults).flat_map(of_fault).collect();
        let settings =
            [("EVERGRANT_CLIENTS", Value::from(clients).to_string()), ("EVERGRANT_STORE", CONTAINER_URL.to_owned())];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        Self { app: TestApp::over(sandbox, &settings).await, blobs, _server: server }
    }

    async fn code(&self, client_id: &str) -> String {
        let url = self.app.url(&format!(
            "/oauth/authorize?response_type=code&client_id={client_id}&redirect_uri={REDIRECT_URI}&code_challenge={CHALLENGE}\
             &code_challenge_method=S256"
        ));
        let visit = Browser::stopping_at("https://client.example/").sign_in(&url, INTEGRATION_USER, "allow").await;
        visit.parameter("code").unwrap_or_else(|| panic!("{} {}", visit.url, visit.answer.text()))
    }

    async fn post(&self, client_id: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let secret = [("client_secret", CLIENT_SECRET)];
        let secret = if client_id.starts_with("web") { &secret[..] } else { &[] };
        let form = [form, &[("client_id", client_id)], secret].concat();
        self.app.http.post_form(&self.app.url(path), &[], &form).await
    }

    async fn redeem(&self, client_id: &str, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.post(client_id, "/oauth/token", &form).await
    }

    async fn refresh(&self, client_id: &str, refresh_token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post(client_id, "/oauth/token", &form).await
    }

    async fn connect(&self, client_id: &str) -> String {
        let code = self.code(client_id).await;
        connection(&self.redeem(client_id, &code).await).refresh_token
    }

    async fn hold(&self, number: usize) -> Held {
        let client_id = format!("web{number}");
        Held {
            refresh_token: self.connect(&client_id).await,
            code: self.code(&client_id).await,
            to_revoke: self.connect(&client_id).await,
            rotating: self.connect(&format!("native{number}")).await,
            client_id,
        }
    }

    /// What went wrong under a fault, and afterwards.
    async fn mistakes(&self, number: usize, lie: Lie) -> Vec<String> {
        let Held { client_id, refresh_token, code, to_revoke, rotating } = self.hold(number).await;
        let native = format!("native{number}");
        self.blobs.lie(Some(lie));
        let (refreshed, rotated, redeemed) = tokio::join!(
            self.refresh(&client_id, &refresh_token),
            self.refresh(&native, &rotating),
            self.redeem(&client_id, &code)
        );
        let revoked = self.post(&client_id, "/oauth/revoke", &[("token", &to_revoke)]).await;
        self.blobs.lie(None);
        let again = self.refresh(&client_id, &refresh_token).await;
        let redeemed_again = self.redeem(&client_id, &code).await;
        let revoked_again = self.post(&client_id, "/oauth/revoke", &[("token", &to_revoke)]).await;
        let answers = [
            ("refresh", refreshed, 200),
            ("rotation", rotated, 200),
            ("code", redeemed, 503),
            ("revocation", revoked, 503),
            ("refresh afterwards", again, 200),
            ("code afterwards", redeemed_again, 200),
            ("revocation afterwards", revoked_again, 200),
        ];
        for (_, answer, _) in answers.iter().filter(|(_, answer, _)| answer.status == 503) {
            assert_outage(answer);
        }
        let wrong = answers.into_iter().filter(|(_, answer, expected)| answer.status != *expected);
        wrong.map(|(what, answer, _)| format!("{what}: {} {}", answer.status, answer.text())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_the_store_ends_a_connection_or_loses_a_code() {
    let faults = faults();
    let stage = Stage::set(faults.len()).await;
    let mut wrong = Vec::new();
    for (number, (name, lie)) in faults.into_iter().enumerate() {
        wrong.extend(stage.mistakes(number, lie).await.into_iter().map(|mistake| format!("{name}: {mistake}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let causes: Vec<String> = whole_log(&stage.app)
        .await
        .iter()
        .filter(|line| line["event"] == "store_unavailable")
        .map(|line| line["cause"].as_str().unwrap_or_default().to_owned())
        .collect();
    for expected in [
        "the answer is not a record from Azure Storage (status 200, a web page)",
        "does not exist",
        "is being deleted",
        "a policy or legal hold",
        "network rules",
        "InvalidAuthenticationInfo",
        "status 503, ServerBusy",
        "request id 5d2c1f6e-0000-4000-8000-7a8b9c0d1e2f",
    ] {
        assert!(causes.iter().any(|cause| cause.contains(expected)), "{expected}: {causes:#?}");
    }
}
