//! An app with a CLM, and flows that poll it as Power Platform does.

use std::sync::Arc;

use http::Method;
use sandbox::client::Answer;
use sandbox::clm::Clm;
use sandbox::server::Server;
use sandbox::{GATEWAY_API_KEY, GATEWAY_ID, digest};
use serde_json::{Value, json};

use crate::local::LocalApp;

/// The app, its CLM, and CLM's clock, which tests move.
pub struct Stage {
    pub app: LocalApp,
    pub clm: Arc<Clm>,
    sealing_key: String,
    _server: Server,
}

/// The client of the flows.
pub fn client() -> Value {
    json!({"client_id": GATEWAY_ID, "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
           "scope": "signature spring_read spring_write", "api_key_sha256": [digest(GATEWAY_API_KEY)],
           "gateway_allow": ["GET /triggers/", "* /clm/", "* /esign/"]})
}

impl Stage {
    pub async fn start() -> Self {
        Self::with(&json!([client()])).await
    }

    pub async fn with(clients: &Value) -> Self {
        let mut app = LocalApp::start().await;
        let (clm, server) = Clm::start(&app.docusign).await;
        clm.stop_clock_at(1_900_000_000_000);
        let (docusign, clm_url, clients) = (app.docusign.url(), clm.discovery_url(), clients.to_string());
        let settings =
            [("DOCUSIGN_OAUTH_URL", &docusign), ("DOCUSIGN_CLM_URL", &clm_url), ("EVERGRANT_CLIENTS", &clients)];
        app.restart(&settings.map(|(name, value)| (name, value.as_str()))).await;
        Self { app, clm, sealing_key: "file:sealing.pem".to_owned(), _server: server }
    }

    /// Restarts the app, which forgets its caches.
    pub async fn restart(&mut self, changes: &[(&str, &str)]) {
        self.app.restart(changes).await;
    }

    /// Restarts the app with another sealing key. The one before still opens cursors.
    pub async fn rotate_sealing_key(&mut self, new: &str) {
        let old = std::mem::replace(&mut self.sealing_key, new.to_owned());
        self.restart(&[("EVERGRANT_SEALING_KEY_ID", new), ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", &old)]).await;
    }

    /// A new folder in the root.
    pub fn folder(&self, name: &str) -> String {
        self.clm.add_folder(name, &self.folder_at("/"))
    }

    pub fn folder_at(&self, path: &str) -> String {
        self.clm.folder_at(path).unwrap()
    }

    /// Starts a workflow through the gateway and returns its id.
    pub async fn start_workflow(&self) -> String {
        let url = format!("{}/gateway/clm/workflows", self.app.issuer);
        let headers = [("x-api-key", GATEWAY_API_KEY), ("content-type", "application/json")];
        let answer = self.app.http.call(Method::POST, &url, &headers, r#"{"Name":"Renewal"}"#).await;
        answer.json()["Href"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    /// CLM's time as RFC 3339.
    pub fn clm_time(&self) -> String {
        let id = self.clm.add_document("Clock", &self.folder_at("/"), "x");
        self.clm.documents_now().into_iter().find(|(known, ..)| *known == id).unwrap().2
    }

    /// Moves the clocks of the app and of DocuSign. CLM's stays.
    pub fn later(&self, seconds: u64) {
        self.app.advance(seconds);
    }

    /// Moves CLM's clock.
    pub fn clm_later(&self, milliseconds: u64) {
        self.clm.stop_clock_at(self.clm.now() + milliseconds);
    }

    /// Polls with the key of the client.
    pub async fn get(&self, url: &str) -> Answer {
        self.get_with(url, &[("x-api-key", GATEWAY_API_KEY)]).await
    }

    pub async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let url = if url.starts_with('/') { format!("{}{url}", self.app.issuer) } else { url.to_owned() };
        self.app.http.call(Method::GET, &url, headers, "").await
    }

    /// The calls to CLM whose line contains `text`, so far.
    pub fn calls(&self, text: &str) -> usize {
        self.clm.calls().iter().filter(|call| call.contains(text)).count()
    }
}

/// A flow: it keeps the address of the next poll, and what it got.
#[derive(Clone)]
pub struct Flow {
    pub next: String,
    pub events: Vec<Value>,
}

impl Flow {
    pub fn new(stage: &Stage, trigger: &str) -> Self {
        Self { next: format!("{}/triggers/{trigger}", stage.app.issuer), events: Vec::new() }
    }

    /// Polls once. Only a success moves the flow on.
    pub async fn poll(&mut self, stage: &Stage) -> Answer {
        let answer = stage.get(&self.next).await;
        if matches!(answer.status.as_u16(), 200 | 202) {
            self.next = answer.header("location").to_owned();
            assert!(self.next.len() <= 2000, "{}", self.next.len());
            self.events.extend(answer.json()["value"].as_array().cloned().unwrap_or_default());
        }
        answer
    }

    /// Polls until there is nothing more at once.
    pub async fn drain(&mut self, stage: &Stage) -> usize {
        let before = self.events.len();
        for _ in 0..100 {
            let answer = self.poll(stage).await;
            assert!(matches!(answer.status.as_u16(), 200 | 202), "{} {}", answer.status, answer.text());
            if answer.header("retry-after") != "0" {
                return self.events.len() - before;
            }
        }
        panic!("it never ends");
    }
}

/// The names of the delivered items.
pub fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["value"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["Name"].as_str().unwrap_or_default().to_owned()).collect()
}
