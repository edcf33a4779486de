//! A simulated Azure Functions host: it starts the handler, polls it until it responds, and forwards requests to it.
//!
//! [`supervisor`] starts and restarts the process by the host's rules, and [`forward`] has the three modes. This file applies
//! routes, methods, auth levels and keys. The key is in `x-functions-key` or else the first `?code=`.

mod forward;
mod supervisor;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use url::form_urlencoded;

use crate::manifest::{AuthLevel, Function, Manifest};
use crate::process::Output;
use crate::server::{Reply, Server, reply};

pub use supervisor::Phase;

/// How long a request is held while the handler is not ready.
const HOLD: Duration = Duration::from_secs(20);

/// The flags that a version of the host supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Both flags, and it prefers proxying (since 2025).
    Proxying,
    /// Only forwarding.
    Forwarding,
    /// Neither flag.
    Envelope,
}

/// How a request reaches the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Unchanged and streamed.
    Proxy,
    /// Rebuilt and buffered.
    Forward,
    /// Wrapped in JSON.
    Envelope,
}

/// How to start a host.
#[derive(Clone, Debug)]
pub struct Options {
    /// The app's folder, with `host.json`.
    pub root: PathBuf,
    /// Another handler; overrides host.json and the app settings.
    pub executable: Option<PathBuf>,
    /// The app settings. The handler inherits nothing else from this process.
    pub settings: Vec<(String, String)>,
    /// The host's version.
    pub generation: Generation,
    /// Function keys by function name.
    pub function_keys: HashMap<String, String>,
    /// The master key, which opens every function.
    pub master_key: Option<String>,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
}

/// A running host.
pub struct FunctionsHost {
    server: Server,
    inner: Arc<Inner>,
    supervisor: JoinHandle<()>,
    kills: mpsc::Sender<()>,
}

struct Inner {
    manifest: Manifest,
    options: Options,
    phase: watch::Receiver<Phase>,
    pid: Arc<AtomicU32>,
    output: Output,
    starts: Arc<AtomicU32>,
    key_lookups: AtomicU32,
    storage_down: AtomicBool,
    forwarder: forward::Forwarder,
}

impl FunctionsHost {
    /// Starts a host and the handler.
    pub async fn start(options: Options) -> Self {
        let manifest = Manifest::read(&options.root).expect("a readable app");
        let output = Output::default();
        let starts = Arc::new(AtomicU32::new(0));
        let (kills, killed) = mpsc::channel(1);
        let supervisor = supervisor::Supervisor::new(&manifest, &options, output.clone(), Arc::clone(&starts), killed);
        let (phase, pid) = (supervisor.phase(), supervisor.pid());
        let inner = Arc::new(Inner {
            manifest,
            phase,
            pid,
            output,
            starts,
            key_lookups: AtomicU32::new(0),
            storage_down: AtomicBool::new(false),
            forwarder: forward::Forwarder::default(),
            options,
        });
        let serving = Arc::clone(&inner);
        let server = Server::start(inner.options.port, move |request| Arc::clone(&serving).answer(request)).await;
        Self { server, inner, supervisor: tokio::spawn(supervisor.run()), kills }
    }

    /// The public URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The handler's output.
    #[must_use]
    pub fn output(&self) -> &Output {
        &self.inner.output
    }

    /// The number of starts of the handler.
    #[must_use]
    pub fn starts(&self) -> u32 {
        self.inner.starts.load(Ordering::SeqCst)
    }

    /// The number of key lookups, which need the host's storage.
    #[must_use]
    pub fn key_lookups(&self) -> u32 {
        self.inner.key_lookups.load(Ordering::SeqCst)
    }

    /// Makes `AzureWebJobsStorage` unavailable, so that key lookups fail.
    pub fn set_storage_down(&self, down: bool) {
        self.inner.storage_down.store(down, Ordering::SeqCst);
    }

    /// The handler's process.
    #[must_use]
    pub fn handler_pid(&self) -> u32 {
        self.inner.pid.load(Ordering::SeqCst)
    }

    /// Kills the handler, as a crash would.
    pub async fn kill_handler(&self) {
        let _ = self.kills.send(()).await;
    }

    /// The current phase of the handler.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.inner.phase.borrow().clone()
    }

    /// Waits for a phase.
    pub async fn wait_for(&self, matches: impl FnMut(&Phase) -> bool) -> Phase {
        let mut phase = self.inner.phase.clone();
        let reached = tokio::time::timeout(HOLD, phase.wait_for(matches)).await;
        reached.expect("the phase in time").expect("a running supervisor").clone()
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        // Dropping the supervisor kills the handler, like the real host, which stops it with SIGKILL.
        self.supervisor.abort();
    }
}

impl Inner {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let Some(function) = self.manifest.find(request.uri().path(), request.method()) else {
            return Ok(reply(404, "text/plain", ""));
        };
        if let Err(status) = self.authorize(function, &request) {
            return Ok(reply(status, "text/plain", ""));
        }
        let mut phase = self.phase.clone();
        let settled = tokio::time::timeout(HOLD, phase.wait_for(|phase| *phase != Phase::Starting)).await;
        let settled = settled.ok().and_then(Result::ok).map(|phase| phase.clone());
        let Some(Phase::Ready(port)) = settled else {
            return Ok(reply(503, "text/plain", "Function host is not running.\n"));
        };
        match self.mode(function) {
            Mode::Proxy => self.forwarder.proxy(request, port).await,
            Mode::Forward => self.forwarder.forward(request, port).await,
            Mode::Envelope => self.forwarder.envelope(request, port, &function.name).await,
        }
    }

    fn mode(&self, function: &Function) -> Mode {
        let Manifest { proxying, forwarding, .. } = self.manifest;
        match self.options.generation {
            Generation::Proxying if proxying && function.http_in_and_out => Mode::Proxy,
            Generation::Proxying | Generation::Forwarding if forwarding && function.http_in_and_out => Mode::Forward,
            _ => Mode::Envelope,
        }
    }

    /// The host's rule: an anonymous function checks a key only if one is presented.
    fn authorize(&self, function: &Function, request: &Request<Incoming>) -> Result<(), u16> {
        let header = request.headers().get("x-functions-key").and_then(|value| value.to_str().ok());
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let in_query = form_urlencoded::parse(query).find(|(name, _)| name.eq_ignore_ascii_case("code"));
        let presented = header.map(ToOwned::to_owned).or_else(|| in_query.map(|(_, value)| value.into_owned()));
        if presented.is_some() {
            self.key_lookups.fetch_add(1, Ordering::SeqCst);
            if self.storage_down.load(Ordering::SeqCst) {
                return Err(500);
            }
        }
        let is = |key: Option<&String>| key.is_some() && presented.as_ref() == key;
        let by_function_key = is(self.options.function_keys.get(&function.name));
        let by_master_key = is(self.options.master_key.as_ref());
        match function.auth_level {
            AuthLevel::Anonymous => Ok(()),
            AuthLevel::Function if by_function_key || by_master_key => Ok(()),
            AuthLevel::Admin if by_master_key => Ok(()),
            AuthLevel::Function | AuthLevel::Admin => Err(401),
        }
    }
}
