//! A simulated Azure Functions host, which does what the real one was seen to do.
//!
//! [`front`] accepts connections: [`head`] reads requests, [`path`] has the readings of their paths, and [`reply`] sends answers.
//! [`Inner::answer`] is the way of a request: [`crate::manifest`] finds its function, [`keys`] checks its key, [`memory`] counts its
//! body, and [`proxy`], [`forward`] or [`envelope`] calls the handler through [`upstream`]. [`supervisor`] starts and restarts the handler.

mod envelope;
mod escapes;
mod forward;
mod front;
mod head;
mod headers;
mod keys;
mod memory;
mod path;
mod proxy;
mod reply;
mod supervisor;
mod upstream;
mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::manifest::{Function, Manifest};
use crate::process::Output;
use head::Head;
use headers::Headers;
use reply::Reply;
use supervisor::Command;
use upstream::Upload;
use wire::{Body, BodyFault, Framing, Wire};

pub use supervisor::{Orphan, Phase};

const HOST_VERSION: &str = "4.1037.0";

/// How long a request is held while the handler is not ready.
const HOLD: Duration = Duration::from_secs(20);

/// The size of the page that the host shows at `/`, in bytes.
const HOME_PAGE_BYTES: usize = 150_000;

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
    /// A handler that already listens on this port; the host starts none.
    pub listening: Option<u16>,
    /// Starts the handler as another process's child, which can end without it: see [`FunctionsHost::end_without_handler`].
    pub can_leave_orphan: bool,
    /// The app settings. The handler inherits nothing else from this process.
    pub settings: Vec<(String, String)>,
    /// The host's version.
    pub generation: Generation,
    /// Function keys by function name.
    pub function_keys: HashMap<String, String>,
    /// The host key, which opens every function of level `function`.
    pub host_key: Option<String>,
    /// The master key, which opens every function.
    pub master_key: Option<String>,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The memory of the instance, in MiB.
    pub memory_mb: u64,
    /// How long the host waits for what.
    pub timing: Timing,
}

impl Options {
    /// A host of today's version for the app in `root`, on a free port, without keys and settings.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            executable: None,
            listening: None,
            can_leave_orphan: false,
            settings: Vec::new(),
            generation: Generation::Proxying,
            function_keys: HashMap::new(),
            host_key: None,
            master_key: None,
            port: 0,
            memory_mb: 2_048,
            timing: Timing::default(),
        }
    }
}

/// How long the host waits; the defaults are the real host's.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The pause before the second of ten tries. The following ones are longer by this, up to five times: 1.75 s in all.
    pub pause: Duration,
    /// For the handler's `100 Continue`.
    pub continue_wait: Duration,
    /// For the rest of a body that no one reads.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { pause: Duration::from_millis(50), continue_wait: Duration::from_secs(1), drain: Duration::from_secs(5) }
    }
}

impl Timing {
    fn pause_before(&self, number: u32) -> Duration {
        self.pause * (number - 1).min(5)
    }
}

/// A running host.
pub struct FunctionsHost {
    address: SocketAddr,
    inner: Arc<Inner>,
    front: JoinHandle<()>,
    supervisor: JoinHandle<()>,
    commands: mpsc::Sender<Command>,
}

struct Inner {
    manifest: Manifest,
    options: Options,
    phase: watch::Receiver<Phase>,
    pid: Arc<AtomicU32>,
    output: Output,
    starts: Arc<AtomicU32>,
    keys: keys::Keys,
    memory: memory::Memory,
    connections: upstream::Connections,
    invocations: AtomicU32,
}

impl FunctionsHost {
    /// Starts a host and the handler.
    pub async fn start(options: Options) -> Self {
        let manifest = Manifest::read(&options.root).expect("a readable app");
        let (listener, address) = front::bind(options.port).await;
        let (commands, received) = mpsc::channel(1);
        let supervisor = supervisor::Supervisor::new(&manifest, &options, received);
        let (phase, pid, output, starts) = supervisor.watched();
        let inner = Arc::new(Inner {
            memory: memory::Memory::new(&options.settings, options.memory_mb),
            connections: upstream::Connections::new(options.timing.continue_wait),
            keys: keys::Keys::default(),
            invocations: AtomicU32::new(0),
            manifest,
            options,
            phase,
            pid,
            output,
            starts,
        });
        let front = tokio::spawn(front::serve(listener, Arc::clone(&inner)));
        Self { address, inner, front, supervisor: tokio::spawn(supervisor.run()), commands }
    }

    /// The public URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
        self.inner.keys.lookups.load(Ordering::SeqCst)
    }

    /// Makes `AzureWebJobsStorage` unavailable, so that key lookups fail.
    pub fn set_storage_down(&self, down: bool) {
        self.inner.keys.storage_down.store(down, Ordering::SeqCst);
    }

    /// The handler's process.
    #[must_use]
    pub fn handler_pid(&self) -> u32 {
        self.inner.pid.load(Ordering::SeqCst)
    }

    /// Kills the handler, as a crash would.
    pub async fn kill_handler(&self) {
        let _ = self.commands.send(Command::Kill).await;
    }

    /// Restarts the host, as a changed setting does: the new handler is started first, then the old one is killed.
    pub async fn restart(&self) {
        let _ = self.commands.send(Command::Restart).await;
    }

    /// Ends the host as SIGKILL would, so that its handler stays behind. Needs [`Options::can_leave_orphan`].
    #[must_use]
    pub async fn end_without_handler(self) -> Orphan {
        let orphan = Orphan::new(self.handler_pid());
        let _ = self.commands.send(Command::Abandon).await;
        let mut phase = self.inner.phase.clone();
        let _ = phase.wait_for(|phase| *phase == Phase::HostStopped).await;
        orphan
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
        self.front.abort();
    }
}

impl Inner {
    /// The way of a request.
    async fn answer(&self, head: &Head, body: &mut Body, client: &mut Wire) -> Reply {
        let Some(function) = self.manifest.find(&head.path, &head.method) else {
            return self.without_function(head);
        };
        if let Err(status) = self.keys.authorize(&self.options, function, head) {
            return Reply::bare(status);
        }
        let Framing::Length(length @ 1..) = head.framing else {
            let upload = if head.framing == Framing::Chunked { Upload::Chunked(body) } else { Upload::Nothing };
            return self.call(function, head, upload, client).await;
        };
        let held = self.memory.hold(length).filter(|_| length <= self.memory.limit);
        if held.is_none() {
            // The connection is closed while the client still sends.
            return Reply::bare(500).closing();
        }
        match body.rest(client).await {
            Ok(whole) => self.call(function, head, Upload::Whole(&whole), client).await.holding(held),
            Err(BodyFault::CutOff) => Reply::hang_up(),
            Err(_) => Reply::bare(500).closing(),
        }
    }

    async fn call(&self, function: &Function, head: &Head, upload: Upload<'_>, client: &mut Wire) -> Reply {
        match self.mode(function) {
            Mode::Proxy => proxy::call(self, head, upload, client).await,
            Mode::Forward => forward::call(self, head, upload, client).await,
            Mode::Envelope => envelope::call(self, head, upload, client, &function.name).await,
        }
    }

    /// The host's own answers: a large page at `/`, the admin API, and an empty 404.
    fn without_function(&self, head: &Head) -> Reply {
        if head.path == "/" {
            let mut headers = Headers::default();
            headers.push("Content-Type", "text/html");
            let page =
                format!("<!DOCTYPE html><title>Your app is up and running</title>{}", " ".repeat(HOME_PAGE_BYTES));
            return Reply::whole(200, headers, Bytes::from(page));
        }
        let is_admin = head.path.to_ascii_lowercase().starts_with("/admin/");
        Reply::bare(if is_admin { self.keys.admin_status(&self.options, head) } else { 404 })
    }

    /// The handler's port, once it is up; `None` if it does not come up.
    async fn port(&self) -> Option<u16> {
        let mut phase = self.phase.clone();
        let settled = tokio::time::timeout(HOLD, phase.wait_for(|phase| *phase != Phase::Starting)).await;
        match settled.ok().and_then(Result::ok).map(|phase| phase.clone()) {
            Some(Phase::Ready(port)) => Some(port),
            _ => None,
        }
    }

    fn invocation_id(&self) -> String {
        let number = self.invocations.fetch_add(1, Ordering::SeqCst);
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    /// Whether .NET can build a web address with this authority.
    fn is_address(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, "80"),
        };
        let is_bracketed = name.starts_with('[');
        port.parse::<u16>().is_ok()
            && !name.is_empty()
            && (is_bracketed || !name.split('.').rev().skip(1).any(str::is_empty))
    }

    fn mode(&self, function: &Function) -> Mode {
        let Manifest { proxying, forwarding, .. } = self.manifest;
        match self.options.generation {
            Generation::Proxying if proxying && function.http_in_and_out => Mode::Proxy,
            Generation::Proxying | Generation::Forwarding if forwarding && function.http_in_and_out => Mode::Forward,
            _ => Mode::Envelope,
        }
    }
}

/// Whether the host passes these headers of an answer on: one byte above ASCII or a control byte makes the whole answer a 500.
fn are_carried(headers: &Headers) -> bool {
    headers.0.iter().all(|(_, value)| value.chars().all(|byte| matches!(byte, ' '..='~' | '\t')))
}
