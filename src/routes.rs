//! The path table; warp in, warp out.
//!
//! One table says which path and methods each function folder has. A request is matched here, its body read if its
//! endpoint wants one, answered by its slice, given an `x-request-id` and logged with one line.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use warp::Filter;
use warp::path::FullPath;

use crate::clock::Stopwatch;
use crate::consent::ConsentCallback;
use crate::oauth::error::ErrorCode;
use crate::oauth::reply::{Response, json};
use crate::secret::hex;
use crate::telemetry::{Answer, Record};
use crate::token::TokenEndpoint;

/// The largest form taken, in bytes; the largest legitimate one is a fraction of it.
pub const FORM_LIMIT: usize = 64 * 1024;

/// An oversized body is read and thrown away up to this size, so that its sender gets to read the answer.
const DRAIN_LIMIT: usize = 8 * 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// What answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Token,
    Consent,
    Health,
    Root,
}

/// One row of the path table.
#[derive(Debug)]
pub struct Route {
    /// The function folder that publishes the route; empty for what only the host itself calls.
    pub function: &'static str,
    /// The path, with a leading slash.
    pub path: &'static str,
    /// The methods answered, as `Allow` lists them.
    pub methods: &'static [Method],
    endpoint: Endpoint,
}

/// The path table.
pub const ROUTES: &[Route] = &[
    Route { function: "token-function", path: "/oauth/token", methods: &[Method::POST], endpoint: Endpoint::Token },
    Route {
        function: "consent-callback",
        path: "/consent/callback",
        methods: &[Method::GET],
        endpoint: Endpoint::Consent,
    },
    Route { function: "health-function", path: "/healthz", methods: &[Method::GET], endpoint: Endpoint::Health },
    // The host's readiness probe, which asks every 25 ms until something answers.
    Route { function: "", path: "/", methods: &[Method::GET], endpoint: Endpoint::Root },
];

/// The slices behind the table.
pub struct Endpoints {
    /// `POST /oauth/token`.
    pub token: TokenEndpoint,
    /// `GET /consent/callback`.
    pub consent: ConsentCallback,
}

/// The whole server as one warp filter that never rejects.
pub fn filter(
    endpoints: Arc<Endpoints>,
) -> impl Filter<Extract = (impl warp::Reply,), Error = std::convert::Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, path: FullPath, query: String, headers, body| {
            let endpoints = Arc::clone(&endpoints);
            async move { endpoints.serve(head(method, path.as_str(), &query, headers), body).await }
        })
        .recover(|_: warp::Rejection| std::future::ready(Ok::<_, std::convert::Infallible>(internal_error())))
}

fn head(method: Method, path: &str, query: &str, headers: HeaderMap) -> Request<()> {
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut request = Request::new(());
    *request.method_mut() = method;
    // It was a valid request target on arrival; should it not be one now, it matches no route.
    *request.uri_mut() = target.parse().unwrap_or_else(|_| http::Uri::from_static("/?"));
    *request.headers_mut() = headers;
    request
}

impl Endpoints {
    /// Answers one request and logs it.
    async fn serve<B: Buf>(&self, head: Request<()>, body: impl Stream<Item = Result<B, warp::Error>>) -> Response {
        let watch = Stopwatch::start();
        let request_id = request_id();
        let invocation_id = invocation_id(head.headers());
        let (route, mut answer) = match find(head.method(), head.uri().path()) {
            Found::Route(route) => (route.path, self.call(route.endpoint, head, body).await),
            Found::WrongMethod(route) => (route.path, wrong_method(route)),
            Found::Envelope(route) => (route.path, envelope()),
            Found::Nothing => ("", not_found()),
        };
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            answer.response.headers_mut().insert("x-request-id", value);
        }
        log(&answer, route, &request_id, invocation_id.as_deref(), watch);
        answer.response
    }

    async fn call<B: Buf>(
        &self,
        endpoint: Endpoint,
        head: Request<()>,
        body: impl Stream<Item = Result<B, warp::Error>>,
    ) -> Answer {
        match endpoint {
            Endpoint::Token => match read_body(body).await {
                Ok(body) => self.token.handle(&head.map(|()| body)).await,
                Err(fault) => fault.answer(),
            },
            Endpoint::Consent => self.consent.handle(&head.map(|()| Bytes::new())).await,
            Endpoint::Health => health(),
            Endpoint::Root => root(),
        }
    }
}

/// Why a body could not be read.
enum BodyFault {
    TooLarge,
    TooSlow,
    BrokenOff,
}

impl BodyFault {
    fn answer(&self) -> Answer {
        let (status, description) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "the body broke off"),
        };
        let error = ErrorCode::InvalidRequest.say(description);
        let record = Record { error: Some(error.code.as_str()), ..Record::default() };
        Answer { response: error.reply_with(status), record }
    }
}

/// Reads a body to its end, chunked or not, keeping no more than [`FORM_LIMIT`] of it.
async fn read_body<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>>) -> Result<Bytes, BodyFault> {
    let reading = async {
        let mut body = std::pin::pin!(body);
        let (mut kept, mut seen) = (BytesMut::new(), 0);
        while let Some(chunk) = body.next().await {
            let mut chunk = chunk.map_err(|_| BodyFault::BrokenOff)?;
            seen += chunk.remaining();
            if seen <= FORM_LIMIT {
                kept.extend_from_slice(&chunk.copy_to_bytes(chunk.remaining()));
            } else if seen > DRAIN_LIMIT {
                break;
            }
        }
        if seen <= FORM_LIMIT { Ok(kept.freeze()) } else { Err(BodyFault::TooLarge) }
    };
    tokio::time::timeout(BODY_TIMEOUT, reading).await.unwrap_or(Err(BodyFault::TooSlow))
}

enum Found {
    Route(&'static Route),
    WrongMethod(&'static Route),
    Envelope(&'static Route),
    Nothing,
}

fn find(method: &Method, path: &str) -> Found {
    if let Some(route) = ROUTES.iter().find(|route| route.path == path) {
        return if route.methods.contains(method) { Found::Route(route) } else { Found::WrongMethod(route) };
    }
    // A host that understands neither mode flag posts its JSON envelope to the function's name.
    let function = path.strip_prefix('/').filter(|name| !name.is_empty());
    let called = ROUTES.iter().find(|route| function == Some(route.function));
    match called {
        Some(route) if method == Method::POST => Found::Envelope(route),
        _ => Found::Nothing,
    }
}

#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// The process lives and listens. Whether DocuSign and Key Vault play along is told by a token request.
fn health() -> Answer {
    let body = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    plain(json(StatusCode::OK, &body))
}

fn root() -> Answer {
    plain(text(StatusCode::OK, "Evergrant is running.\n"))
}

fn not_found() -> Answer {
    plain(text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"))
}

fn wrong_method(route: &Route) -> Answer {
    let allowed: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.\n");
    if let Ok(allow) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    plain(response)
}

/// What the log and the body say when the host calls in its JSON envelope mode.
const ENVELOPE: &str = "The Functions host sent its JSON envelope instead of the HTTP request. In host.json, set \
    customHandler.enableProxyingHttpRequest and customHandler.enableForwardingHttpRequest to true and redeploy; \
    every function.json needs exactly one httpTrigger and one http output binding.";

fn envelope() -> Answer {
    let response = text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{ENVELOPE}\n"));
    Answer { response, record: Record::of("json_envelope_received") }
}

fn internal_error() -> Response {
    text(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be read.\n")
}

fn plain(response: Response) -> Answer {
    Answer { response, record: Record::default() }
}

fn text(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// 128 random bits in hexadecimal.
fn request_id() -> String {
    let mut bytes = [0; 16];
    let _ = rand::fill(&mut bytes);
    hex(&bytes)
}

/// The host's own id of this invocation, for finding its log lines beside ours. In forward mode a caller can add to the
/// header, so only a single well-formed id is believed.
fn invocation_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("x-azure-functions-invocationid").iter();
    let value = values.next()?.to_str().ok()?;
    let well_formed = (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (well_formed && values.next().is_none()).then(|| value.to_owned())
}

/// The one log line of an answered request.
fn log(answer: &Answer, route: &str, request_id: &str, invocation_id: Option<&str>, watch: Stopwatch) {
    let Answer { response, record } = answer;
    macro_rules! line {
        ($level:expr, $message:expr) => {
            tracing::event!(
                $level,
                event = record.event.unwrap_or("answered"),
                route,
                status = response.status().as_u16(),
                duration_ms = watch.elapsed_ms(),
                request_id,
                invocation_id,
                client_id = record.client_id.as_ref().map(crate::oauth::client::ClientId::as_str),
                subject_kind = record.subject_kind.map(crate::oauth::client::SubjectKind::as_str),
                grant_type = record.grant_type.map(crate::oauth::client::GrantType::as_str),
                grant_id = record.grant_id.as_deref(),
                scope = record.scope.as_deref(),
                token_sha256 = record.token_sha256.as_deref(),
                expires_in = record.expires_in,
                cache.result = record.cache_result,
                error = record.error,
                cause = record.cause,
                message = $message,
            )
        };
    }
    match record.event {
        Some("json_envelope_received") => line!(tracing::Level::ERROR, ENVELOPE),
        _ if response.status().is_server_error() => line!(tracing::Level::WARN, "request answered"),
        _ => line!(tracing::Level::INFO, "request answered"),
    }
}
