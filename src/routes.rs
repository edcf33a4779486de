//! The path table; warp in, warp out.
//!
//! One table says which path and methods each function folder has. A request is matched here, its body read if its
//! endpoint wants one, answered by its slice, given an `x-request-id` and logged with one line.

mod body;
mod plain;
mod table;

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt as _};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Method, Request};
use warp::path::FullPath;
use warp::{Filter, Reply as _};

use crate::authorize::AuthorizeEndpoint;
use crate::body::{Body, Source, StreamError, Upload, Watched};
use crate::clock::Stopwatch;
use crate::consent::ConsentCallback;
use crate::gateway::Gateway;
use crate::metadata::MetadataEndpoint;
use crate::random::random;
use crate::revoke::RevokeEndpoint;
use crate::secret::hex;
use crate::setup::SetupEndpoint;
use crate::telemetry::{self, Answer};
use crate::token::TokenEndpoint;
use crate::workfront::Workfront;
use table::{Endpoint, Found, find};
pub use table::{ROUTES, Route};

/// The slices behind the table.
pub struct Endpoints {
    /// `POST /oauth/token`.
    pub token: TokenEndpoint,
    /// `GET /oauth/authorize[/{client_id}]`.
    pub authorize: AuthorizeEndpoint,
    /// `GET /.well-known/oauth-authorization-server`.
    pub metadata: MetadataEndpoint,
    /// `POST /oauth/revoke`.
    pub revoke: RevokeEndpoint,
    /// `GET /consent/callback`.
    pub consent: ConsentCallback,
    /// `GET /setup`.
    pub setup: SetupEndpoint,
    /// `/gateway/…`.
    pub gateway: Gateway,
    /// `/workfront/…`.
    pub workfront: Workfront,
}

/// The whole server as one warp filter that never rejects.
pub fn filter(
    endpoints: Arc<Endpoints>,
) -> impl Filter<Extract = (impl warp::Reply,), Error = std::convert::Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    // warp panics on the full path of a target that has none, such as CONNECT's; an empty path is asked for first.
    let full_path = warp::path::full().map(|path: FullPath| path.as_str().to_owned());
    let path = warp::path::end().map(|| "/".to_owned()).or(full_path).unify();
    warp::any()
        .and(warp::method())
        .and(path)
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, path: String, query: String, headers, body| {
            let endpoints = Arc::clone(&endpoints);
            async move { reply(endpoints.serve(head(method, path, &query, headers), body).await) }
        })
        .recover(|_: warp::Rejection| {
            std::future::ready(Ok::<_, std::convert::Infallible>(plain::internal_error().into_response()))
        })
}

/// An answer in warp's terms.
fn reply(response: http::Response<Body>) -> warp::reply::Response {
    let (head, body) = response.into_parts();
    match body {
        Body::Whole(bytes) => http::Response::from_parts(head, bytes).into_response(),
        Body::Streamed(chunks) => {
            let (_, body) = warp::reply::stream(chunks).into_response().into_parts();
            http::Response::from_parts(head, body)
        }
    }
}

fn head(method: Method, path: String, query: &str, headers: HeaderMap) -> Request<()> {
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    let mut request = Request::new(());
    *request.method_mut() = method;
    // It was a valid request target on arrival; should it not be one now, it matches no route.
    *request.uri_mut() = target.parse().unwrap_or_else(|_| http::Uri::from_static("*"));
    *request.headers_mut() = headers;
    request
}

impl Endpoints {
    /// Answers one request and logs it.
    async fn serve<B: Buf>(
        &self,
        head: Request<()>,
        body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    ) -> http::Response<Body> {
        let watch = Stopwatch::start();
        let request_id = hex(&random::<16>());
        let invocation_id = invocation_id(head.headers());
        let (route, mut answer) = match find(head.method(), head.uri().path()) {
            Found::Route(route) => (route.path, self.call(route.endpoint, head, body, &request_id).await),
            Found::WrongMethod(route) => (route.path, plain::wrong_method(route.methods).into()),
            Found::Envelope(route) => (route.path, plain::envelope().into()),
            Found::Nothing => ("", plain::not_found().into()),
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            answer.response.headers_mut().insert("x-request-id", value);
        }
        telemetry::log(&answer, route, &request_id, invocation_id.as_deref(), watch);
        answer.response
    }

    async fn call<B: Buf>(
        &self,
        endpoint: Endpoint,
        head: Request<()>,
        body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
        request_id: &str,
    ) -> Answer<Body> {
        let answer = match endpoint {
            Endpoint::Gateway => {
                let (source, upload) = upload(&head, body);
                return heard(self.gateway.handle(&head, upload, request_id).await, source).await;
            }
            Endpoint::Workfront => {
                let (source, upload) = upload(&head, body);
                return heard(self.workfront.handle(&head, upload).await, source).await;
            }
            Endpoint::Token => match body::read(body).await {
                Ok(body) => self.token.handle(&head.map(|()| body)).await,
                Err(fault) => fault.answer(),
            },
            Endpoint::Revoke => match body::read(body).await {
                Ok(body) => self.revoke.handle(&head.map(|()| body)).await,
                Err(fault) => fault.answer(),
            },
            Endpoint::Authorize => self.authorize.handle(&head.map(|()| Bytes::new())).await,
            Endpoint::Metadata => self.metadata.answer(),
            Endpoint::Consent => self.consent.handle(&head.map(|()| Bytes::new())).await,
            Endpoint::Setup => self.setup.handle(&head.map(|()| Bytes::new())).await,
            Endpoint::Health => plain::health(),
            Endpoint::Root => plain::root(),
        };
        answer.into()
    }
}

/// The body of a request that passes through.
fn upload<B: Buf>(
    head: &Request<()>,
    body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
) -> (Source, Upload) {
    let length = head.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let chunks = body.map(|chunk| match chunk {
        Ok(mut chunk) => Ok(chunk.copy_to_bytes(chunk.remaining())),
        Err(_) => Err(StreamError::BrokenOff),
    });
    let source = Source::new(chunks);
    (source.clone(), Upload { chunks: Box::pin(Watched::new(source)), length })
}

/// An answer that the sender of a body gets to hear. One whose own body passes through may be given while the request's does.
async fn heard(answer: Answer<Body>, source: Source) -> Answer<Body> {
    if !answer.response.status().is_success() || matches!(answer.response.body(), Body::Whole(_)) {
        source.drain().await;
    }
    answer
}

/// The host's own id of this invocation, for finding its log lines beside ours. In forward mode a caller can add to the
/// header, so only a single well-formed id is believed.
fn invocation_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("x-azure-functions-invocationid").iter();
    let value = values.next()?.to_str().ok()?;
    let well_formed = (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (well_formed && values.next().is_none()).then(|| value.to_owned())
}
