//! `evergrant serve`: listen first, warm up behind.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tracing::Instrument as _;

use crate::app::App;
use crate::cli::terminal::{CommandError, failed};
use crate::config::{KeySource, Settings, StoreSetting};
use crate::server;
use crate::telemetry;

/// Where to listen when neither the host nor the command line says.
const DEFAULT_PORT: u16 = 8080;

/// How long open connections may take to end after a signal to stop. The Functions host does not ask: it kills.
const GRACE: Duration = Duration::from_secs(5);

/// How long the warm-up holds back. It keeps every core busy for some milliseconds, and a small instance has but a
/// part of one: the host's first probe is answered before that. A request for a token does not wait for the warm-up.
const HEAD_START: Duration = Duration::from_millis(10);

#[derive(Debug, Error)]
#[error("cannot listen on 127.0.0.1:{port}: free it, or choose another with FUNCTIONS_CUSTOMHANDLER_PORT or --port")]
struct ListenError {
    port: u16,
    source: std::io::Error,
}

/// Serves until a signal to stop.
pub async fn run(settings: Settings, port: Option<u16>) -> Result<(), CommandError> {
    let log = telemetry::init(settings.log.clone());
    let port = settings.host_port.or(port).unwrap_or(DEFAULT_PORT);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|source| failed(ListenError { port, source }))?;
    let bound = listener.local_addr().map_or(port, |address| address.port());
    warn_of_conveniences(&settings);
    let app = Arc::new(App::new(settings));
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = server::serve(listener, Arc::new(app.endpoints()), async {
        stop_signal().await;
        let _ = stopping.send(());
    });
    tracing::info!(event = "listening", port = bound, version = env!("CARGO_PKG_VERSION"));
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

/// One line for each setting that is fit for local work only.
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
            warn(setting, "a key is a file: for local work only, use Key Vault");
        }
    }
    if settings.store == StoreSetting::Memory {
        warn(
            "EVERGRANT_STORE",
            "used codes, revocations and the ids of Workfront's uploads are forgotten when this process ends: for trying out",
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
