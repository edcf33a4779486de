//! Unmodified OAuth libraries: each one connects, refreshes, and revokes if it can.
//!
//! The libraries from npm and `PyPI` are in `tests/tools`; `./test` installs them.

use std::path::PathBuf;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge, RedirectUrl, RevocationUrl,
    Scope, StandardRevocableToken, TokenResponse as _, TokenUrl,
};
use sandbox::keys::RsaKey;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, free_port};
use serde_json::{Value, json};

use crate::local::{CLIENT, LocalApp, REDIRECT_URI, client};
use crate::support::root;

pub fn tools() -> PathBuf {
    let tools = root().join("tests/tools");
    for needed in ["node_modules", ".venv"] {
        assert!(tools.join(needed).exists(), "tests/tools/{needed} is missing: run ./test, which installs it");
    }
    tools
}

/// The key of the client that signs assertions.
static SIGNER: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);

const KEY_ID: &str = "signer-1";

/// The client's `trust`, with its public key.
fn public_key() -> Value {
    let (n, e) = SIGNER.components();
    let [n, e] = [n, e].map(|number| URL_SAFE_NO_PAD.encode(number));
    json!({"jwks": {"keys": [{"kty": "RSA", "kid": KEY_ID, "n": n, "e": e}]}})
}

/// Runs a script as the confidential client and, if it can, as the public one and as the one that signs assertions.
async fn run(program: &str, script: &str, kinds_of_clients: usize) {
    let redirect_uri = format!("http://127.0.0.1:{}/callback", free_port());
    let clients = json!([
        client("web", &json!({"redirect_uris": [redirect_uri]})),
        client("native", &json!({"client_secret_sha256": [], "redirect_uris": [redirect_uri]})),
        client(
            "signer",
            &json!({"client_secret_sha256": [], "redirect_uris": [redirect_uri], "trust": [public_key()]})
        ),
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let kinds = [("web", Some(CLIENT_SECRET)), ("native", None), ("signer", None)];
    for (client_id, client_secret) in kinds.into_iter().take(kinds_of_clients) {
        let tools = tools();
        let program = if program == "python" { tools.join(".venv/bin/python") } else { program.into() };
        let mut command = tokio::process::Command::new(program);
        command.arg(tools.join("clients").join(script)).current_dir(tools).kill_on_drop(true);
        command.env("ISSUER", &app.issuer).env("CLIENT_ID", client_id).env("REDIRECT_URI", &redirect_uri);
        command.env("DOCUSIGN_USER", INTEGRATION_USER).env_remove("CLIENT_SECRET");
        command.envs(client_secret.map(|secret| ("CLIENT_SECRET", secret)));
        command.envs((client_id == "signer").then(|| ("PRIVATE_KEY", SIGNER.pkcs8_pem())));
        command.env("KEY_ID", KEY_ID);
        let output = command.output().await.expect("the program of tests/tools");
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success() && printed[0].ends_with("ok\n"), "{script} as {client_id}: {printed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client() {
    run("node", "openid-client.mjs", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi() {
    run("node", "oauth4webapi.mjs", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simple_oauth2() {
    run("node", "simple-oauth2.mjs", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passport_oauth2() {
    run("node", "passport-oauth2.mjs", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib() {
    run("python", "with_authlib.py", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_oauthlib() {
    run("python", "with_requests_oauthlib.py", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_oauth2_crate() {
    let app = LocalApp::start().await;
    let url = |path: &str| format!("{}{path}", app.issuer);
    let client = BasicClient::new(ClientId::new("web".to_owned()))
        .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()))
        .set_auth_uri(AuthUrl::new(url("/oauth/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(url("/oauth/token")).unwrap())
        // The crate requires https here, so the URL has https and the request is changed to http below.
        .set_revocation_url(RevocationUrl::new(url("/oauth/revoke").replace("http:", "https:")).unwrap())
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).unwrap());
    let http = app.http.clone();
    let send = move |request: oauth2::HttpRequest| {
        let http = http.clone();
        async move {
            let mut request = request.map(|body| http_body_util::Full::new(bytes::Bytes::from(body)));
            let plain = request.uri().to_string().replace("https:", "http:");
            *request.uri_mut() = plain.parse().unwrap();
            let answer = http.send(request).await.ok_or_else(|| std::io::Error::other("no answer"))?;
            let mut response = oauth2::HttpResponse::new(answer.body.to_vec());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok::<_, std::io::Error>(response)
        }
    };
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scope = Scope::new("spring_read".to_owned());
    let (authorize, state) =
        client.authorize_url(CsrfToken::new_random).add_scope(scope).set_pkce_challenge(challenge).url();
    let visit = app.sign_in(authorize.as_str(), INTEGRATION_USER).await;
    assert!(visit.url.starts_with(CLIENT));
    assert_eq!(visit.parameter("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(visit.parameter("code").unwrap());
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&send).await.unwrap();
    let refresh_token = tokens.refresh_token().unwrap();
    let refreshed = client.exchange_refresh_token(refresh_token).request_async(&send).await.unwrap();
    assert_eq!(refreshed.scopes().unwrap().len(), 1);
    let revocable = StandardRevocableToken::from(refresh_token.clone());
    client.revoke_token(revocable).unwrap().request_async(&send).await.unwrap();
    assert!(client.exchange_refresh_token(refresh_token).request_async(&send).await.is_err());
}
