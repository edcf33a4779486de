//! Starts the handler like the Functions host, but without the host: called directly, with a clean environment.

use http::Method;
use sandbox::browser::Browser;
use sandbox::client::{Answer, HttpClient};
use sandbox::{INTEGRATION_USER, Sandbox, digest, free_port};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::Result;
use crate::arguments::Arguments;
use crate::cores::Cores;
use crate::server::{Launch, Output, Server};

/// As long as a secret from `evergrant client new`; for benchmarks only.
pub const SECRET: &str = "6a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a1f";
/// The client of the client credentials grant.
pub const MACHINE: &str = "bench-machine";
/// The scope of its tokens.
pub const SCOPE: &str = "signature spring_read spring_write";
/// The client of connections.
const WEB: &str = "bench-web";
/// There is no server; the test browser stops before it.
const CLIENT: &str = "https://client.example/";
/// Its only redirect URI.
const REDIRECT_URI: &str = "https://client.example/cb";
/// The API key of the gateway's client; for benchmarks only.
pub const API_KEY: &str = "bench api key, worth nothing";

/// Shared by all sections.
#[derive(Debug)]
pub struct Setup {
    /// The command-line options.
    pub arguments: Arguments,
    /// The cores of server and load.
    pub cores: Cores,
    /// The load of the machine before the run, in percent.
    pub busy_before: f64,
}

impl Setup {
    /// The command for a handler with its own address as the issuer.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn handler(&self, sandbox: &Sandbox) -> Result<Launch> {
        let port = free_port();
        self.instance(sandbox, port, &format!("http://127.0.0.1:{port}"))
    }

    /// The command for a handler that shares `issuer` with others.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn instance(&self, sandbox: &Sandbox, port: u16, issuer: &str) -> Result<Launch> {
        sandbox.docusign.register_redirect_uri(&format!("{issuer}/consent/callback"));
        let mut environment = sandbox.settings(issuer);
        environment.retain(|(name, _)| name != "EVERGRANT_CLIENTS");
        environment.push(("EVERGRANT_CLIENTS".to_owned(), clients().to_string()));
        environment.push(("FUNCTIONS_CUSTOMHANDLER_PORT".to_owned(), port.to_string()));
        Ok(Launch {
            program: self.arguments.handler().canonicalize()?,
            arguments: Vec::new(),
            environment,
            folder: std::env::temp_dir(),
            port,
            output: Output::Counted,
        })
    }

    /// Starts a handler and waits until it has minted its first token.
    ///
    /// # Errors
    /// If that fails.
    pub async fn warm(&self, launch: &Launch) -> Result<Server> {
        let server = launch.start(&self.cores)?;
        granted(&post(&server.url(), &client_credentials(SCOPE)).await)?;
        Ok(server)
    }
}

fn clients() -> Value {
    let secret = digest(SECRET);
    json!([
        {"client_id": MACHINE, "client_secret_sha256": [secret], "grant_types": ["client_credentials"],
         "subject": "integration_user", "scope": SCOPE},
        {"client_id": WEB, "client_secret_sha256": [secret], "grant_types": ["authorization_code", "refresh_token"],
         "subject": "integration_user", "scope": SCOPE, "redirect_uris": [REDIRECT_URI]},
        {"client_id": "bench-gateway", "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
         "scope": SCOPE, "api_key_sha256": [digest(API_KEY)], "gateway_allow": ["* /clm/", "* /clm-upload/", "* /clm-download/"]},
    ])
}

fn form(client_id: &str, more: &[(&str, &str)]) -> String {
    let mut form = Serializer::new(String::new());
    form.extend_pairs([("client_id", client_id), ("client_secret", SECRET)]).extend_pairs(more);
    form.finish()
}

/// The form of the client credentials grant.
#[must_use]
pub fn client_credentials(scope: &str) -> String {
    form(MACHINE, &[("grant_type", "client_credentials"), ("scope", scope)])
}

/// The form of a refresh.
#[must_use]
pub fn refresh(refresh_token: &str) -> String {
    form(WEB, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
}

/// The form that redeems a code.
#[must_use]
pub fn redemption(code: &str) -> String {
    form(WEB, &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI)])
}

/// Posts a form to the token endpoint.
pub async fn post(url: &str, form: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    HttpClient::default().call(Method::POST, &format!("{url}/oauth/token"), &headers, form).await
}

/// The JSON of a successful token response.
///
/// # Errors
/// If it is not successful.
pub fn granted(answer: &Answer) -> Result<Value> {
    if answer.status == 200 {
        return Ok(answer.json());
    }
    Err(format!("{}: {}", answer.status, answer.text()).into())
}

/// An authorization code, after the integration user signed in.
///
/// # Errors
/// If the redirect has no code.
pub async fn code(url: &str) -> Result<String> {
    let url =
        format!("{url}/oauth/authorize?response_type=code&client_id={WEB}&redirect_uri={REDIRECT_URI}&state=bench");
    let visit = Browser::stopping_at(CLIENT).sign_in(&url, INTEGRATION_USER, "allow").await;
    visit.parameter("code").ok_or_else(|| format!("no code: {} {}", visit.url, visit.answer.text()).into())
}

/// A refresh token, after the integration user signed in.
///
/// # Errors
/// If there is none.
pub async fn connect(url: &str) -> Result<String> {
    let json = granted(&post(url, &redemption(&code(url).await?)).await)?;
    json["refresh_token"].as_str().map(ToOwned::to_owned).ok_or_else(|| "no refresh token".into())
}
