//! DocuSign's account server: `/oauth/auth` with its consent pages, `/oauth/token` and `/oauth/userinfo`; and the eSignature
//! API, which has its own hosts in reality.
//!
//! It verifies assertions with the uploaded public keys and returns every documented error. `POST /sandbox/fault?…` breaks it
//! by hand.

mod access_tokens;
mod consent;
mod control;
mod esign;
mod token;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, Request};
use hyper::body::Incoming;
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

use crate::fault::Faults;
use crate::server::{self, Reply, Server, reply};
use crate::wire::{random, traceparent};

pub use control::{REFUSALS, Switched};
pub use esign::{Envelope, EnvelopeDocument, Recipient};

/// Host of the demo environment, the required `aud` of assertions.
pub const ACCOUNT_HOST: &str = "account-d.docusign.com";
/// Host of Agreement Manager and Workflow Builder.
pub const PLATFORM_HOST: &str = "api-d.docusign.com";

/// A user of the account.
#[derive(Clone, Debug)]
pub struct User {
    /// GUID.
    pub sub: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// An inactive user is `user_not_found`.
    pub active: bool,
}

/// The format of `expires_in`.
#[derive(Clone, Copy, Debug)]
pub enum ExpiresIn {
    /// As a number.
    Number(u64),
    /// As a string, as observed once.
    Text(u64),
    /// Missing.
    Missing,
}

/// A code that has not been exchanged yet.
#[derive(Clone, Debug)]
struct Code {
    user: String,
    redirect_uri: String,
    challenge: Option<String>,
}

#[derive(Debug)]
struct State {
    users: Vec<User>,
    /// Uploaded public keys, PEM.
    public_keys: Vec<String>,
    /// (user, scope-token) pairs with consent.
    consents: HashSet<(String, String)>,
    /// Whether the consent page is shown to those who have consented, too.
    asks_every_time: bool,
    redirect_uris: Vec<String>,
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, String>,
    /// Invalidated access tokens.
    worthless: HashSet<String>,
    /// Scopes of access tokens, separated by spaces.
    scopes: HashMap<String, String>,
    assertions: Vec<String>,
    /// The envelopes of the account.
    envelopes: Vec<Envelope>,
    /// The `traceparent` headers received.
    traceparents: Vec<String>,
    expires_in: ExpiresIn,
    refusal: Option<Value>,
    /// Whether consent counts for one scope at a time only.
    one_scope_at_a_time: bool,
    /// Other servers that can be broken by hand.
    others: Vec<(&'static str, Arc<Faults>)>,
    /// The fault that was switched on by hand: its kind, and where.
    switched: Option<Switched>,
}

/// The account server.
#[derive(Debug)]
pub struct Docusign {
    /// Faults of the token endpoint.
    pub faults: Faults,
    /// Faults of `/oauth/userinfo`.
    pub userinfo_faults: Faults,
    /// Faults of the eSignature API.
    pub esign_faults: Arc<Faults>,
    base: OnceLock<String>,
    user_lookups: AtomicU32,
    envelope_lists: AtomicU32,
    integration_key: String,
    secret_key: Option<String>,
    state: Mutex<State>,
    exchanges: AtomicU32,
    clock_offset: AtomicI64,
}

impl Docusign {
    /// An account server with one integration key and an optional secret key.
    #[must_use]
    pub fn new(integration_key: &str, secret_key: Option<&str>, users: Vec<User>) -> Arc<Self> {
        Arc::new(Self {
            faults: Faults::default(),
            userinfo_faults: Faults::default(),
            esign_faults: Arc::default(),
            base: OnceLock::new(),
            user_lookups: AtomicU32::new(0),
            envelope_lists: AtomicU32::new(0),
            integration_key: integration_key.to_owned(),
            secret_key: secret_key.map(ToOwned::to_owned),
            state: Mutex::new(State {
                users,
                public_keys: Vec::new(),
                consents: HashSet::new(),
                asks_every_time: false,
                redirect_uris: Vec::new(),
                codes: HashMap::new(),
                access_tokens: HashMap::new(),
                worthless: HashSet::new(),
                scopes: HashMap::new(),
                assertions: Vec::new(),
                envelopes: Vec::new(),
                traceparents: Vec::new(),
                expires_in: ExpiresIn::Number(3600),
                refusal: None,
                one_scope_at_a_time: false,
                others: Vec::new(),
                switched: None,
            }),
            exchanges: AtomicU32::new(0),
            clock_offset: AtomicI64::new(0),
        })
    }

    /// Starts serving.
    pub async fn start(self: &Arc<Self>) -> Server {
        let this = Arc::clone(self);
        let server = Server::start(0, move |request| Arc::clone(&this).answer(request)).await;
        self.base.get_or_init(|| format!("http://localhost:{}", server.address.port()));
        server
    }

    /// Serves the same behind TLS.
    pub async fn start_tls(self: &Arc<Self>, tls: TlsAcceptor) -> Server {
        let this = Arc::clone(self);
        Server::start_tls(tls, move |request| Arc::clone(&this).answer(request)).await
    }

    /// Base URL of the account server and the eSignature API. It uses the name localhost, so that browsers treat it and
    /// the handler as different sites.
    #[must_use]
    pub fn url(&self) -> String {
        self.base.get().cloned().unwrap_or_default()
    }

    /// Uploads a public key, as on the "Apps and Keys" page.
    pub fn upload_public_key(&self, pem: &str) {
        self.state().public_keys.push(pem.to_owned());
    }

    /// Deletes all public keys.
    pub fn delete_public_keys(&self) {
        self.state().public_keys.clear();
    }

    /// Registers a redirect URI of the integration key.
    pub fn register_redirect_uri(&self, uri: &str) {
        self.state().redirect_uris.push(uri.to_owned());
    }

    /// Gives a user's consent to scopes separated by spaces.
    pub fn consent(&self, user: &str, scopes: &str) {
        let pairs = scopes.split(' ').map(|scope| (user.to_owned(), scope.to_owned()));
        self.state().consents.extend(pairs);
    }

    /// Shows the consent page at every sign-in, also to those who have consented. Their consents count all the time.
    pub fn ask_every_time(&self) {
        self.state().asks_every_time = true;
    }

    /// Withdraws all of a user's consents.
    pub fn withdraw_consent(&self, user: &str) {
        self.state().consents.retain(|(consenting, _)| consenting != user);
    }

    /// Makes a user inactive.
    pub fn deactivate(&self, user: &str) {
        self.state().users.iter_mut().filter(|known| known.sub == user).for_each(|known| known.active = false);
    }

    /// Changes the lifetime of access tokens and the format of `expires_in`.
    pub fn set_expires_in(&self, expires_in: ExpiresIn) {
        self.state().expires_in = expires_in;
    }

    /// Rejects every exchange with this error body; `None` ends it.
    pub fn refuse_with(&self, body: Option<Value>) {
        self.state().refusal = body;
    }

    /// Makes consent count for one scope at a time only: several scopes together get `consent_required`.
    pub fn refuse_scopes_together(&self, refuse: bool) {
        self.state().one_scope_at_a_time = refuse;
    }

    /// Sets the offset of this server's clock in seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.clock_offset.store(seconds, Ordering::SeqCst);
    }

    /// A code for `user`, as after a sign-in without PKCE.
    #[must_use]
    pub fn code_for(&self, user: &str, redirect_uri: &str, challenge: Option<&str>) -> String {
        let code = format!("ds-code-{}", random());
        let waiting = Code {
            user: user.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.map(ToOwned::to_owned),
        };
        self.state().codes.insert(code.clone(), waiting);
        code
    }

    /// The number of assertions presented, including invalid ones.
    #[must_use]
    pub fn exchanges(&self) -> u32 {
        self.exchanges.load(Ordering::SeqCst)
    }

    /// The assertions presented so far.
    #[must_use]
    pub fn assertions(&self) -> Vec<String> {
        self.state().assertions.clone()
    }

    /// The envelopes of the account.
    #[must_use]
    pub fn envelopes(&self) -> Vec<Envelope> {
        self.state().envelopes.clone()
    }

    /// The `traceparent` headers received so far, in order.
    #[must_use]
    pub fn traceparents(&self) -> Vec<String> {
        self.state().traceparents.clone()
    }

    /// The users of the account.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.state().users.clone()
    }

    /// The user with this GUID.
    #[must_use]
    pub fn user(&self, sub: &str) -> Option<User> {
        self.state().users.iter().find(|user| user.sub == sub).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while held")
    }

    fn now(&self) -> i64 {
        i64::try_from(unix_now()).unwrap_or_default() + self.clock_offset.load(Ordering::SeqCst)
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        self.state().traceparents.extend(traceparent(&request));
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        match (request.method(), path.as_str()) {
            (&Method::GET, "/oauth/auth") => Ok(self.authorize(&query, request.headers())),
            (&Method::POST, "/oauth/auth/sign-in") => {
                let form = server::read(request.into_body()).await;
                Ok(self.sign_in(&String::from_utf8_lossy(&form)))
            }
            (&Method::POST, "/oauth/auth/decision") => {
                let (head, body) = request.into_parts();
                let form = server::read(body).await;
                Ok(self.decide(&String::from_utf8_lossy(&form), &head.headers))
            }
            (&Method::POST, "/oauth/token") => self.token(request).await,
            (&Method::GET, "/oauth/userinfo") => self.userinfo(&request).await,
            (&Method::POST, "/sandbox/fault") => Ok(self.control(&query)),
            (_, path) if path.starts_with(esign::BASE) => self.esign(request).await,
            (_, path) if path.starts_with("/v1/accounts/") => self.platform(request).await,
            _ => Ok(reply(404, "text/plain", "not found\n")),
        }
    }
}

/// Seconds since 1970 from the system clock.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
