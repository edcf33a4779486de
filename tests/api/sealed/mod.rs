//! Sealed tokens: they open only unchanged, with their key, as their kind, for their issuer and in their time, and each kind is
//! accepted at its own endpoint only.

mod endpoints;
mod formats;
mod keys;
mod tampering;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::clock::UnixSeconds;
use evergrant::oauth::pkce::CodeChallenge;
use evergrant::sealing::claims::*;
use evergrant::sealing::secret::{LABEL, SealingSecret};
use evergrant::sealing::{Sealable, Sealed};
use evergrant::secret::{Sha256, sha256};
use evergrant::signing::{AssertionSigner, SignError};
use serde_json::{Value, json};

const ISSUER: &str = "https://evergrant.example";
const NOW: UnixSeconds = UnixSeconds(2_000_000_000);

/// A sealing key whose signature is its name, and which counts its signatures.
#[derive(Default)]
struct TestKey {
    name: &'static str,
    signatures: AtomicU32,
    /// The next signatures fail with this error.
    failing: std::sync::Mutex<Option<SignError>>,
}

impl TestKey {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, ..Self::default() })
    }

    fn signatures(&self) -> u32 {
        self.signatures.load(Ordering::SeqCst)
    }

    fn fail(&self, error: Option<SignError>) {
        *self.failing.lock().unwrap() = error;
    }

    /// The secret that a process derives from this key.
    fn secret(&self) -> SealingSecret {
        SealingSecret::derive(self.name.to_owned(), self.name.as_bytes()).unwrap()
    }
}

#[async_trait]
impl AssertionSigner for TestKey {
    async fn sign_digest(&self, digest: Sha256) -> Result<Vec<u8>, SignError> {
        assert_eq!(digest, sha256(LABEL), "it signs nothing else");
        self.signatures.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.failing.lock().unwrap().clone().map_or(Ok(self.name.as_bytes().to_vec()), Err)
    }
}

/// The key for `purpose` from the signature `v1`, written out once more.
fn derived(purpose: &[u8]) -> [u8; 32] {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"evergrant").extract(b"v1");
    let mut key = [0; 32];
    prk.expand(&[purpose], hkdf::HKDF_SHA256).unwrap().fill(&mut key).unwrap();
    key
}

fn mac(key: &[u8], text: &str) -> String {
    BASE64URL.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()))
}

/// Any header and claims, with the right signature.
fn signed(header: &Value, claims: &str) -> String {
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims));
    let tag = mac(&derived(b"seal"), &signed);
    format!("{signed}.{tag}")
}

fn grant(client_id: &str) -> Grant {
    serde_json::from_value(json!({
        "grant_id": "grant-1", "client_id": client_id, "subject": "integration_user", "scope": "signature",
        "granted_at": NOW.0,
    }))
    .unwrap()
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        grant: grant("web"),
        redirect_uri: Some("https://client.example/cb".to_owned()),
        code_challenge: Some(CodeChallenge::of("verifier")),
        process_id: Some("process".to_owned()),
    }
}

fn seal<T: Sealable>(content: T, issuer: &str, lifetime: Option<u64>, secret: &SealingSecret) -> String {
    Sealed::new(issuer, "jti-1".to_owned(), NOW, lifetime, content).seal(secret).unwrap()
}

/// A token of every kind with its `typ`, for a client `web`, sealed by `secret` for `issuer` at `now`.
fn all_kinds(issuer: &str, now: UnixSeconds, secret: &SealingSecret) -> Vec<(&'static str, String)> {
    fn one<T: Sealable>(content: T, issuer: &str, now: UnixSeconds, secret: &SealingSecret) -> (&'static str, String) {
        (T::TYP, Sealed::new(issuer, "jti-1".to_owned(), now, Some(60), content).seal(secret).unwrap())
    }
    let client_id = grant("web").client_id;
    let (browser, scope) = ("digest".to_owned(), grant("web").scope);
    let user = serde_json::from_value(json!("a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f")).unwrap();
    let sign_in = SignInState {
        client_id: client_id.clone(),
        redirect_uri: "https://client.example/cb".to_owned(),
        redirect_uri_given: true,
        scope,
        state: Some("s".to_owned()),
        code_challenge: None,
        browser: browser.clone(),
    };
    let browsing = BrowsingState { client_id: client_id.clone(), back: "/workfront/v1/open".to_owned(), browser };
    vec![
        one(ConsentState {}, issuer, now, secret),
        one(sign_in, issuer, now, secret),
        one(browsing, issuer, now, secret),
        one(BrowserSession { client_id, user }, issuer, now, secret),
        one(
            AuthorizationCode { process_id: None, redirect_uri: None, code_challenge: None, ..code() },
            issuer,
            now,
            secret,
        ),
        one(RefreshToken { grant: grant("web"), generation: 0 }, issuer, now, secret),
        one(SealedAccessToken { grant: grant("web") }, issuer, now, secret),
        one(TriggerCursor { binding: "b".to_owned(), query: String::new(), state: String::new() }, issuer, now, secret),
        one(WaitingTask { binding: "b".to_owned(), path: "workflows/1".to_owned() }, issuer, now, secret),
    ]
}
