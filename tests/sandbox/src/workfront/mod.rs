//! Adobe Workfront, as seen by a document integration. With OAuth 2: only `state` in the authorization request, client
//! credentials in the body, no `redirect_uri`, and a refresh after a 403. With an API key: the key and the user's name in
//! every call.

mod browse;
mod documents;
mod site;
mod steps;
mod walk;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Response};

use crate::client::{Answer, HttpClient};
use crate::html::{escape, page, redirect};
use crate::registry::{CLIENT_SECRET, WORKFRONT_ID};
use crate::server::{Body, Server};
use crate::site::Site;
use crate::wire::{parameter, random};

pub use documents::{Documents, Ids};
pub use walk::{Mode, walk};

/// The tokens of the user who is signed in to Workfront.
#[derive(Clone, Debug, Default)]
pub struct Provisioned {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

/// The simulated Workfront.
#[derive(Debug)]
pub struct Workfront {
    /// Its address and its authorization server.
    pub site: Site,
    /// Fixed request parameters of the registration, added to the query of every call.
    pub request_parameters: Mutex<Vec<(String, String)>>,
    /// The configured Base API URL, if it is not the app's.
    typed_in: Mutex<Option<String>>,
    /// Sends token requests in the query, as one of Adobe's pages suggests.
    pub token_request_in_query: AtomicBool,
    state: Mutex<Option<String>>,
    provisioned: Mutex<Option<Provisioned>>,
    /// The API key and user name, if the user connected with them.
    key: Mutex<Option<(String, String)>>,
    refreshes: AtomicU32,
    calls: AtomicU32,
    http: HttpClient,
}

impl Workfront {
    /// Starts it.
    pub async fn start() -> (Arc<Self>, Server) {
        let this = Arc::new(Self {
            site: Site::default(),
            request_parameters: Mutex::default(),
            typed_in: Mutex::default(),
            token_request_in_query: AtomicBool::new(false),
            state: Mutex::default(),
            provisioned: Mutex::default(),
            key: Mutex::default(),
            refreshes: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            http: HttpClient::default(),
        });
        let answering = Arc::clone(&this);
        let server = Server::start(0, move |request| Arc::clone(&answering).answer(request)).await;
        this.site.listens_at(server.url());
        (this, server)
    }

    /// The "Workfront Redirect URI" to register.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/internal/oauth2/code", self.site.url())
    }

    /// The tokens, if the user has connected.
    #[must_use]
    pub fn provisioned(&self) -> Option<Provisioned> {
        self.provisioned.lock().unwrap().clone()
    }

    /// Whether the user has connected, with tokens or with an API key.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.provisioned().is_some() || self.key.lock().unwrap().is_some()
    }

    /// Removes the service.
    pub fn forget(&self) {
        self.provisioned.lock().unwrap().take();
        self.key.lock().unwrap().take();
        self.refreshes.store(0, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
    }

    /// The number of refreshes.
    #[must_use]
    pub fn refreshes(&self) -> u32 {
        self.refreshes.load(Ordering::SeqCst)
    }

    /// The number of calls, without retries.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The Base API URL of the registration.
    #[must_use]
    pub fn base_url(&self) -> String {
        let typed_in = self.typed_in.lock().unwrap().clone();
        typed_in.unwrap_or_else(|| format!("{}/workfront/v1", self.site.issuer()))
    }

    /// Sets another Base API URL; `None` means the app's.
    pub fn use_base_url(&self, url: Option<&str>) {
        *self.typed_in.lock().unwrap() = url.map(ToOwned::to_owned);
    }

    /// Invalidates the access token, as in Adobe's tenth manual test.
    pub fn invalidate_access_token(&self) {
        if let Some(provisioned) = &mut *self.provisioned.lock().unwrap() {
            "invalidated".clone_into(&mut provisioned.access_token);
        }
    }

    /// The Authentication URL of the registration with `state` added.
    fn connect(&self) -> Response<Body> {
        let state = random();
        let target = format!("{}/oauth/authorize/{WORKFRONT_ID}?state={state}", self.site.issuer());
        *self.state.lock().unwrap() = Some(state);
        redirect(&target)
    }

    async fn redirected(&self, query: &str) -> Response<Body> {
        let expected = self.state.lock().unwrap().take();
        if expected.is_none() || parameter(query, "state") != expected {
            return page(400, "Not added (simulated Workfront)", "The state is not the one that was sent.");
        }
        let Some(code) = parameter(query, "code") else {
            let error = parameter(query, "error").unwrap_or_default();
            return page(400, "Not added (simulated Workfront)", &escape(&error));
        };
        let answer = self.ask(&[("grant_type", "authorization_code"), ("code", &code)]).await;
        match self.keep(&answer) {
            Some(()) => {
                *self.key.lock().unwrap() = None;
                self.home("Service added.")
            }
            None => page(400, "Not added (simulated Workfront)", &escape(&answer.text())),
        }
    }

    /// Requests the root folder; after a 403, retries with a new access token.
    pub async fn browse(self: &Arc<Self>) -> Answer {
        self.as_oauth().metadata("/").await
    }

    /// Gets a new access token with the refresh token; returns the error response if that fails.
    async fn refresh(&self) -> Result<(), Box<Answer>> {
        let refresh_token = self.provisioned().unwrap_or_default().refresh_token;
        let refreshed = self.ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]).await;
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        self.keep(&refreshed).ok_or_else(|| Box::new(refreshed))
    }

    async fn ask(&self, grant: &[(&str, &str)]) -> Answer {
        let form = [grant, &[("client_id", WORKFRONT_ID), ("client_secret", CLIENT_SECRET)]].concat();
        let url = format!("{}/oauth/token", self.site.issuer());
        if !self.token_request_in_query.load(Ordering::SeqCst) {
            return self.http.post_form(&url, &[], &form).await;
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.http.call(Method::POST, &format!("{url}?{query}"), &[], "").await
    }

    fn keep(&self, answer: &Answer) -> Option<()> {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().map(ToOwned::to_owned);
        let known = self.provisioned().map(|provisioned| provisioned.refresh_token);
        if answer.status != 200 {
            return None;
        }
        let (access_token, refresh_token) = (text("access_token")?, text("refresh_token").or(known)?);
        *self.provisioned.lock().unwrap() = Some(Provisioned { access_token, refresh_token });
        Some(())
    }
}
