//! `evergrant serve`: listens first, and warms up in the background.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tracing::Instrument as _;

use crate::app::App;
use crate::cli::terminal::{CommandError, failed};
use crate::config::{KeySource, Settings, StoreSetting};
use crate::server;
use crate::telemetry;

/// The port if neither the host nor the command line names one.
const DEFAULT_PORT: u16 = 8080;

/// How long open connections may take to end after a stop signal. The Functions host kills the process instead.
const GRACE: Duration = Duration::from_secs(5);

/// The delay before the warm-up, which keeps every core busy for a few milliseconds. A small instance has only a
/// fraction of a core, and must answer the host's first probe first. Requests for tokens do not wait for the warm-up.
const HEAD_START: Duration = Duration::from_millis(10);

/// How many connections may wait to be accepted. Above that, the kernel lets them wait for a second.
const BACKLOG: u32 = 4096;

#[derive(Debug, Error)]
#[error(
    "cannot listen on 127.0.0.1:{port}; stop the process that uses it, or choose another port with --port or FUNCTIONS_CUSTOMHANDLER_PORT"
)]
struct ListenError {
    port: u16,
    source: std::io::Error,
}

/// Serves until a signal to stop.
pub async fn run(settings: Settings, port: Option<u16>) -> Result<(), CommandError> {
    let log = telemetry::init(settings.log.clone());
    let port = settings.host_port.or(port).unwrap_or(DEFAULT_PORT);
    let listener = listen(port).map_err(|source| failed(ListenError { port, source }))?;
    let bound = listener.local_addr().map_or(port, |address| address.port());
    warn_of_unknown_settings(&settings);
    warn_of_conveniences(&settings);
    let app = Arc::new(App::new(settings));
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = server::serve(listener, Arc::new(app.endpoints()), async {
        stop_signal().await;
        let _ = stopping.send(());
    });
    tracing::info!(event = "listening", port = bound, version = env!("CARGO_PKG_VERSION"));
    tokio::spawn(app.registry.keep_current().instrument(telemetry::background_span()));
    let warming_up = async move {
        tokio::time::sleep(HEAD_START).await;
        app.warm_up().await;
    };
    tokio::spawn(warming_up.instrument(telemetry::background_span()));
    let overdue = async {
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = overdue => {}
    }
    log.close();
    Ok(())
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // On Windows, this option would let another process take the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

/// One line for each variable that looks like a setting and has no effect.
fn warn_of_unknown_settings(settings: &Settings) {
    for unknown in &settings.unknown {
        tracing::warn!(event = "unknown_setting", setting = unknown.name, "{unknown}");
    }
}

/// One line for each setting that is for local work only.
fn warn_of_conveniences(settings: &Settings) {
    let warn = |setting: &str, message: &str| tracing::warn!(event = "insecure_convenience", setting, "{message}");
    if settings.public_url.is_insecure() {
        warn("EVERGRANT_PUBLIC_URL", "the issuer is plain http: for local work only");
    }
    if settings.docusign.oauth_url.is_insecure() {
        warn("DOCUSIGN_OAUTH_URL", "DocuSign is called over plain http: for local work only");
    }
    let (signing, sealing) = (&settings.signing_keys, &settings.sealing_keys);
    for (setting, mut sources) in [
        ("EVERGRANT_SIGNING_KEY_ID", std::slice::from_ref(&signing.current).iter()),
        ("EVERGRANT_SIGNING_KEY_ID_NEXT", signing.next.as_slice().iter()),
        ("EVERGRANT_SEALING_KEY_ID", std::slice::from_ref(&sealing.current).iter()),
        ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", sealing.previous.iter()),
    ] {
        if sources.any(|source| matches!(source, KeySource::Local(_))) {
            warn(setting, "a key is a file: for local work only; in Azure use Key Vault");
        }
    }
    if settings.store == StoreSetting::Memory {
        warn(
            "EVERGRANT_STORE",
            "used codes, revocations and the ids of Workfront's uploads are lost when this process ends: for trying out only",
        );
    }
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
