//! `evergrant serve`: listens first, and warms up in the background.
//!
//! Under a Functions host, wrong settings do not end the process (see [`not_configured`]), and [`stopping`] has the exit codes
//! that the host expects.

mod not_configured;
mod stopping;
mod warnings;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::app::App;
use crate::cli::terminal::{CommandError, failed};
use crate::config::{ConfigError, Environment, Settings, Start};
use crate::endpoints::not_configured::NotConfigured;
use crate::server::{self, Serving};
use crate::telemetry;
use stopping::{Parent, Stop, StopSignals};

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

/// Serves until the process has to stop.
pub async fn run(env: &dyn Environment, port: Option<u16>) -> Result<(), CommandError> {
    let signals = StopSignals::catch();
    let host = Settings::has_host(env).then(Parent::now);
    let settings = Settings::read(env);
    let Start { host_port, log } = start(env, &settings, host.is_some())?;
    let log = telemetry::init(log);
    let port = host_port.or(port).unwrap_or(DEFAULT_PORT);
    let listener = listen(port).map_err(|source| failed(ListenError { port, source }))?;
    let bound = listener.local_addr().map_or(port, |address| address.port());
    let stop = serve(env, settings, listener, bound, signals.requested(host)).await;
    log.close();
    match stop.and_then(|stop| stop.exit_code(host.is_some())) {
        Some(exit_code) => Err(CommandError::Reported { exit_code }),
        None => Ok(()),
    }
}

/// What is needed to listen. Without a Functions host, wrong settings are an error.
fn start(
    env: &dyn Environment,
    settings: &Result<Settings, ConfigError>,
    has_host: bool,
) -> Result<Start, ConfigError> {
    match settings {
        Ok(settings) => Ok(Start { host_port: settings.host_port, log: settings.log.clone() }),
        Err(_) if has_host => Settings::read_start(env),
        Err(errors) => Err(errors.clone()),
    }
}

/// Serves until the process has to stop, and returns why.
async fn serve(
    env: &dyn Environment,
    settings: Result<Settings, ConfigError>,
    listener: TcpListener,
    port: u16,
    stop: impl Future<Output = Stop> + Send + 'static,
) -> Option<Stop> {
    let (serving, errors) = match settings {
        Ok(settings) => {
            let serving = Serving::default();
            open(settings, &serving, port);
            (serving, None)
        }
        Err(errors) => {
            let reasons = NotConfigured::new(errors.clone(), Settings::is_in_azure(env));
            (Serving::not_configured(reasons), Some(errors))
        }
    };
    let (stopping, mut stopped) = watch::channel(None);
    let server = server::serve_when_configured(listener, serving.clone(), async move {
        stopping.send_replace(Some(stop.await));
    });
    let configuring = async {
        if let Some(errors) = errors {
            let settings = not_configured::until_configured(env, errors, &serving).await;
            open(settings, &serving, port);
        }
        std::future::pending::<()>().await;
    };
    let overdue = async {
        let _ = stopped.wait_for(Option::is_some).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = configuring => {}
        () = overdue => {}
    }
    *stopped.borrow()
}

/// Builds the app and opens its routes.
fn open(settings: Settings, serving: &Serving, port: u16) {
    warnings::log(&settings);
    let app = Arc::new(App::new(settings));
    serving.set_endpoints(Arc::new(app.endpoints()));
    tracing::info!(event = "listening", port, version = env!("CARGO_PKG_VERSION"));
    tokio::spawn(app.registry.keep_current().instrument(telemetry::background_span()));
    let warming_up = async move {
        tokio::time::sleep(HEAD_START).await;
        app.warm_up().await;
    };
    tokio::spawn(warming_up.instrument(telemetry::background_span()));
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // On Windows, this option would let another process take the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}
