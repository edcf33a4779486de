//! An app in this process, with its own socket and a clock that the test controls, against the sandbox's DocuSign. For the
//! many tests that need neither host nor vault.

use std::net::Ipv4Addr;
use std::sync::Arc;

use evergrant::app::App;
use evergrant::clock::Clock as _;
use evergrant::config::{Environment, Settings};
use evergrant::server;
use sandbox::browser::{Browser, Visit};
use sandbox::client::{Answer, HttpClient};
use sandbox::docusign::{Docusign, unix_now};
use sandbox::keys::{SEALING_KEY, SIGNING_KEY};
use sandbox::server::Server;
use sandbox::{CLIENT_SECRET, INTEGRATION_KEY, INTEGRATION_USER, digest};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::{ManualClock, TestEnvironment};

/// The start of the clients' redirect URIs. There is no server; the test browser stops before it.
pub const CLIENT: &str = "https://client.example/";
/// The redirect URI of most clients.
pub const REDIRECT_URI: &str = "https://client.example/cb";
/// The part of `DOCUSIGN_SCOPES` that clients get.
pub const SCOPE: &str = "signature spring_read spring_write";
/// A code verifier and its challenge, RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A confidential client with this `client_id` and these `changes`.
pub fn client(client_id: &str, changes: &Value) -> Value {
    let mut client = json!({
        "client_id": client_id, "client_secret_sha256": [digest(CLIENT_SECRET)], "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"], "subject": "integration_user", "scope": SCOPE,
    });
    let changes = changes.as_object().into_iter().flatten();
    changes.for_each(|(name, value)| client[name] = value.clone());
    client
}

/// The clients that most tests need.
pub fn clients() -> Value {
    json!([
        client("web", &json!({})),
        client("other", &json!({"redirect_uris": ["https://client.example/other", "https://client.example/two?x=1"]})),
        client(
            "native",
            &json!({"client_secret_sha256": [], "redirect_uris": ["http://127.0.0.1:9/native", REDIRECT_URI]})
        ),
        client("person", &json!({"subject": "signed_in_user", "scope": "signature spring_read"})),
        client("strict", &json!({"require_pkce": true})),
        client("workfront", &json!({"profile": "workfront"})),
        client("machine", &json!({"grant_types": ["client_credentials"], "redirect_uris": [REDIRECT_URI]})),
        client(
            "sealed",
            &json!({"access_token": "sealed", "grant_types": ["authorization_code", "refresh_token", "client_credentials"]})
        ),
    ])
}

/// The tokens of a connection.
#[derive(Clone, Debug)]
pub struct Connection {
    pub access_token: String,
    pub refresh_token: String,
    pub scope: String,
}

/// The app, and DocuSign.
pub struct LocalApp {
    pub docusign: Arc<Docusign>,
    pub http: HttpClient,
    pub clock: ManualClock,
    pub issuer: String,
    pub app: Arc<App>,
    environment: TestEnvironment,
    serving: JoinHandle<()>,
    _docusign_server: Server,
}

impl Drop for LocalApp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl LocalApp {
    /// Starts the app; all users have consented.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts the app with more settings.
    pub async fn with(changes: &[(&str, &str)]) -> Self {
        let secret_key = changes.iter().find(|(name, _)| *name == "DOCUSIGN_SECRET_KEY").map(|(_, value)| *value);
        let docusign = Docusign::new(INTEGRATION_KEY, secret_key, sandbox::users());
        docusign.upload_public_key(&SIGNING_KEY.public_pem());
        for user in sandbox::users() {
            docusign.consent(&user.sub, "signature impersonation spring_read spring_write");
        }
        let docusign_server = docusign.start().await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let environment = environment(&issuer, &docusign_server.url()).with_all(changes);
        docusign.register_redirect_uri(&format!("{issuer}/consent/callback"));
        docusign
            .register_redirect_uri(&format!("{}/consent/callback", environment.var("EVERGRANT_PUBLIC_URL").unwrap()));
        let clock = ManualClock::new();
        let (app, serving) = serve(listener, &environment, &clock);
        let http = HttpClient::default();
        Self { docusign, http, clock, issuer, app, environment, serving, _docusign_server: docusign_server }
    }

    /// Restarts the app with other settings at the same address.
    pub async fn restart(&mut self, changes: &[(&str, &str)]) {
        self.serving.abort();
        let address = self.issuer.trim_start_matches("http://").to_owned();
        let listener = loop {
            match TcpListener::bind(&address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        self.environment = self.environment.clone().with_all(changes);
        (self.app, self.serving) = serve(listener, &self.environment, &self.clock);
        self.http = HttpClient::default();
    }

    /// Starts another app with the same settings and its own memory, and returns its base URL.
    pub async fn twin(&self) -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        (base, serve(listener, &self.environment, &self.clock).1)
    }

    /// Adds a file for settings to use.
    pub fn add_file(&mut self, path: &str, text: &str) {
        self.environment = self.environment.clone().with_file(path, text);
    }

    /// Advances the app's clock and DocuSign's together.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
        let offset = i64::try_from(self.clock.now().0).unwrap() - i64::try_from(unix_now()).unwrap();
        self.docusign.set_clock_offset(offset);
    }

    /// The authorization URL of `client_id` with [`REDIRECT_URI`] and `changes`. A parameter changed to an empty value is left
    /// out.
    pub fn authorize_url(&self, client_id: &str, changes: &[(&str, &str)]) -> String {
        let mut parameters =
            vec![("response_type", "code"), ("client_id", client_id), ("redirect_uri", REDIRECT_URI), ("state", "xyz")];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend((!value.is_empty()).then_some((*name, *value)));
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/oauth/authorize?{query}", self.issuer)
    }

    /// GET without following redirects.
    pub async fn get(&self, url: &str) -> Answer {
        let url = if url.starts_with('/') { format!("{}{url}", self.issuer) } else { url.to_owned() };
        self.http.get(&url).await
    }

    /// Signs in as `user`, presses Allow if asked, and stops at the redirect to the client.
    pub async fn sign_in(&self, url: &str, user: &str) -> Visit {
        Browser::stopping_at(CLIENT).sign_in(url, user, "allow").await
    }

    /// A code for `client_id`, after a sign-in of the integration user.
    pub async fn code(&self, client_id: &str, changes: &[(&str, &str)]) -> String {
        let visit = self.sign_in(&self.authorize_url(client_id, changes), INTEGRATION_USER).await;
        visit.parameter("code").unwrap_or_else(|| panic!("no code: {} {}", visit.url, visit.answer.text()))
    }

    /// `POST /oauth/token` as `client_id`, with the secret of all confidential clients here.
    pub async fn token(&self, client_id: &str, form: &[(&str, &str)]) -> Answer {
        self.post("/oauth/token", client_id, form).await
    }

    /// Posts a form as `client_id`, with its secret unless it is a public client.
    pub async fn post(&self, path: &str, client_id: &str, form: &[(&str, &str)]) -> Answer {
        let mut form = form.to_vec();
        form.push(("client_id", client_id));
        if client_id != "native" {
            form.push(("client_secret", CLIENT_SECRET));
        }
        self.http.post_form(&format!("{}{path}", self.issuer), &[], &form).await
    }

    /// Redeems a code of an authorization request with [`REDIRECT_URI`].
    pub async fn redeem(&self, client_id: &str, code: &str, more: &[(&str, &str)]) -> Answer {
        let form =
            [&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI)], more].concat();
        self.token(client_id, &form).await
    }

    /// Refreshes.
    pub async fn refresh(&self, client_id: &str, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], more].concat();
        self.token(client_id, &form).await
    }

    /// Makes a connection for `client_id`.
    pub async fn connect(&self, client_id: &str) -> Connection {
        let (challenge, verifier) = match client_id {
            "native" | "strict" => (
                &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")][..],
                &[("code_verifier", VERIFIER)][..],
            ),
            _ => (&[][..], &[][..]),
        };
        let code = self.code(client_id, challenge).await;
        connection(&self.redeem(client_id, &code, verifier).await)
    }
}

/// The tokens of a successful response.
#[track_caller]
pub fn connection(answer: &Answer) -> Connection {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let text = |name: &str| json[name].as_str().unwrap_or_else(|| panic!("{name} in {json}")).to_owned();
    assert_eq!(json["token_type"], "Bearer");
    assert!(json["expires_in"].as_u64().is_some_and(|seconds| (1..=3600).contains(&seconds)), "{json}");
    Connection { access_token: text("access_token"), refresh_token: text("refresh_token"), scope: text("scope") }
}

/// Checks an error that was sent to the client's redirect URI.
#[track_caller]
pub fn assert_sent_back(visit: &Visit, error: &str) {
    assert!(visit.url.starts_with(CLIENT), "{} {}", visit.url, visit.answer.text());
    assert_eq!(visit.parameter("error").as_deref(), Some(error), "{}", visit.url);
    assert!(visit.parameter("code").is_none());
}

fn serve(listener: TcpListener, environment: &TestEnvironment, clock: &ManualClock) -> (Arc<App>, JoinHandle<()>) {
    let settings = Settings::read(environment).unwrap_or_else(|faults| panic!("{faults}"));
    let app = Arc::new(App::with_clock(settings, Arc::new(clock.clone())));
    let server = server::serve(listener, Arc::new(app.endpoints()), std::future::pending());
    (app, tokio::spawn(server))
}

/// The environment of an app at `issuer` with the DocuSign at `docusign`.
pub fn environment(issuer: &str, docusign: &str) -> TestEnvironment {
    TestEnvironment::default()
        .with("EVERGRANT_PUBLIC_URL", issuer)
        .with("EVERGRANT_SIGNING_KEY_ID", "file:signing.pem")
        .with("EVERGRANT_SEALING_KEY_ID", "file:sealing.pem")
        .with("EVERGRANT_CLIENTS", &clients().to_string())
        .with("DOCUSIGN_ENVIRONMENT", "demo")
        .with("DOCUSIGN_OAUTH_URL", docusign)
        .with("DOCUSIGN_INTEGRATION_KEY", INTEGRATION_KEY)
        .with("DOCUSIGN_USER_ID", INTEGRATION_USER)
        .with_file("signing.pem", SIGNING_KEY.pkcs8_pem())
        .with_file("sealing.pem", SEALING_KEY.pkcs8_pem())
}
