//! When the process has to stop, and why.

use std::time::Duration;

/// How often the parent is looked at. Together with the time that open connections get, it has to stay below 10 s.
const PARENT_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The exit code that asks the Functions host for another process. It never starts one again that exited with 0.
const START_AGAIN: u8 = 200;

/// Why the process stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM.
    Terminated,
    /// Ctrl-C.
    Interrupted,
    /// The Functions host that started it has ended, so no one calls it anymore.
    HostGone,
}

impl Stop {
    /// The exit code, if it is not 0.
    #[must_use]
    pub const fn exit_code(self, has_host: bool) -> Option<u8> {
        match self {
            Self::Terminated if has_host => Some(START_AGAIN),
            Self::Terminated | Self::Interrupted | Self::HostGone => None,
        }
    }
}

/// The process that started this one.
#[derive(Clone, Copy, Debug)]
pub struct Parent(Option<u32>);

impl Parent {
    /// The process that is the parent now.
    #[must_use]
    pub fn now() -> Self {
        #[cfg(unix)]
        return Self(Some(std::os::unix::process::parent_id()));
        #[cfg(not(unix))]
        return Self(None);
    }

    /// Waits until it has ended: the system then gives its children another parent.
    async fn gone(self) {
        while Self::now().0 == self.0 {
            tokio::time::sleep(PARENT_CHECK_INTERVAL).await;
        }
    }
}

/// The stop signals, caught from the moment this is made.
pub struct StopSignals {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
}

impl StopSignals {
    /// Catches them. Made before the first request is answered, because the caller may then send a signal.
    #[must_use]
    pub fn catch() -> Self {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate()).ok(),
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    /// Waits until the process has to stop. `host` is the Functions host that started it, if there is one.
    pub async fn requested(self, host: Option<Parent>) -> Stop {
        let host_gone = async {
            match host {
                Some(host) => host.gone().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            stop = self.signal() => stop,
            () = host_gone => Stop::HostGone,
        }
    }

    #[cfg(unix)]
    async fn signal(self) -> Stop {
        tokio::select! {
            () = received(self.terminate) => Stop::Terminated,
            () = received(self.interrupt) => Stop::Interrupted,
        }
    }

    #[cfg(not(unix))]
    async fn signal(self) -> Stop {
        let _ = tokio::signal::ctrl_c().await;
        Stop::Interrupted
    }
}

/// Waits for a signal; if it cannot be caught, without end.
#[cfg(unix)]
async fn received(signal: Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(mut signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
