//! Starts the handler, polls it until it responds, and restarts it by the host's rules.
//!
//! After exit code 0 there is no restart. Exit code 200 restarts without being counted. All others are counted, and the third
//! one within 30 minutes ends the host.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command as Process};
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

/// Starts the handler as a child of a shell, which writes its id into a file and exits with its code.
const PARENT: &str = r#""$0" & echo $! > "$1"; wait $!"#;

/// The phase of the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not responding yet.
    Starting,
    /// Responding on this port.
    Ready(u16),
    /// It exited with 0 and is not started again.
    Exited,
    /// It failed three times, or the host was ended: connections are refused.
    HostStopped,
}

/// What a test asks of the supervisor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// Kill the handler, as a crash would.
    Kill,
    /// Restart the host.
    Restart,
    /// End the host without the handler.
    Abandon,
}

/// A handler whose host has ended. Dropping it kills it.
#[derive(Debug)]
pub struct Orphan {
    /// Its process.
    pub pid: u32,
}

impl Orphan {
    pub(super) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Whether the process runs; one that no parent has waited for does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        if self.is_alive() {
            let _ = std::process::Command::new("kill").args(["-9", &self.pid.to_string()]).status();
        }
    }
}

pub(super) struct Supervisor {
    executable: PathBuf,
    root: PathBuf,
    settings: Vec<(String, String)>,
    listening: Option<u16>,
    /// The file for the handler's id, if it is the child of a shell.
    id_file: Option<tempfile::TempPath>,
    output: Output,
    starts: Arc<AtomicU32>,
    pid: Arc<AtomicU32>,
    phase: watch::Sender<Phase>,
    commands: mpsc::Receiver<Command>,
}

/// A started handler.
struct Running {
    child: Child,
    port: u16,
    /// The handler, if the child is its parent.
    grandchild: Option<Orphan>,
}

/// How a handler's life ended.
enum End {
    /// With this exit code; `None` after a signal or if it never responded.
    Exit(Option<i32>),
    /// The host ended before it.
    Abandoned,
}

impl Supervisor {
    pub(super) fn new(manifest: &Manifest, options: &Options, commands: mpsc::Receiver<Command>) -> Self {
        // App settings can override every value of host.json; this one is used for debug builds.
        let overridden = options.settings.iter().find(|(name, _)| name == EXECUTABLE_OVERRIDE).map(|(_, path)| path);
        let named = overridden.unwrap_or(&manifest.executable);
        let id_file = || tempfile::NamedTempFile::new().expect("a temporary file").into_temp_path();
        Self {
            executable: options.executable.clone().unwrap_or_else(|| manifest.root.join(named)),
            root: manifest.root.clone(),
            settings: options.settings.clone(),
            listening: options.listening,
            id_file: options.can_leave_orphan.then(id_file),
            output: Output::default(),
            starts: Arc::default(),
            pid: Arc::default(),
            phase: watch::channel(Phase::Starting).0,
            commands,
        }
    }

    /// What others watch: the phase, the handler's process, its output and the number of its starts.
    pub(super) fn watched(&self) -> (watch::Receiver<Phase>, Arc<AtomicU32>, Output, Arc<AtomicU32>) {
        (self.phase.subscribe(), Arc::clone(&self.pid), self.output.clone(), Arc::clone(&self.starts))
    }

    pub(super) async fn run(mut self) {
        if let Some(port) = self.listening {
            self.phase.send_replace(Phase::Ready(port));
            return self.phase.closed().await;
        }
        let mut errors = 0;
        let mut last_error: Option<Instant> = None;
        loop {
            self.phase.send_replace(Phase::Starting);
            let phase = match self.one_life().await {
                End::Exit(Some(0)) => Phase::Exited,
                End::Exit(Some(INTENTIONAL_RESTART)) => continue,
                End::Abandoned => Phase::HostStopped,
                End::Exit(_) => {
                    let forgotten = last_error.is_none_or(|error| error.elapsed() > ERROR_WINDOW);
                    errors = if forgotten { 1 } else { errors + 1 };
                    last_error = Some(Instant::now());
                    if errors < 3 {
                        continue;
                    }
                    Phase::HostStopped
                }
            };
            self.phase.send_replace(phase);
            return;
        }
    }

    /// Runs one process, or several that replace each other when the host restarts.
    async fn one_life(&mut self) -> End {
        let mut running = match self.start().await {
            Ok(running) => running,
            Err(code) => return End::Exit(code),
        };
        loop {
            self.phase.send_replace(Phase::Ready(running.port));
            let command = tokio::select! {
                ended = running.child.wait() => return End::Exit(ended.ok().and_then(|status| status.code())),
                Some(command) = self.commands.recv() => command,
            };
            match command {
                Command::Kill => {
                    running.kill().await;
                    return End::Exit(None);
                }
                // The new handler is up before the old one is killed, so that no request fails.
                Command::Restart => {
                    if let Ok(next) = self.start().await {
                        self.phase.send_replace(Phase::Ready(next.port));
                        std::mem::replace(&mut running, next).kill().await;
                    }
                }
                Command::Abandon => {
                    running.grandchild.take().map(std::mem::forget);
                    let _ = running.child.kill().await;
                    return End::Abandoned;
                }
            }
        }
    }

    /// Starts the handler and waits until it responds; its exit code if it does not.
    async fn start(&self) -> Result<Running, Option<i32>> {
        let mut running = self.spawn().await;
        let ready = tokio::select! {
            ended = running.child.wait() => return Err(ended.ok().and_then(|status| status.code())),
            ready = tokio::time::timeout(INITIALIZATION_TIMEOUT, until_it_answers(running.port)) => ready,
        };
        if ready.is_err() {
            running.kill().await;
            return Err(None);
        }
        Ok(running)
    }

    async fn spawn(&self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let port = listener.local_addr().expect("a bound address").port();
        drop(listener);
        let mut process = Process::new(&self.executable);
        if let Some(id_file) = &self.id_file {
            std::fs::write(id_file, "").expect("a file for the id");
            process = Process::new("/bin/sh");
            process.args(["-c", PARENT]).arg(&self.executable).arg(id_file);
        }
        process.env_clear().current_dir(&self.root).envs(self.settings.iter().cloned());
        self.starts.fetch_add(1, Ordering::SeqCst);
        let id = guid();
        for (name, value) in [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
            ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id.clone()),
            ("FUNCTIONS_HTTPWORKER_ID", id),
            ("FUNCTIONS_APP_ROOT_PATH", self.root.display().to_string()),
        ] {
            process.env(name, value);
        }
        let child = process::spawn(&mut process, &self.output);
        let grandchild = self.grandchild().await;
        let pid = grandchild.as_ref().map_or(child.id().unwrap_or_default(), |handler| handler.pid);
        self.pid.store(pid, Ordering::SeqCst);
        Running { child, port, grandchild }
    }

    async fn grandchild(&self) -> Option<Orphan> {
        let id_file = self.id_file.as_ref()?;
        loop {
            let id = std::fs::read_to_string(id_file).expect("the file of the id");
            if let Some(id) = id.strip_suffix('\n') {
                return Some(Orphan::new(id.parse().expect("a process id")));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Running {
    async fn kill(mut self) {
        drop(self.grandchild.take());
        let _ = self.child.kill().await;
    }
}

/// A random worker id.
fn guid() -> String {
    let id = crate::wire::random();
    format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..])
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
