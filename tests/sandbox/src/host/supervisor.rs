//! Starts the handler, polls it until it responds, and restarts it by the host's rules.
//!
//! After exit code 0 there is no restart. Exit code 200 restarts without being counted. All others are counted, and the third
//! one within 30 minutes ends the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use super::Options;
use super::child::{Launcher, POLL, Running};
use crate::client::HttpClient;
use crate::manifest::Manifest;
use crate::process::Output;

/// A handler that does not respond within this time counts as failed.
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Errors further apart than this are not counted together.
const ERROR_WINDOW: Duration = Duration::from_secs(30 * 60);

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
    /// It failed three times, or the host was ended: connections are refused.
    HostStopped,
}

/// What a test asks of the supervisor.
#[derive(Debug)]
pub(super) enum Command {
    /// Kill the handler, as a crash would, and say when it is dead.
    Kill(oneshot::Sender<()>),
    /// Restart the host.
    Restart,
    /// End the host without the handler.
    Abandon,
}

pub(super) struct Supervisor {
    launcher: Launcher,
    listening: Option<u16>,
    starts: Arc<AtomicU32>,
    pid: Arc<AtomicU32>,
    phase: watch::Sender<Phase>,
    commands: mpsc::Receiver<Command>,
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
        Self {
            launcher: Launcher::new(manifest, options),
            listening: options.listening,
            starts: Arc::default(),
            pid: Arc::default(),
            phase: watch::channel(Phase::Starting).0,
            commands,
        }
    }

    /// What others watch: the phase, the handler's process, its output and the number of its starts.
    pub(super) fn watched(&self) -> (watch::Receiver<Phase>, Arc<AtomicU32>, Output, Arc<AtomicU32>) {
        (self.phase.subscribe(), Arc::clone(&self.pid), self.launcher.output.clone(), Arc::clone(&self.starts))
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
                Command::Kill(killed) => {
                    running.kill().await;
                    let _ = killed.send(());
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
                    running.abandon().await;
                    return End::Abandoned;
                }
            }
        }
    }

    /// Starts the handler and waits until it responds; its exit code if it does not.
    async fn start(&self) -> Result<Running, Option<i32>> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        let mut running = self.launcher.start().await;
        self.pid.store(running.pid(), Ordering::SeqCst);
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
