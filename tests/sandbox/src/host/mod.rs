//! A simulated Azure Functions host, which does what the real one was seen to do.
//!
//! [`front`] accepts connections: [`head`] and [`target`] read requests, [`path`] has the readings of their paths, and
//! [`reply`] sends answers. [`dispatch`] is the way of a request: [`crate::manifest`] finds its function, [`keys`] checks its
//! key, [`memory`] counts its body, and [`proxy`], [`forward`] or [`envelope`] calls the handler through [`upstream`].
//! [`supervisor`] starts and restarts the handler, a [`child`] process.

mod answer;
mod body;
mod child;
mod dispatch;
mod envelope;
mod escapes;
mod forward;
mod front;
mod head;
mod headers;
mod keys;
mod memory;
mod options;
mod path;
mod proxy;
mod reply;
mod supervisor;
mod target;
mod upstream;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::manifest::Manifest;
use crate::process::Output;
use supervisor::Command;

pub use child::Orphan;
pub use options::{Generation, Mode, Options, Timing};
pub use supervisor::Phase;

const HOST_VERSION: &str = "4.1037.0";

/// How long a request is held while the handler is not ready.
const HOLD: Duration = Duration::from_secs(20);

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

    /// Kills the handler, as a crash would, and returns when it is dead.
    pub async fn kill_handler(&self) {
        let (killed, dead) = oneshot::channel();
        let _ = self.commands.send(Command::Kill(killed)).await;
        let _ = dead.await;
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
