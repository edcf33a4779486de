//! Adobe Workfront, as far as a document integration with OAuth 2 sees it: only `state` in the authorization request,
//! client credentials in the body, no `redirect_uri`, and a refresh when a call is answered with 403.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use hyper::body::Incoming;

use crate::client::{Answer, HttpClient};
use crate::html::{escape, page, redirect};
use crate::registry::{CLIENT_SECRET, WORKFRONT_ID};
use crate::server::{Body, Reply, Server, reply};
use crate::site::Site;
use crate::wire::{parameter, random};

/// The tokens of the one user who is signed in to Workfront here.
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
    /// Where it is, and which authorization server it uses.
    pub site: Site,
    /// Base API URL of the documents.
    documents: String,
    /// Puts its token requests into the query, as one page of the vendor's may mean.
    pub token_request_in_query: AtomicBool,
    state: Mutex<Option<String>>,
    provisioned: Mutex<Option<Provisioned>>,
    refreshes: Mutex<u32>,
    http: HttpClient,
}

impl Workfront {
    /// Starts it over the documents at `documents`.
    pub async fn start(documents: &str) -> (Arc<Self>, Server) {
        let this = Arc::new(Self {
            site: Site::default(),
            documents: documents.to_owned(),
            token_request_in_query: AtomicBool::new(false),
            state: Mutex::default(),
            provisioned: Mutex::default(),
            refreshes: Mutex::default(),
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

    /// The tokens, if the user was provisioned.
    #[must_use]
    pub fn provisioned(&self) -> Option<Provisioned> {
        self.provisioned.lock().unwrap().clone()
    }

    /// How many refreshes there have been.
    #[must_use]
    pub fn refreshes(&self) -> u32 {
        *self.refreshes.lock().unwrap()
    }

    /// Makes the access token worthless, as in the vendor's tenth manual test.
    pub fn invalidate_access_token(&self) {
        if let Some(provisioned) = &mut *self.provisioned.lock().unwrap() {
            "invalidated".clone_into(&mut provisioned.access_token);
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let query = request.uri().query().unwrap_or_default().to_owned();
        Ok(match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.home("No document service yet."),
            (&Method::GET, "/connect") => self.connect(),
            (&Method::GET, "/internal/oauth2/code") => self.redirected(&query).await,
            (&Method::POST, "/invalidate") => {
                self.invalidate_access_token();
                self.home("The access token was made worthless.")
            }
            (&Method::POST, "/browse") => {
                let answer = self.browse().await;
                self.home(&format!("{} {}", answer.status, escape(&answer.text())))
            }
            _ => reply(404, "text/plain", "not found\n"),
        })
    }

    fn home(&self, news: &str) -> Response<Body> {
        let body = match self.provisioned() {
            None => format!("<p>{news}<p><a href='/connect'>Add service: DocuSign CLM</a>"),
            Some(_) => format!(
                "<p id=news>{news}<form method=post action='/browse'><button>Browse documents</button></form>\
                 <form method=post action='/invalidate'><button>Make the access token worthless</button></form>\
                 <p>Refreshed {} times.",
                self.refreshes()
            ),
        };
        page(200, "Documents (simulated Workfront)", &body)
    }

    /// The Authentication URL of the registration, with `state` added and nothing else.
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
            Some(()) => self.home("Service added."),
            None => page(400, "Not added (simulated Workfront)", &escape(&answer.text())),
        }
    }

    /// Asks for the root folder; on 403 once more with a new access token.
    pub async fn browse(&self) -> Answer {
        let answer = self.metadata().await;
        if answer.status != 403 {
            return answer;
        }
        let refresh_token = self.provisioned().unwrap_or_default().refresh_token;
        let refreshed = self.ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]).await;
        *self.refreshes.lock().unwrap() += 1;
        match self.keep(&refreshed) {
            Some(()) => self.metadata().await,
            None => refreshed,
        }
    }

    async fn metadata(&self) -> Answer {
        let bearer = format!("Bearer {}", self.provisioned().unwrap_or_default().access_token);
        let url = format!("{}/metadata?id=/", self.documents);
        self.http.call(Method::GET, &url, &[("authorization", &bearer)], "").await
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
