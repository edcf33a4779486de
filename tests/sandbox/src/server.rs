//! A small HTTP/1.1 server on a loopback port, plain or behind TLS.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Why a body could not be sent completely.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body of any type.
pub type Body = BoxBody<Bytes, BodyError>;

/// The result of a handler: a response, or [`Cut`] to close the connection without one.
pub type Reply = Result<Response<Body>, Cut>;

/// Closes the connection.
#[derive(Debug)]
pub struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut off on purpose")
    }
}

impl std::error::Error for Cut {}

/// A running server; dropping it closes it.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves plain HTTP with `handler` on a free port, or on `port` if that is not 0.
    pub async fn start<H, F>(port: u16, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::accept(port, None, handler).await
    }

    /// Serves HTTPS.
    pub async fn start_tls<H, F>(tls: TlsAcceptor, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::accept(0, Some(tls), handler).await
    }

    async fn accept<H, F>(port: u16, tls: Option<TlsAcceptor>, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound address");
        let handler = Arc::new(handler);
        let task = tokio::spawn(async move {
            // Connections end with the server, as when a process ends.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // Like production servers, disable Nagle's algorithm, which delays small responses.
                let _ = stream.set_nodelay(true);
                connections.spawn(connection(stream, tls.clone(), Arc::clone(&handler)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, task }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection<H, F>(stream: TcpStream, tls: Option<TlsAcceptor>, handler: Arc<H>)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    match tls {
        None => speak(stream, handler).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, handler).await;
            }
        }
    }
}

async fn speak<S, H, F>(stream: S, handler: Arc<H>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let service = service_fn(move |request| handler(request));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

/// A body of `text`.
pub fn body(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// A body that is streamed.
pub fn passed_on(body: Incoming) -> Body {
    body.map_err(BodyError::from).boxed()
}

/// A response with a body of this type.
pub fn reply(status: u16, content_type: &str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(body(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", content_type.parse().expect("a content type"));
    response
}

/// A JSON response.
#[must_use]
pub fn json(status: u16, value: &serde_json::Value) -> Response<Body> {
    reply(status, "application/json", value.to_string())
}

/// The complete body of a request.
pub async fn read(body: Incoming) -> Bytes {
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}
