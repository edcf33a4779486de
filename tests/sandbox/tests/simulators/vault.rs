//! Key Vault and the identity endpoint: what they answer to the SDK, and to everything else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use sandbox::client::HttpClient;
use sandbox::fault::Fault;
use sandbox::identity::Identity;
use sandbox::key_vault::KeyVault;
use sandbox::keys::{Authority, SEALING_KEY, SIGNING_KEY};
use sandbox::server::Server;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const HOST: &str = "contoso.vault.azure.net";

/// A vault behind TLS with one key.
struct Stage {
    vault: Arc<KeyVault>,
    server: Server,
    tls: TlsConnector,
}

impl Stage {
    async fn start() -> Self {
        let authority = Authority::new();
        let vault = KeyVault::new(HOST, "entra token");
        vault.add_key("signing", "v1", SIGNING_KEY.clone());
        let server = vault.start(authority.certify(HOST).acceptor).await;
        Self { vault, server, tls: authority.connector() }
    }

    /// Status, head and JSON of the answer.
    async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, String, Value) {
        let socket = TcpStream::connect(self.server.address).await.unwrap();
        let mut socket = self.tls.connect(HOST.try_into().unwrap(), socket).await.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n{token}content-length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all((head + &body).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }
}

const TOKEN: &str = "authorization: Bearer entra token\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_there_is_a_challenge_and_nothing_else() {
    let stage = Stage::start().await;
    for token in ["", "authorization: Bearer another\r\n", "authorization: Basic entra token\r\n"] {
        for (method, path) in
            [("GET", "/keys/signing/v1?api-version=7.6"), ("POST", "/keys/signing/v1/sign"), ("GET", "/x")]
        {
            let (status, head, body) = stage.call(method, path, token, &json!(null)).await;
            assert_eq!((status, &body["error"]["code"]), (401, &json!("Unauthorized")), "{token}{path}");
            assert!(
                head.contains("www-authenticate: Bearer authorization=\"https://login.microsoftonline.com/"),
                "{head}"
            );
            assert!(head.contains("resource=\"https://vault.azure.net\""), "{head}");
        }
    }
    assert_eq!((stage.vault.signatures(), stage.vault.public_key_reads()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_returned_and_signs_a_digest_with_rs256_only() {
    let stage = Stage::start().await;
    let (status, _, body) = stage.call("GET", "/keys/signing/v1", TOKEN, &json!(null)).await;
    let (modulus, _) = SIGNING_KEY.components();
    assert_eq!(
        (status, &body["key"]["kty"], &body["key"]["n"]),
        (200, &json!("RSA"), &json!(URL_SAFE_NO_PAD.encode(modulus)))
    );
    assert_eq!(body["key"]["kid"], format!("https://{HOST}/keys/signing/v1"));
    let digest = URL_SAFE_NO_PAD.encode([7; 32]);
    for (request, expected) in [
        (json!({"alg": "RS256", "value": digest}), 200),
        (json!({"alg": "RS512", "value": digest}), 400),
        (json!({"alg": "PS256", "value": digest}), 400),
        (json!({"value": digest}), 400),
        (json!({"alg": "RS256"}), 400),
        (json!({"alg": "RS256", "value": URL_SAFE_NO_PAD.encode([7; 31])}), 400),
        (json!({"alg": "RS256", "value": "not base64!"}), 400),
        (json!(null), 400),
    ] {
        let (status, _, body) = stage.call("POST", "/keys/signing/v1/sign", TOKEN, &request).await;
        assert_eq!(status, expected, "{request}");
        let signature = body["value"].as_str().map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        assert_eq!(signature.is_some(), expected == 200, "{request}");
        assert_eq!(
            signature,
            SIGNING_KEY.sign_digest(&[7; 32]).filter(|_| expected == 200),
            "PKCS#1 v1.5 is deterministic"
        );
    }
    assert_eq!((stage.vault.signatures(), stage.vault.signatures_by("signing")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_or_path_is_not_found_and_no_role_is_forbidden() {
    let stage = Stage::start().await;
    for (method, path, code) in [
        ("GET", "/keys/signing/v2", "KeyNotFound"),
        ("GET", "/keys/another/v1", "KeyNotFound"),
        ("POST", "/keys/signing/v2/sign", "KeyNotFound"),
        ("GET", "/keys/signing", "NotFound"),
        ("GET", "/secrets/signing/v1", "NotFound"),
        ("DELETE", "/keys/signing/v1", "NotFound"),
        ("POST", "/keys/signing/v1/decrypt", "NotFound"),
    ] {
        let (status, _, body) = stage.call(method, path, TOKEN, &json!({})).await;
        assert_eq!((status, &body["error"]["code"]), (404, &json!(code)), "{method} {path}");
    }
    stage.vault.deny(true);
    let (status, _, body) = stage.call("GET", "/keys/signing/v1", TOKEN, &json!(null)).await;
    assert_eq!((status, &body["error"]["innererror"]["code"]), (403, &json!("ForbiddenByRbac")));
    stage.vault.deny(false);
    stage.vault.faults.once(Fault::Throttle(Some("3".to_owned())));
    let (status, head, _) = stage.call("GET", "/keys/signing/v1", TOKEN, &json!(null)).await;
    assert!(status == 429 && head.contains("retry-after: 3"), "{head}");
    stage.vault.faults.once(Fault::Cut);
    assert_eq!(stage.call("GET", "/keys/signing/v1", TOKEN, &json!(null)).await.0, 0, "no answer");
    stage.vault.remove_key("signing", "v1");
    stage.vault.add_key("signing", "v2", SEALING_KEY.clone());
    let found = [
        stage.call("GET", "/keys/signing/v1", TOKEN, &json!(null)).await.0,
        stage.call("GET", "/keys/signing/v2", TOKEN, &json!(null)).await.0,
    ];
    assert_eq!(found, [404, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_endpoint_answers_its_own_app_only() {
    let identity = Identity::new("the header", "the-identity", "entra token");
    let server = identity.start().await;
    let http = HttpClient::default();
    let ask = async |query: &str, headers: &[(&str, &str)]| {
        http.call(Method::GET, &format!("{}/msi/token?{query}", server.url()), headers, "").await
    };
    let (header, version) = (("x-identity-header", "the header"), "api-version=2019-08-01");
    let vault = "resource=https%3A%2F%2Fvault.azure.net";
    for query in [format!("{version}&{vault}"), format!("{version}&{vault}&client_id=the-identity")] {
        let answer = ask(&query, &[header]).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["access_token"]), (200, &json!("entra token")), "{query}");
        assert!(answer.json()["expires_on"].as_str().unwrap().parse::<u64>().unwrap() > 0, "a text with a number");
    }
    for (query, headers) in [
        (format!("{version}&{vault}"), &[][..]),
        (format!("{version}&{vault}"), &[("x-identity-header", "another")]),
        (format!("{version}&{vault}"), &[("metadata", "true")]),
        (vault.to_owned(), &[header]),
        (format!("api-version=2018-02-01&{vault}"), &[header]),
        (format!("{version}&{vault}&client_id=another"), &[header]),
        (version.to_owned(), &[header]),
        (format!("{version}&resource=https%3A%2F%2Fmanagement.azure.com"), &[header]),
        (format!("{version}&resource=api%3A%2F%2Fx"), &[header]),
    ] {
        assert_eq!(ask(&query, headers).await.status, 400, "{query} {headers:?}");
    }
    assert_eq!((identity.requests(), identity.client_ids()[1].as_deref()), (11, Some("the-identity")));
}
