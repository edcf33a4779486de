//! Connections: accepted until told to stop, each served in a task of its own.

use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::server::Endpoints;

/// Pause after a failure to accept that concerns the whole process, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `endpoints` until `stop` comes, and then until the requests under way are answered.
pub async fn serve(listener: TcpListener, endpoints: Arc<Endpoints>, stop: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                failing = false;
                serve_one(stream, &endpoints, &connections);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Once for as long as it lasts.
                if !failing {
                    tracing::error!(event = "accept_failed", cause = %error, "no connection can be accepted at the moment");
                }
                failing = true;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

fn serve_one(stream: TcpStream, endpoints: &Arc<Endpoints>, connections: &GracefulShutdown) {
    let endpoints = Arc::clone(endpoints);
    let service = service_fn(move |request| {
        let endpoints = Arc::clone(&endpoints);
        async move { Ok::<_, Infallible>(endpoints.answer(request).await) }
    });
    let connection = connections.watch(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // Whoever hung up, or never spoke HTTP, was told what there was to tell.
    tokio::spawn(async move { drop(connection.await) });
}

/// It went away before it was accepted: the next one may be fine.
fn is_of_one_connection(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}
