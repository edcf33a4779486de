//! Issuers over real sockets: those of the sandbox, whose keys rotate and which fail in every way, and a provider that is not
//! ours.

use std::process::Stdio;

use evergrant::clock::Clock as _;
use http::Method;
use sandbox::client::{Answer, HttpClient};
use sandbox::issuers::{APP_ID, ENVIRONMENT, IDENTITY_OBJECT, Issuer, Issuers, REPOSITORY, Trouble};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::local::{LocalApp, client};
use crate::stock_clients::tools;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const AUDIENCE: &str = "https://evergrant.example";

/// A client for machines with this trust.
fn caller(client_id: &str, trust: &Value) -> Value {
    client(client_id, &json!({"client_secret_sha256": null, "grant_types": ["client_credentials"], "trust": [trust]}))
}

async fn app(clients: Vec<Value>) -> LocalApp {
    LocalApp::with(&[("EVERGRANT_CLIENTS", &Value::from(clients).to_string())]).await
}

async fn ask(app: &LocalApp, client_id: &str, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    app.http.post_form(&format!("{}/oauth/token", app.issuer), &[], &form).await
}

/// The token of a job that starts now by the app's clock.
fn job(app: &LocalApp, issuers: &Issuers) -> String {
    let (now, mut claims) = (app.clock.now().0, issuers.github.claims(AUDIENCE));
    claims["iat"] = now.into();
    claims["exp"] = (now + 300).into();
    issuers.github.sign(&claims)
}

#[track_caller]
fn assert_token(answer: &Answer) {
    assert!(answer.status == 200 && answer.json()["access_token"].is_string(), "{} {}", answer.status, answer.text());
}

/// An app that trusts a workflow and a managed identity.
async fn with_issuers(issuers: &Issuers) -> LocalApp {
    let github = json!({"issuer": issuers.github.issuer.url(), "audience": AUDIENCE,
        "claims": {"repository": REPOSITORY, "environment": ENVIRONMENT}});
    let entra = json!({"issuer": issuers.entra.second.url(), "audience": APP_ID, "claims": {"oid": IDENTITY_OBJECT}});
    app(vec![caller("workflow", &github), caller("identity", &entra)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_roll_over_without_a_refusal() {
    let (issuers, _server) = Issuers::start().await;
    let app = with_issuers(&issuers).await;
    let (github, entra) = (&issuers.github, &issuers.entra);
    for round in 0..4 {
        // The old key's token is still valid when the new key is first seen.
        let before = job(&app, &issuers);
        assert_token(&ask(&app, "workflow", &before).await);
        github.issuer.ring().rotate();
        entra.second.ring().rotate();
        for assertion in [job(&app, &issuers), before] {
            assert_token(&ask(&app, "workflow", &assertion).await);
        }
        github.issuer.ring().withdraw_older();
        assert_token(&ask(&app, "workflow", &job(&app, &issuers)).await);
        assert_token(&ask(&app, "identity", &entra.identity_token_v2()).await);
        assert!(github.issuer.key_sets() <= round + 2, "{} key sets in round {round}", github.issuer.key_sets());
        // The next refresh for an unknown key is due.
        app.advance(61);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_issuer_is_no_refusal() {
    for trouble in Trouble::ALL {
        // Nothing is waited for: the answer that never comes is another test's.
        if trouble == Trouble::Silent {
            continue;
        }
        let (issuers, _server) = Issuers::start().await;
        let (app, issuer) = (with_issuers(&issuers).await, &issuers.github.issuer);
        let is_slow = trouble == Trouble::Slow;
        // Without keys: an outage, which ends when the issuer is back.
        issuer.trouble(Some(trouble));
        let answer = ask(&app, "workflow", &job(&app, &issuers)).await;
        let expected = if is_slow { 200 } else { 503 };
        assert_eq!(answer.status, expected, "{trouble:?}: {}", answer.text());
        if !is_slow {
            assert_eq!(answer.json()["error"], "temporarily_unavailable", "{trouble:?}");
            assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{trouble:?}");
        }
        issuer.trouble(None);
        app.advance(61);
        assert_token(&ask(&app, "workflow", &job(&app, &issuers)).await);
        // With keys: callers notice nothing, nor hours later, when the keys are old and the issuer is asked for each call.
        for set_trouble in [Issuer::trouble, Issuer::key_trouble] {
            set_trouble(issuer, Some(trouble));
            for _ in 0..3 {
                app.advance(2 * 60 * 60);
                assert_token(&ask(&app, "workflow", &job(&app, &issuers)).await);
            }
            set_trouble(issuer, None);
            app.advance(2 * 60 * 60);
            assert_token(&ask(&app, "workflow", &job(&app, &issuers)).await);
        }
    }
}

/// The provider of `tests/tools/clients/oidc-provider.mjs`.
struct Provider {
    issuer: String,
    http: HttpClient,
    _process: Child,
}

impl Provider {
    async fn start() -> Self {
        let mut command = Command::new("node");
        command.arg(tools().join("clients/oidc-provider.mjs")).current_dir(tools()).kill_on_drop(true);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next_line().await.unwrap().expect("the provider prints its address");
        Self { issuer, http: HttpClient::default(), _process: process }
    }

    /// A token of the provider's client for `audience`.
    async fn token(&self, audience: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "workload"),
            ("client_secret", "secret of the workload at its own provider"),
            ("resource", audience),
        ];
        let answer = self.http.post_form(&format!("{}/token", self.issuer), &[], &form).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    async fn rotate(&self) {
        assert_eq!(self.http.call(Method::POST, &format!("{}/rotate", self.issuer), &[], "").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_openid_provider_vouches_for_a_client() {
    let provider = Provider::start().await;
    let trust =
        |audience: &str, subject: &str| json!({"issuer": provider.issuer, "audience": audience, "subject": subject});
    let es256 = format!("{AUDIENCE}/?alg=ES256");
    let mut elliptic = caller("elliptic", &trust(&es256, "workload"));
    elliptic["gateway_allow"] = json!(["GET /esign/"]);
    let app =
        app(vec![caller("caller", &trust(AUDIENCE, "workload")), elliptic, caller("other", &trust(AUDIENCE, "other"))])
            .await;
    assert_token(&ask(&app, "caller", &provider.token(AUDIENCE).await).await);
    assert_token(&ask(&app, "elliptic", &provider.token(&es256).await).await);
    for (client_id, audience) in [("caller", "https://another.example"), ("other", AUDIENCE), ("elliptic", AUDIENCE)] {
        let refused = ask(&app, client_id, &provider.token(audience).await).await;
        assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (401, Some("invalid_client")));
    }
    provider.rotate().await;
    assert_token(&ask(&app, "caller", &provider.token(AUDIENCE).await).await);
    // As bearer too: the client is known, but may call nothing.
    for (audience, status) in [(AUDIENCE, 403), ("https://another.example", 401)] {
        let bearer = format!("Bearer {}", provider.token(audience).await);
        let url = format!("{}/gateway/clm/members/current", app.issuer);
        let answer = app.http.call(Method::GET, &url, &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}
