//! An issuer that the tests control completely: its documents, and how often they were asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use sandbox::server::{Cut, Reply, Server, reply};
use serde_json::{Value, json};

use super::signer::Signer;

/// What a path answers.
#[derive(Clone)]
pub enum Document {
    Json(Value),
    Text(u16, String),
    Redirect(String),
    /// The connection is closed.
    Nothing,
    /// The answer comes late.
    Late(Duration, Value),
}

impl Document {
    /// The document with `url` in place of the word `URL`.
    pub fn at(self, url: &str) -> Self {
        let fill = |text: &str| text.replace("URL", url);
        match self {
            Self::Json(value) => Self::Json(serde_json::from_str(&fill(&value.to_string())).unwrap()),
            Self::Text(status, text) => Self::Text(status, fill(&text)),
            Self::Redirect(to) => Self::Redirect(fill(&to)),
            other => other,
        }
    }
}

#[derive(Default)]
struct Shared {
    documents: Mutex<BTreeMap<String, Document>>,
    asked: Mutex<Vec<String>>,
}

/// A server with the documents of any number of issuers.
pub struct TestIssuer {
    /// The base URL, which is the issuer at the root.
    pub url: String,
    shared: Arc<Shared>,
    _server: Server,
}

impl TestIssuer {
    /// Starts it with `keys`.
    pub async fn start(keys: &[&Signer]) -> Self {
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let server = Server::start(0, move |request| answer(Arc::clone(&serving), request)).await;
        let this = Self { url: server.url(), shared, _server: server };
        this.publish(keys);
        this
    }

    /// Publishes the configuration of the issuer at the root, and its keys.
    pub fn publish(&self, keys: &[&Signer]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.publish_set(json!({ "keys": keys }));
    }

    /// Publishes this key set.
    pub fn publish_set(&self, keys: Value) {
        self.set("/.well-known/openid-configuration", Document::Json(self.configuration("")));
        self.set("/keys", Document::Json(keys));
    }

    /// The configuration of the issuer at `path`, with the keys of the one at the root.
    pub fn configuration(&self, path: &str) -> Value {
        json!({"issuer": format!("{}{path}", self.url), "jwks_uri": format!("{}/keys", self.url)})
    }

    /// Answers `document` at `path`.
    pub fn set(&self, path: &str, document: Document) {
        self.shared.documents.lock().unwrap().insert(path.to_owned(), document);
    }

    /// Closes every connection.
    pub fn go_down(&self) {
        self.shared.documents.lock().unwrap().values_mut().for_each(|document| *document = Document::Nothing);
    }

    /// How many requests came.
    pub fn calls(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    /// How many requests came for `path`.
    pub fn calls_for(&self, path: &str) -> usize {
        self.shared.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

async fn answer<B>(shared: Arc<Shared>, request: Request<B>) -> Reply {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    shared.asked.lock().unwrap().push(path.clone());
    let document = shared.documents.lock().unwrap().get(&path).cloned();
    match document {
        Some(Document::Json(value)) => Ok(reply(200, "application/json", value.to_string())),
        Some(Document::Text(status, text)) => Ok(reply(status, "text/html", text)),
        Some(Document::Redirect(to)) => {
            let mut redirect = reply(302, "text/plain", "");
            redirect.headers_mut().insert("location", to.parse().unwrap());
            Ok(redirect)
        }
        Some(Document::Late(delay, value)) => {
            tokio::time::sleep(delay).await;
            Ok(reply(200, "application/json", value.to_string()))
        }
        Some(Document::Nothing) => Err(Cut),
        None => Ok(reply(404, "text/plain", "not found")),
    }
}
