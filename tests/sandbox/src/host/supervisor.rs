//! Starts the handler, polls it until it responds, and restarts it by the host's rules.
//!
//! After exit code 0 there is no restart. Exit code 200 restarts without being counted. All others are counted, and the third
//! one within 30 minutes stops the host.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

use super::Options;
use crate::client::HttpClient;
use crate::manifest::Manifest;
use crate::process::{self, Output};

/// The host polls every 25 ms.
const POLL: Duration = Duration::from_millis(25);

/// A handler that does not respond within this time counts as failed.
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Errors further apart than this are not counted together.
const ERROR_WINDOW: Duration = Duration::from_secs(30 * 60);

/// The app setting that overrides `customHandler.description.defaultExecutablePath`.
const EXECUTABLE_OVERRIDE: &str = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";

/// The exit code that requests a restart.
const INTENTIONAL_RESTART: i32 = 200;

/// The phase of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not responding yet.
    Starting,
    /// Responding on this port.
    Ready(u16),
    /// It exited with 0 and is not started again.
    Exited,
    /// It failed three times; the host has given up.
    HostStopped,
}

pub(super) struct Supervisor {
    executable: PathBuf,
    root: PathBuf,
    settings: Vec<(String, String)>,
    output: Output,
    starts: Arc<AtomicU32>,
    pid: Arc<AtomicU32>,
    phase: watch::Sender<Phase>,
    kills: mpsc::Receiver<()>,
}

impl Supervisor {
    pub(super) fn new(
        manifest: &Manifest,
        options: &Options,
        output: Output,
        starts: Arc<AtomicU32>,
        kills: mpsc::Receiver<()>,
    ) -> Self {
        // App settings can override every value of host.json; this one is used for debug builds.
        let overridden = options.settings.iter().find(|(name, _)| name == EXECUTABLE_OVERRIDE).map(|(_, path)| path);
        let named = overridden.unwrap_or(&manifest.executable);
        let executable = options.executable.clone().unwrap_or_else(|| manifest.root.join(named));
        Self {
            executable,
            root: manifest.root.clone(),
            settings: options.settings.clone(),
            output,
            starts,
            pid: Arc::default(),
            phase: watch::channel(Phase::Starting).0,
            kills,
        }
    }

    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(super) fn pid(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.pid)
    }

    pub(super) async fn run(mut self) {
        let mut errors = 0;
        let mut last_error: Option<Instant> = None;
        loop {
            self.phase.send_replace(Phase::Starting);
            match self.one_life().await {
                Some(0) => {
                    self.phase.send_replace(Phase::Exited);
                    return;
                }
                Some(INTENTIONAL_RESTART) => {}
                _ => {
                    let forgotten = last_error.is_none_or(|error| error.elapsed() > ERROR_WINDOW);
                    errors = if forgotten { 1 } else { errors + 1 };
                    last_error = Some(Instant::now());
                    if errors >= 3 {
                        self.phase.send_replace(Phase::HostStopped);
                        return;
                    }
                }
            }
        }
    }

    /// Runs one process and returns its exit code; `None` after a signal or if it never responded.
    async fn one_life(&mut self) -> Option<i32> {
        let (mut child, port) = self.spawn().await;
        let ready = tokio::select! {
            ended = child.wait() => return ended.ok()?.code(),
            ready = tokio::time::timeout(INITIALIZATION_TIMEOUT, until_it_answers(port)) => ready,
        };
        if ready.is_ok() {
            self.phase.send_replace(Phase::Ready(port));
            tokio::select! {
                ended = child.wait() => return ended.ok()?.code(),
                Some(()) = self.kills.recv() => {}
            }
        }
        let _ = child.kill().await;
        None
    }

    async fn spawn(&self) -> (Child, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let port = listener.local_addr().expect("a bound address").port();
        drop(listener);
        let mut command = Command::new(&self.executable);
        command.env_clear().current_dir(&self.root).envs(self.settings.iter().cloned());
        let id = format!("worker-{}", self.starts.fetch_add(1, Ordering::SeqCst));
        for (name, value) in [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
            ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id.clone()),
            ("FUNCTIONS_HTTPWORKER_ID", id),
            ("FUNCTIONS_APP_ROOT_PATH", self.root.display().to_string()),
        ] {
            command.env(name, value);
        }
        let child = process::spawn(&mut command, &self.output);
        self.pid.store(child.id().unwrap_or_default(), Ordering::SeqCst);
        (child, port)
    }
}

/// Waits until the handler is ready: any HTTP response counts, only socket errors do not.
async fn until_it_answers(port: u16) {
    let client = HttpClient::default();
    loop {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            let request = http::Request::get(format!("http://127.0.0.1:{port}/")).body(http_body_util::Full::default());
            if client.send(request.expect("a request")).await.is_some() {
                return;
            }
        }
        tokio::time::sleep(POLL).await;
    }
}
