//! One issuer: its discovery document and its key set.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use serde_json::{Value, json};

use crate::fault::{Fault, Faults};
use crate::issuers::keys::KeyRing;
use crate::server::{self, Body, Reply, reply};

/// What can be wrong with an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Connections are closed without an answer.
    Down,
    /// No answer ever comes.
    Silent,
    /// Answers come half a second late.
    Slow,
    /// 500.
    Failing,
    /// 200 with a web page.
    Html,
    /// 200 with JSON that breaks off.
    Malformed,
    /// 302 to the same document elsewhere.
    Redirecting,
    /// 300 KiB of valid JSON.
    Oversized,
    /// The document names another issuer.
    OtherIssuer,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Down,
        Self::Silent,
        Self::Slow,
        Self::Failing,
        Self::Html,
        Self::Malformed,
        Self::Redirecting,
        Self::Oversized,
        Self::OtherIssuer,
    ];
}

/// The query of the address that redirects lead to, where everything is well.
const MOVED: &str = "moved";

/// An issuer.
#[derive(Debug)]
pub struct Issuer {
    /// Faults of both documents.
    pub faults: Arc<Faults>,
    /// Faults of the key set only.
    pub key_faults: Arc<Faults>,
    url: String,
    jwks_url: String,
    /// Members of every key.
    of_keys: Value,
    ring: Arc<KeyRing>,
    discoveries: AtomicUsize,
    key_sets: AtomicUsize,
}

impl Issuer {
    /// The issuer `url` with a key set at `jwks_url`, in which each key has the members `of_keys` too.
    #[must_use]
    pub fn new(url: String, jwks_url: String, of_keys: Value, ring: Arc<KeyRing>) -> Arc<Self> {
        Arc::new(Self {
            faults: Arc::default(),
            key_faults: Arc::default(),
            url,
            jwks_url,
            of_keys,
            ring,
            discoveries: AtomicUsize::new(0),
            key_sets: AtomicUsize::new(0),
        })
    }

    /// The issuer as it is in its tokens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// How often its discovery document was asked for.
    #[must_use]
    pub fn discoveries(&self) -> usize {
        self.discoveries.load(Ordering::SeqCst)
    }

    /// How often its key set was asked for.
    #[must_use]
    pub fn key_sets(&self) -> usize {
        self.key_sets.load(Ordering::SeqCst)
    }

    /// Makes the discovery document and the key set go wrong; `None` ends it.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        let at = self.discovery_url();
        self.faults.set(trouble.map(|trouble| self.fault(trouble, &at, &self.discovery())));
        self.key_faults.set(None);
    }

    /// Makes only the key set go wrong; `None` ends it.
    pub fn key_trouble(&self, trouble: Option<Trouble>) {
        let jwks = self.ring.jwks(&self.of_keys);
        self.key_faults.set(trouble.map(|trouble| self.fault(trouble, &self.jwks_url, &jwks)));
        self.faults.set(None);
    }

    fn fault(&self, trouble: Trouble, at: &str, document: &Value) -> Fault {
        match trouble {
            Trouble::Down => Fault::Cut,
            Trouble::Silent => Fault::Hang,
            Trouble::Slow => Fault::Latency(Duration::from_millis(500)),
            Trouble::Failing => Fault::Status(500),
            Trouble::Html => Fault::Status(200),
            Trouble::Malformed => Fault::Body(document.to_string().split_off(1)),
            Trouble::Redirecting => Fault::Redirect(format!("{at}?{MOVED}")),
            Trouble::Oversized => {
                let mut document = document.clone();
                document["padding"] = "x".repeat(300 * 1024).into();
                Fault::Body(document.to_string())
            }
            Trouble::OtherIssuer => {
                let other = json!({"issuer": "https://other.example", "jwks_uri": self.jwks_url});
                Fault::Body(other.to_string())
            }
        }
    }

    fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'))
    }

    fn discovery(&self) -> Value {
        json!({
            "issuer": self.url, "jwks_uri": self.jwks_url, "response_types_supported": ["id_token"],
            "subject_types_supported": ["public", "pairwise"], "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    /// The answer to a request for one of its documents; `None` for other paths.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Option<Reply> {
        let path = request.uri().path();
        let (document, count, more) = if path == path_of(&self.discovery_url()) {
            (self.discovery(), &self.discoveries, None)
        } else if path == path_of(&self.jwks_url) {
            (self.ring.jwks(&self.of_keys), &self.key_sets, Some(&*self.key_faults))
        } else {
            return None;
        };
        count.fetch_add(1, Ordering::SeqCst);
        if request.uri().query() == Some(MOVED) {
            return Some(Ok(server::json(200, &document)));
        }
        Some(self.struck(more).await.unwrap_or_else(|| Ok(server::json(200, &document))))
    }

    async fn struck(&self, more: Option<&Faults>) -> Option<Reply> {
        if let Some(struck) = self.faults.strike().await {
            return Some(struck);
        }
        more?.strike().await
    }
}

/// The path of a URL.
fn path_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(url, |at| &url[at + 3..]);
    after_scheme.find('/').map_or("/", |at| &after_scheme[at..])
}

/// What a server of issuers answers to other paths.
pub(super) fn not_found() -> Response<Body> {
    reply(404, "text/plain", "not found\n")
}
