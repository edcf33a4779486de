//! Reads requests, and gives every response its id and its log line.

use std::convert::Infallible;
use std::future::{poll_fn, ready};
use std::pin::pin;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt as _};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use tracing::Span;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _, reject};

use crate::clock::Stopwatch;
use crate::oauth::client::claimed::ClaimedCredentials;
use crate::oauth::form::Form;
use crate::registry::Registry;
use crate::server::body::{BodyError, read};
use crate::server::panic::{self, catch_panic};
use crate::server::paths::Route;
use crate::telemetry::{self, Answer, RequestIds};
use crate::web::body::{
    Body, BodySource, StreamError, Upload, Watched, after_the_head, content_length, waits_for_continue,
};
use crate::web::host_headers::keep_carried;

const INVOCATION_ID: HeaderName = HeaderName::from_static("x-azure-functions-invocationid");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the log line of a request needs in addition to the response.
#[derive(Debug)]
pub struct Received {
    route: Option<&'static Route>,
    ids: RequestIds,
    span: Span,
    invocation_id: Option<String>,
    watch: Stopwatch,
}

impl Received {
    /// A request for `route` with these headers, received now.
    pub fn new(route: Option<&'static Route>, headers: &HeaderMap) -> Self {
        let ids = RequestIds::new(headers);
        let span = ids.span();
        Self { route, ids, span, invocation_id: invocation_id(headers), watch: Stopwatch::start() }
    }

    /// The request id, in hexadecimal.
    pub fn id(&self) -> &str {
        &self.ids.request_id
    }

    /// Runs `answering` in the request's span, logs its response and converts it for warp. If it panics, the response is 500:
    /// if the connection were closed instead, the Functions host would repeat the request up to forty times.
    pub async fn answer_with<B: Into<Body>>(&self, answering: impl Future<Output = Answer<B>>) -> Response {
        let mut answering = pin!(answering);
        // `instrument` would need another handle of the span, which takes two locks. It would also enter the span to drop the
        // future, but nothing logs then.
        match poll_fn(|context| self.span.in_scope(|| catch_panic(answering.as_mut(), context))).await {
            Ok(answer) => self.answer(answer),
            Err(_) => self.answer(panic::answer(self.id())),
        }
    }

    /// Logs `answer` and converts it for warp.
    pub fn answer<B: Into<Body>>(&self, answer: Answer<B>) -> Response {
        self.span.in_scope(|| self.log(&answer));
        self.convert(answer)
    }

    fn log<B>(&self, answer: &Answer<B>) {
        let route = self.route.map_or("", |route| route.path);
        telemetry::log(answer, route, self.invocation_id.as_deref(), self.watch);
    }

    fn convert<B: Into<Body>>(&self, answer: Answer<B>) -> Response {
        let (mut head, body) = answer.response.into_parts();
        keep_carried(head.status, &mut head.headers);
        head.headers.extend(HeaderValue::try_from(self.id()).map(|id| (X_REQUEST_ID, id)));
        let mut response = match body.into() {
            Body::Whole(bytes) => Response::new(bytes.into()),
            Body::Streamed(chunks) => warp::reply::stream(after_the_head(chunks)).into_response(),
        };
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        response
    }
}

/// The host's invocation id, to match its log lines with ours. In forward mode the host appends it to what the caller sent, so
/// the last one counts, if it is well-formed.
fn invocation_id(headers: &HeaderMap) -> Option<String> {
    let last = headers.get_all(INVOCATION_ID).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    let well_formed = (1..=64).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    well_formed.then(|| last.to_owned())
}

/// Accepts the methods of `route`.
pub fn method_of(route: &'static Route) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let takes = |method: Method| ready(if route.methods.contain(&method) { Ok(()) } else { Err(reject::not_found()) });
    warp::method().and_then(takes).untuple_one()
}

/// A request for `route`, and its headers.
pub fn received(route: &'static Route) -> impl Filter<Extract = (Received, HeaderMap), Error = Infallible> + Copy {
    warp::header::headers_cloned().map(|headers| (Received::new(Some(route), &headers), headers)).untuple_one()
}

/// A request for `route` without its body.
pub fn request(route: &'static Route) -> impl Filter<Extract = (Received, Request<Bytes>), Error = Infallible> + Copy {
    head(route).map(|received, head: Request<()>| (received, head.map(|()| Bytes::new()))).untuple_one()
}

/// The headers, the query and the body of a form, for [`ReceivedForm::read`].
pub fn form()
-> impl Filter<Extract = (HeaderMap, Option<String>, impl Stream<Item = Result<impl Buf, warp::Error>>), Error = Rejection>
+ Copy {
    warp::header::headers_cloned().and(query()).and(warp::body::stream())
}

/// A request for `route` whose body is streamed.
pub fn streaming(
    route: &'static Route,
) -> impl Filter<Extract = (Received, Request<()>, BodySource), Error = Rejection> + Copy {
    head(route).and(body())
}

/// The body of a request, to be streamed or drained.
pub fn body() -> impl Filter<Extract = (BodySource,), Error = Rejection> + Copy {
    warp::body::stream().map(source)
}

fn head(route: &'static Route) -> impl Filter<Extract = (Received, Request<()>), Error = Infallible> + Copy {
    let parts = received(route).and(warp::method()).and(warp::path::full()).and(query());
    parts.map(put_together).untuple_one()
}

fn query() -> impl Filter<Extract = (Option<String>,), Error = Infallible> + Copy {
    warp::query::raw().map(Some).or(warp::any().map(|| None)).unify()
}

#[expect(clippy::needless_pass_by_value, reason = "warp hands values over")]
fn put_together(
    received: Received,
    headers: HeaderMap,
    method: Method,
    path: FullPath,
    query: Option<String>,
) -> (Received, Request<()>) {
    let path = path.as_str();
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    // Path and query come from a valid URI, so together they are valid too.
    *request.uri_mut() = target.parse().unwrap_or_default();
    (received, request)
}

/// A form, with the request it came in.
pub struct ReceivedForm {
    /// The request.
    pub received: Received,
    /// The form, or its beginning if it was refused.
    pub form: Form,
    refused: Option<BodyError>,
}

const CLIENT_UNREAD: &str = "the client is neither in a header nor in the part of the body that was read";

impl ReceivedForm {
    /// Reads a form for `route`, with its complete body.
    pub async fn read<B: Buf>(
        route: &'static Route,
        headers: HeaderMap,
        query: Option<String>,
        body: impl Stream<Item = Result<B, warp::Error>>,
    ) -> Self {
        let received = Received::new(Some(route), &headers);
        let (body, refused) = read(&headers, body).await;
        Self { received, form: Form { headers, query, body }, refused }
    }

    /// Like [`Received::answer_with`], unless the body was refused. The log names the client in both cases.
    pub async fn answer_with(&self, registry: &Registry, answering: impl Future<Output = Answer>) -> Response {
        let Some(error) = self.refused else { return self.received.answer_with(answering).await };
        let refusing = async {
            let clients = registry.loaded().unwrap_or_default();
            match ClaimedCredentials::read(&self.form).client(&clients) {
                Some(client) => telemetry::record_client(client),
                None => telemetry::record_hint(CLIENT_UNREAD),
            }
            error.answer()
        };
        self.received.answer_with(refusing).await
    }
}

fn source<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>> + Send + 'static) -> BodySource {
    BodySource::new(body.map(|piece| match piece {
        Ok(mut piece) => Ok(piece.copy_to_bytes(piece.remaining())),
        Err(_) => Err(StreamError::BrokenOff),
    }))
}

/// The body of `request`; fails when no data arrives for too long.
pub fn upload(request: &Request<()>, source: &BodySource) -> Upload {
    Upload { chunks: Box::pin(Watched::new(source.clone())), length: content_length(request.headers()) }
}

/// Drains the request body before an early error response, so that the client can read it. A streamed response may start
/// while the request body is still arriving.
pub async fn drain_on_error(
    request: &Request<()>,
    answering: impl Future<Output = Answer<Body>>,
    source: BodySource,
) -> Answer<Body> {
    let answer = answering.await;
    // A client that waits for `100 Continue` sends no body, so there is nothing to drain.
    let waits = waits_for_continue(request.headers()) && !source.was_read();
    if !waits && (!answer.response.status().is_success() || matches!(answer.response.body(), Body::Whole(_))) {
        source.drain().await;
    }
    answer
}
