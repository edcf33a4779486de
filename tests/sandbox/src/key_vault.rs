//! Azure Key Vault over HTTPS: the bearer challenge, `GET /keys/{name}/{version}` and `POST …/sign`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use crate::fault::Faults;
use crate::keys::RsaKey;
use crate::server::{self, Body, Reply, Server};
use crate::wire::traceparent;

/// A vault with its keys, faults and counters.
#[derive(Debug)]
pub struct KeyVault {
    /// Faults of all calls with a valid Entra token.
    pub faults: Arc<Faults>,
    host: String,
    entra_token: String,
    keys: Mutex<HashMap<(String, String), RsaKey>>,
    /// Signs with this key instead, like a vault that confuses versions.
    impostor: Mutex<Option<RsaKey>>,
    denied: Mutex<bool>,
    /// The names of the keys that signed, in order.
    signed: Mutex<Vec<String>>,
    public_key_reads: AtomicU32,
    /// The `traceparent` headers received.
    traceparents: Mutex<Vec<String>>,
}

impl KeyVault {
    /// The vault at `https://{host}`, which accepts `entra_token`.
    #[must_use]
    pub fn new(host: &str, entra_token: &str) -> Arc<Self> {
        Arc::new(Self {
            faults: Arc::default(),
            host: host.to_owned(),
            entra_token: entra_token.to_owned(),
            keys: Mutex::default(),
            impostor: Mutex::default(),
            denied: Mutex::default(),
            signed: Mutex::default(),
            public_key_reads: AtomicU32::new(0),
            traceparents: Mutex::default(),
        })
    }

    /// Starts serving.
    pub async fn start(self: &Arc<Self>, tls: TlsAcceptor) -> Server {
        let this = Arc::clone(self);
        Server::start_tls(tls, move |request| Arc::clone(&this).answer(request)).await
    }

    /// Adds a key and returns its identifier.
    pub fn add_key(&self, name: &str, version: &str, key: RsaKey) -> String {
        self.keys.lock().unwrap().insert((name.to_owned(), version.to_owned()), key);
        self.key_id(name, version)
    }

    /// Removes a key.
    pub fn remove_key(&self, name: &str, version: &str) {
        self.keys.lock().unwrap().remove(&(name.to_owned(), version.to_owned()));
    }

    /// The identifier of a key version.
    #[must_use]
    pub fn key_id(&self, name: &str, version: &str) -> String {
        format!("https://{}/keys/{name}/{version}", self.host)
    }

    /// Signs with a wrong key from now on.
    pub fn sign_as_impostor(&self) {
        *self.impostor.lock().unwrap() = Some(RsaKey::generate());
    }

    /// Rejects the identity, as without a role assignment.
    pub fn deny(&self, denied: bool) {
        *self.denied.lock().unwrap() = denied;
    }

    /// The number of signatures.
    #[must_use]
    pub fn signatures(&self) -> u32 {
        u32::try_from(self.signed.lock().unwrap().len()).unwrap_or(u32::MAX)
    }

    /// The number of signatures by the key `name`.
    #[must_use]
    pub fn signatures_by(&self, name: &str) -> usize {
        self.signed.lock().unwrap().iter().filter(|signer| *signer == name).count()
    }

    /// The number of public key requests.
    #[must_use]
    pub fn public_key_reads(&self) -> u32 {
        self.public_key_reads.load(Ordering::SeqCst)
    }

    /// The `traceparent` headers received so far, in order.
    #[must_use]
    pub fn traceparents(&self) -> Vec<String> {
        self.traceparents.lock().unwrap().clone()
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        self.traceparents.lock().unwrap().extend(traceparent(&request));
        let expected = format!("Bearer {}", self.entra_token);
        let presented = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if presented != Some(expected.as_str()) {
            return Ok(challenge());
        }
        if let Some(struck) = self.faults.strike().await {
            return struck;
        }
        if *self.denied.lock().unwrap() {
            let reason = json!({"code": "ForbiddenByRbac"});
            let message = "Caller is not authorized to perform action on resource.";
            let error = json!({"code": "Forbidden", "message": message, "innererror": reason});
            return Ok(server::json(403, &json!({ "error": error })));
        }
        let path = request.uri().path().trim_matches('/').to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method(), &parts[..]) {
            (&Method::GET, ["keys", name, version]) => Ok(self.get(name, version)),
            (&Method::POST, ["keys", name, version, "sign"]) => {
                let body = serde_json::from_slice(&server::read(request.into_body()).await).unwrap_or_default();
                Ok(self.sign(name, version, &body))
            }
            _ => Ok(error(404, "NotFound", "There is no such resource.")),
        }
    }

    fn find(&self, name: &str, version: &str) -> Option<RsaKey> {
        self.keys.lock().unwrap().get(&(name.to_owned(), version.to_owned())).cloned()
    }

    fn get(&self, name: &str, version: &str) -> Response<Body> {
        self.public_key_reads.fetch_add(1, Ordering::SeqCst);
        let Some(key) = self.find(name, version) else { return self.not_found(name) };
        let (n, e) = key.components();
        let jwk = json!({
            "kid": self.key_id(name, version), "kty": "RSA", "key_ops": ["sign", "verify"],
            "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
        });
        server::json(200, &json!({"key": jwk, "attributes": {"enabled": true}}))
    }

    fn sign(&self, name: &str, version: &str, body: &Value) -> Response<Body> {
        let Some(key) = self.find(name, version) else { return self.not_found(name) };
        let digest = body["value"].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let key = self.impostor.lock().unwrap().clone().unwrap_or(key);
        let signature = digest.filter(|_| body["alg"] == "RS256").and_then(|digest| key.sign_digest(&digest));
        let Some(signature) = signature else { return error(400, "BadParameter", "The digest or algorithm is wrong.") };
        self.signed.lock().unwrap().push(name.to_owned());
        let value = URL_SAFE_NO_PAD.encode(signature);
        server::json(200, &json!({"kid": self.key_id(name, version), "value": value}))
    }

    fn not_found(&self, name: &str) -> Response<Body> {
        let message = format!("A key with (name/id) {name} was not found in this key vault ({}).", self.host);
        error(404, "KeyNotFound", &message)
    }
}

fn challenge() -> Response<Body> {
    let mut response = error(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
    let value = "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-4000-8000-000000000000\", \
                 resource=\"https://vault.azure.net\"";
    response.headers_mut().insert("www-authenticate", value.parse().expect("a header"));
    response
}

fn error(status: u16, code: &str, message: &str) -> Response<Body> {
    server::json(status, &json!({"error": {"code": code, "message": message}}))
}
