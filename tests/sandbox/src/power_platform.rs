//! Power Platform, as seen by a custom connector with "Generic OAuth 2": the consent redirect, two attempts of client
//! authentication, and parallel refreshes without `redirect_uri`.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use crate::client::{Answer, HttpClient};
use crate::html::{escape, page, redirect};
use crate::registry::{CLIENT_SECRET, POWER_AUTOMATE_ID};
use crate::server::{Body, Reply, Server, reply};
use crate::site::Site;
use crate::wire::{basic, parameter, random};

/// The unique part of the redirect URI: one per connector and environment.
const CONNECTOR: &str = "evergrant-5f6a7b8c";

/// The number of machines that refresh a connection at once.
const MACHINES: usize = 3;

/// The platform's record of a connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// The last `expires_in`, in seconds.
    pub expires_in: u64,
}

/// The simulated platform.
#[derive(Debug)]
pub struct PowerPlatform {
    /// Sends a wrong secret in the body to force the second attempt.
    pub spoil_first_attempt: AtomicBool,
    /// Refreshes without the secret, as reported once.
    pub refresh_without_secret: AtomicBool,
    /// Its address and its authorization server.
    pub site: Site,
    userinfo: Mutex<String>,
    states: Mutex<Vec<String>>,
    connection: Mutex<Option<Connection>>,
    attempts: AtomicU32,
    http: HttpClient,
}

impl PowerPlatform {
    /// Starts it. The connector's action calls `userinfo`.
    pub async fn start(userinfo: &str) -> (Arc<Self>, Server) {
        let this = Arc::new(Self {
            spoil_first_attempt: AtomicBool::new(false),
            refresh_without_secret: AtomicBool::new(false),
            site: Site::default(),
            userinfo: Mutex::new(userinfo.to_owned()),
            states: Mutex::default(),
            connection: Mutex::default(),
            attempts: AtomicU32::new(0),
            http: HttpClient::default(),
        });
        let answering = Arc::clone(&this);
        let server = Server::start(0, move |request| Arc::clone(&answering).answer(request)).await;
        this.site.listens_at(server.url());
        (this, server)
    }

    /// The redirect URI to register.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/redirect/{CONNECTOR}", self.site.url())
    }

    /// The connection, if there is one.
    #[must_use]
    pub fn connection(&self) -> Option<Connection> {
        self.connection.lock().unwrap().clone()
    }

    /// Deletes the connection.
    pub fn forget(&self) {
        self.connection.lock().unwrap().take();
        self.attempts.store(0, Ordering::SeqCst);
    }

    /// The number of token requests.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::SeqCst)
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let cookie = request.headers().get("cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = request.uri().path();
        Ok(match (request.method(), path) {
            (&Method::GET, "/") => self.home("No connection yet."),
            (&Method::GET, "/connect") => self.connect(),
            (&Method::GET, path) if path == format!("/redirect/{CONNECTOR}") => self.redirected(&query, cookie).await,
            (&Method::POST, "/refresh") => match self.refresh(MACHINES).await {
                Ok(()) => self.home("Refreshed, by three machines at once."),
                Err(message) => page(502, "The connection is broken (simulated Power Automate)", &escape(&message)),
            },
            (&Method::POST, "/use") => self.act().await,
            _ => reply(404, "text/plain", "not found\n"),
        })
    }

    fn home(&self, news: &str) -> Response<Body> {
        let body = match self.connection() {
            None => format!("<p>{news}<p><a href='/connect'>Create a connection to DocuSign</a>"),
            Some(connection) => format!(
                "<p id=news>{news}<p>The access token is valid for {} s; it is refreshed before that.\
                 <form method=post action='/refresh'><button>Refresh now</button></form>\
                 <form method=post action='/use'><button>Run a flow</button></form>",
                connection.expires_in
            ),
        };
        page(200, "Connections (simulated Power Automate)", &body)
    }

    fn connect(&self) -> Response<Body> {
        let state = format!("{}_{}", random(), random());
        self.states.lock().unwrap().push(state.clone());
        let mut target = url::Url::parse(&format!("{}/oauth/authorize", self.site.issuer())).expect("an issuer");
        target.query_pairs_mut().extend_pairs([
            ("client_id", POWER_AUTOMATE_ID),
            ("response_type", "code"),
            ("redirect_uri", &self.redirect_uri()),
            ("scope", "signature spring_read"),
            ("state", &state),
        ]);
        let mut response = redirect(target.as_str());
        let cookie = format!("pp_state={state}; Path=/; HttpOnly; SameSite=Lax");
        response.headers_mut().insert("set-cookie", cookie.parse().expect("a cookie"));
        response
    }

    async fn redirected(&self, query: &str, cookie: &str) -> Response<Body> {
        let state = parameter(query, "state").unwrap_or_default();
        let begun_here = cookie.contains(&format!("pp_state={state}"));
        let waiting = {
            let mut states = self.states.lock().unwrap();
            let found = states.iter().position(|known| *known == state);
            found.map(|found| states.swap_remove(found))
        };
        if waiting.is_none() || !begun_here {
            return page(400, "Not signed in (simulated Power Automate)", "The state is not the one that was sent.");
        }
        if let Some(error) = parameter(query, "error") {
            let message = parameter(query, "error_description").unwrap_or_default();
            return page(
                400,
                "Not signed in (simulated Power Automate)",
                &format!("{}: {}", escape(&error), escape(&message)),
            );
        }
        match self.redeem(&parameter(query, "code").unwrap_or_default()).await {
            Ok(()) => self.home("Connected."),
            Err(message) => page(400, "Not signed in (simulated Power Automate)", &escape(&message)),
        }
    }

    /// Redeems the code with client id and secret in the body; if that fails, again with HTTP Basic.
    async fn redeem(&self, code: &str) -> Result<(), String> {
        let redirect_uri = self.redirect_uri();
        let spoilt = self.spoil_first_attempt.load(Ordering::SeqCst);
        let secret = if spoilt { "not the secret" } else { CLIENT_SECRET };
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri.as_str())];
        let in_body = [&form[..], &[("client_id", POWER_AUTOMATE_ID), ("client_secret", secret)]].concat();
        let mut answer = self.ask(&[], &in_body).await;
        let mut message = format!("Client ID and secret sent in form body: {} {}.", answer.status, answer.text());
        if answer.status != 200 {
            let authorization = basic(POWER_AUTOMATE_ID, CLIENT_SECRET);
            answer = self.ask(&[("authorization", &authorization)], &form).await;
            message = format!(
                "{message} Client ID and secret sent in Basic authorization header: {} {}.",
                answer.status,
                answer.text()
            );
        }
        self.keep(&answer).ok_or(message)
    }

    /// Refreshes from `machines` machines at once.
    ///
    /// # Errors
    /// The error of the first failed refresh.
    pub async fn refresh(&self, machines: usize) -> Result<(), String> {
        let connection = self.connection().ok_or("there is no connection")?;
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", connection.refresh_token.as_str())];
        form.push(("client_id", POWER_AUTOMATE_ID));
        if !self.refresh_without_secret.load(Ordering::SeqCst) {
            form.push(("client_secret", CLIENT_SECRET));
        }
        for answer in join_all((0..machines).map(|_| self.ask(&[], &form))).await {
            self.keep(&answer).ok_or_else(|| format!("{} {}", answer.status, answer.text()))?;
        }
        Ok(())
    }

    /// Runs an action: the connector calls DocuSign directly.
    async fn act(&self) -> Response<Body> {
        let access_token = self.connection().unwrap_or_default().access_token;
        let userinfo = self.userinfo.lock().unwrap().clone();
        let bearer = format!("Bearer {access_token}");
        let answer = self.http.call(Method::GET, &userinfo, &[("authorization", &bearer)], "").await;
        let name = answer.json()["name"].as_str().unwrap_or("an unknown user").to_owned();
        self.home(&format!("DocuSign answered {} to {}.", answer.status, escape(&name)))
    }

    async fn ask(&self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let url = format!("{}/oauth/token", self.site.issuer());
        self.http.post_form(&url, headers, form).await
    }

    /// Stores a token response. `expires_in` is required; a new refresh token replaces the old one.
    fn keep(&self, answer: &Answer) -> Option<()> {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().map(ToOwned::to_owned);
        let known = self.connection().map(|connection| connection.refresh_token);
        let connection = Connection {
            access_token: text("access_token")?,
            refresh_token: text("refresh_token").or(known)?,
            expires_in: json["expires_in"].as_u64()?,
        };
        let good = answer.status == 200 && json["token_type"] == "Bearer";
        good.then(|| *self.connection.lock().unwrap() = Some(connection))
    }
}
