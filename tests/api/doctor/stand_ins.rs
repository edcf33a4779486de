//! Substitutes for the servers of the sandbox that cannot be broken in the same way.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, Response};
use sandbox::keys::{Certificate, RsaKey};
use sandbox::server::{Body, Reply, Server, json, read, reply};
use serde_json::{Value, json};

/// What a vault does wrong.
#[derive(Clone, Copy)]
pub enum VaultFault {
    /// Keys whose names start with this text can be read, but do not sign, for this reason.
    Signing(&'static str, &'static str),
    /// It refuses these keys altogether.
    Everything(&'static str, &'static str),
    /// It answers everything with this status and this JSON.
    Answer(u16, &'static str),
    /// The signing key is on an elliptic curve.
    Curve,
    /// It signs with a different key than the one it shows.
    Impostor,
    /// Its challenge has these further values.
    Challenges(&'static [&'static str]),
}

/// A vault with the sandbox's two keys.
pub async fn vault(tls: Certificate, signing_key: RsaKey, sealing_key: RsaKey, fault: VaultFault) -> Server {
    let answer = move |request: Request<_>| {
        let name = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
        let kid =
            format!("https://evergrant-sandbox.vault.azure.net{}", request.uri().path().trim_end_matches("/sign"));
        let signs = name == "evergrant-signing";
        let own = if signs { signing_key.clone() } else { sealing_key.clone() };
        let signer = if signs && matches!(fault, VaultFault::Impostor) { sealing_key.clone() } else { own.clone() };
        async move {
            if !request.headers().contains_key("authorization") {
                let further = if let VaultFault::Challenges(further) = fault { further } else { &[] };
                return Ok(challenge(further));
            }
            let reading = request.method() == Method::GET;
            match fault {
                VaultFault::Signing(of, code) if !reading && name.starts_with(of) => return Ok(refused(code)),
                VaultFault::Everything(of, code) if name.starts_with(of) => return Ok(refused(code)),
                VaultFault::Answer(status, text) => return Ok(reply(status, "application/json", text)),
                VaultFault::Curve if signs => {
                    return Ok(json(200, &json!({"key": {"kid": kid, "kty": "EC", "crv": "P-256"}})));
                }
                _ if reading => return Ok(public_half(&own, &kid)),
                _ => {}
            }
            let body: Value = serde_json::from_slice(&read(request.into_body()).await).unwrap();
            let digest = URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap()).unwrap();
            let signature = signer.sign_digest(&digest).unwrap();
            Ok(json(200, &json!({"kid": kid, "value": URL_SAFE_NO_PAD.encode(signature)})))
        }
    };
    Server::start_tls(tls.acceptor, answer).await
}

fn challenge(further: &[&str]) -> Response<Body> {
    let mut response = json(401, &json!({}));
    let value = "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000\", \
                 resource=\"https://vault.azure.net\"";
    response.headers_mut().insert("www-authenticate", value.parse().unwrap());
    for challenge in further {
        response.headers_mut().append("www-authenticate", challenge.parse().unwrap());
    }
    response
}

fn refused(code: &str) -> Response<Body> {
    json(403, &json!({"error": {"code": "Forbidden", "message": "No.", "innererror": {"code": code}}}))
}

fn public_half(key: &RsaKey, kid: &str) -> Response<Body> {
    let (n, e) = key.components();
    json(
        200,
        &json!({"key": {"kid": kid, "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)}}),
    )
}

/// A storage account that answers everything with `status` and `code`.
pub async fn storage(tls: Certificate, status: u16, code: &'static str) -> Server {
    let answer = move |_: Request<_>| async move {
        let mut answer = reply(status, "application/xml", "");
        answer.headers_mut().insert("x-ms-error-code", code.parse().unwrap());
        answer.headers_mut().insert("x-ms-request-id", "5d2c1f6e-0000-4000-8000-7a8b9c0d1e2f".parse().unwrap());
        Reply::Ok(answer)
    };
    Server::start_tls(tls.acceptor, answer).await
}

/// DocuSign's account server, as seen by a machine whose clock is behind by `seconds`.
pub async fn another_time(seconds: u64) -> Server {
    let answer = move |request: Request<_>| async move {
        let mut answer = match request.uri().path() {
            "/oauth/token" => json(400, &json!({"error": "invalid_grant", "error_description": "expired_grant"})),
            _ => json(401, &json!({})),
        };
        let date = httpdate::fmt_http_date(now() + Duration::from_secs(seconds));
        answer.headers_mut().insert("date", date.parse().unwrap());
        Reply::Ok(answer)
    };
    Server::start(0, answer).await
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(sandbox::docusign::unix_now())
}

/// Claims to be `issuer`, or else its own address. Accepts every caller at the path `open` and refuses all others.
pub async fn careless(issuer: Option<&'static str>, open: &'static str) -> Server {
    let answer = move |request: Request<_>| async move {
        let host = request.headers()["host"].to_str().unwrap();
        let issuer = issuer.map_or_else(|| format!("http://{host}"), ToOwned::to_owned);
        let mut answer = match request.uri().path() {
            "/.well-known/oauth-authorization-server" => json(200, &json!({ "issuer": issuer })),
            path if path != open => reply(400, "text/plain", "refused"),
            "/oauth/authorize" => {
                let mut away = reply(302, "text/plain", "");
                away.headers_mut().insert("location", "https://foreign.invalid/callback?code=1".parse().unwrap());
                away
            }
            _ => reply(200, "application/json", r#"{"access_token":"a","token_type":"Bearer"}"#),
        };
        answer.headers_mut().insert("x-request-id", "1".parse().unwrap());
        Ok(answer)
    };
    Server::start(0, answer).await
}
