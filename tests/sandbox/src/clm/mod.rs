//! DocuSign CLM: object, upload and download host and account discovery, on one port under different path prefixes.
//!
//! It accepts access tokens of the sandbox's DocuSign with CLM scopes. Comments mark the behavior that CLM does not document.
//! As in CLM, every object contains the addresses of related objects, which clients should use. Bodies with unknown members
//! are rejected to find misspelled members; CLM may accept them. Uploads are read as streams, not as `multipart/form-data`.
//! CLM's web pages are below `/web`.

mod attributes;
mod control;
mod documents;
mod download;
mod error;
mod folders;
mod launcher;
mod members;
mod page;
mod queues;
mod request;
mod rights;
mod search;
mod state;
mod stored;
mod tasks;
mod time;
mod upload;
mod view;
mod web;
mod workflows;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use http::{Method, Request, Response};
use hyper::body::Incoming;
use serde_json::json;

use crate::docusign::Docusign;
use crate::fault::Faults;
use crate::server::{Body, Reply, Server, json as json_reply, reply};
use control::Meanwhile;
use error::ClmRefusal;
use request::Call;
use state::State;
use upload::Traffic;

/// The API account ID.
pub const ACCOUNT_ID: &str = "3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa";

/// The same account's number, which eSignature accepts instead of the ID.
pub const ACCOUNT_NUMBER: &str = "12345678";

/// The result of an operation.
type Answer = Result<Response<Body>, ClmRefusal>;

/// The CLM of one account.
#[derive(Debug)]
pub struct Clm {
    /// Faults of all hosts.
    pub faults: Arc<Faults>,
    /// Faults of deletions.
    pub deletion_faults: Faults,
    /// Whether searches need several polls, like other tasks.
    pub slow_searches: AtomicBool,
    docusign: Arc<Docusign>,
    base: OnceLock<String>,
    refusals: Mutex<VecDeque<ClmRefusal>>,
    calls: Mutex<Vec<String>>,
    state: Mutex<State>,
    traffic: Traffic,
    /// Whether items with the same value of the property by which a list is sorted change places from call to call.
    pub shuffles_ties: AtomicBool,
    meanwhile: Mutex<Meanwhile>,
}

impl Clm {
    /// Starts serving; `docusign` validates the tokens.
    pub async fn start(docusign: &Arc<Docusign>) -> (Arc<Self>, Server) {
        let this = Arc::new(Self {
            faults: Arc::default(),
            deletion_faults: Faults::default(),
            slow_searches: AtomicBool::new(false),
            docusign: Arc::clone(docusign),
            base: OnceLock::new(),
            refusals: Mutex::default(),
            calls: Mutex::default(),
            state: Mutex::new(State::seeded()),
            traffic: Traffic::default(),
            shuffles_ties: AtomicBool::new(false),
            meanwhile: Mutex::default(),
        });
        let answering = Arc::clone(&this);
        let server = Server::start(0, move |request| Arc::clone(&answering).answer(request)).await;
        this.base.set(server.url()).expect("set once");
        (this, server)
    }

    /// Base URL of the object and task host.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.url("/object")
    }

    /// Base URL of the upload host.
    #[must_use]
    pub fn upload_url(&self) -> String {
        self.url("/upload")
    }

    /// Base URL of the download host.
    #[must_use]
    pub fn download_url(&self) -> String {
        self.url("/download")
    }

    /// Base URL of account discovery.
    #[must_use]
    pub fn discovery_url(&self) -> String {
        self.url("")
    }

    /// Makes the next call with a valid token fail with this status and `ErrorCode`. Several calls of this method are queued.
    pub fn refuse_next(&self, status: u16, error_code: u16) {
        self.refusals.lock().unwrap().push_back(ClmRefusal::new(status, error_code));
    }

    /// The calls so far: method, host and path, without the account.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn url(&self, host: &str) -> String {
        format!("{}{host}", self.base.get().map_or("", String::as_str))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while held")
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        if request.uri().path().starts_with("/web") {
            return Ok(self.page(request).await);
        }
        if let Some(struck) = self.faults.strike().await {
            return struck;
        }
        let Some((mut call, upload)) = Call::read(request).await else { return Ok(no_such_route()) };
        call.shuffles_ties = self.shuffles_ties.load(Ordering::SeqCst);
        if call.host == "auth" {
            return Ok(self.discover(&call));
        }
        if let Err(refusal) = self.admit(&mut call) {
            if let Some(body) = upload {
                upload::drain(body).await;
            }
            return Ok(refusal.answer());
        }
        if call.method == Method::DELETE
            && let Some(struck) = self.deletion_faults.strike().await
        {
            return struck;
        }
        self.calls.lock().unwrap().push(format!("{} {} /{}", call.method, call.host, call.path.join("/")));
        let path: Vec<String> = call.path.iter().map(|segment| segment.to_lowercase()).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Err(refusal) = page::check_sorting(&call, &path) {
            return Ok(refusal.answer());
        }
        let answer = match upload {
            Some(body) => self.upload(&call, &path, body).await,
            None => Ok(self.route(&call, &path).unwrap_or_else(ClmRefusal::answer)),
        };
        self.after_call();
        answer
    }

    /// Authenticates the caller. A missing scope counts as a missing token.
    fn admit(&self, call: &mut Call) -> Result<(), ClmRefusal> {
        let known = self.docusign.bearer(&call.header("authorization"));
        let (user, scope) = known.ok_or(ClmRefusal::new(401, 103))?;
        let reads = call.method == Method::GET || call.method == Method::HEAD;
        let fits = |granted: &str| match granted {
            "content" => call.host != "object",
            "spring_read" => reads,
            "spring_write" => !reads,
            _ => false,
        };
        if !scope.split(' ').any(fits) || call.take_account() != Some(ACCOUNT_ID.to_owned()) {
            return Err(ClmRefusal::new(401, 103));
        }
        call.user = self.docusign.user(&user).ok_or(ClmRefusal::new(401, 103))?;
        self.refusals.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    /// Paths are matched without regard to case.
    fn route(&self, call: &Call, path: &[&str]) -> Answer {
        match (call.host.as_str(), path.split_first()) {
            ("download", _) => self.download(call, path),
            (_, Some((&"members", rest))) => Ok(self.members(call, rest)),
            (_, Some((&"folders", rest))) => self.folders(call, rest),
            (_, Some((&"documents", rest))) => self.documents(call, rest),
            (_, Some((&"attributegroups", rest))) => Ok(self.attribute_groups(call, rest)),
            (_, Some((&"workflowdefinitions" | &"workflows", _))) => self.workflows(call, path),
            (_, Some((&"workflowqueues" | &"workitems", _))) => self.queues(call, path),
            (_, Some((&"doclauncherconfigurations", rest))) => Ok(self.launcher_configurations(call, rest)),
            (_, Some((kind, rest))) => self.tasks(call, kind, rest),
            _ => Ok(no_such_route()),
        }
    }

    /// Account discovery. For a wrong path, it returns 200 and a sign-in page, like CLM.
    fn discover(&self, call: &Call) -> Response<Body> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let ["api", "v2", account, "account"] = path[..] else {
            return reply(200, "text/html", "<title>Sign in</title>");
        };
        let scope = self.docusign.bearer(&call.header("authorization")).map(|(_, scope)| scope).unwrap_or_default();
        if account != ACCOUNT_ID || !scope.contains("spring_") {
            return ClmRefusal::new(401, 103).answer();
        }
        json_reply(
            200,
            &json!({"Id": ACCOUNT_ID, "ApiBaseUrl": self.api_url(), "ApiBaseUploadUrl": self.upload_url(),
                    "ApiBaseDownloadUrl": self.download_url(), "WebLandingPageUrl": self.url("/web")}),
        )
    }
}

/// Routing errors have a different format from CLM's other errors.
fn no_such_route() -> Response<Body> {
    json_reply(404, &json!({"Message": "No HTTP resource was found that matches the request URI."}))
}

/// The error for a method that the path does not accept.
fn wrong_method(call: &Call) -> Response<Body> {
    let message = format!("The requested resource does not support http method '{}'.", call.method);
    json_reply(405, &json!({"Message": message}))
}
