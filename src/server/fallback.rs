//! Responses for requests that no route accepts: 404, 405 with `Allow`, unreadable bodies, and the Functions host's JSON
//! envelope.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::str::FromStr;

use http::header::{ALLOW, HOST, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use url::Url;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, reject};

use crate::endpoints::not_configured;
use crate::server::paths::{self, ROUTES, Route};
use crate::server::request::Received;
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::is_loopback;
use crate::web::response::text;

/// 404 for `CONNECT`, which has no path.
pub fn connect() -> impl Filter<Extract = (Response,), Error = Rejection> + Copy {
    let is_connect = |method| ready(if method == Method::CONNECT { Ok(()) } else { Err(reject::not_found()) });
    let request = warp::method().and_then(is_connect).untuple_one().and(warp::header::headers_cloned());
    request.map(|headers: HeaderMap| Received::new(None, &headers).answer(not_found(None)))
}

/// The last filter: 500 for the JSON envelope, 405 and 404. If a route matched and rejected the request, [`rejected`] responds.
pub fn no_route() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let from_host =
        |headers: HeaderMap| ready(if is_from_host(&headers) { Ok(headers) } else { Err(reject::not_found()) });
    let envelope = warp::path!(Function).and(warp::post()).and(warp::header::headers_cloned().and_then(from_host));
    let envelope = envelope.map(|function: Function, headers: HeaderMap| {
        Received::new(Some(function.0), &headers).answer(envelope_received())
    });
    let rest = paths::find_route().and(warp::path::full()).and(warp::method()).and(warp::header::headers_cloned());
    let rest = rest.and_then(unmatched);
    envelope.or(rest).unify()
}

#[expect(clippy::needless_pass_by_value, reason = "warp hands values over")]
fn unmatched(
    route: Option<&'static Route>,
    path: FullPath,
    method: Method,
    headers: HeaderMap,
) -> Ready<Result<Response, Rejection>> {
    let received = || Received::new(route, &headers);
    ready(match route {
        None => Ok(received().answer(not_found(paths::suggested_path(path.as_str()).as_deref()))),
        Some(route) if !route.methods.contain(&method) => Ok(received().answer(wrong_method(route))),
        Some(_) => Err(reject::not_found()),
    })
}

/// Responds to a request that its own route rejected: the settings became right between the route's filter and the one that
/// says that they are wrong.
pub async fn rejected(_: Rejection) -> Result<Response, Infallible> {
    Ok(Received::new(None, &HeaderMap::new()).answer(not_configured::outage()))
}

/// Whether the Functions host itself made the request: it calls us by our own address. Without this check, anyone could raise the
/// alarm in the host's forward mode, which passes the caller's `Host` on, with a path such as `/gateway/..%5Ctoken-function`.
fn is_from_host(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.and_then(|host| Url::parse(&format!("http://{host}")).ok()).is_some_and(|url| is_loopback(&url))
}

/// A path that is the name of a function folder.
struct Function(&'static Route);

impl FromStr for Function {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        ROUTES.into_iter().find(|route| route.function == name).map(Self).ok_or(())
    }
}

/// 404, with the `right` path if the Functions host lets a wrong one through.
fn not_found(right: Option<&str>) -> Answer {
    let right = right.map(|right| format!(" The right path is {right}.")).unwrap_or_default();
    plain(StatusCode::NOT_FOUND, format!("There is nothing at this path.{right}"))
}

/// 405 with `Allow` (RFC 9110 §15.5.6).
fn wrong_method(route: &Route) -> Answer {
    let allowed: Vec<&str> = route.methods.listed().iter().map(Method::as_str).collect();
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "This path does not accept this method.".to_owned());
    answer.response.headers_mut().extend(HeaderValue::try_from(allowed.join(", ")).map(|allow| (ALLOW, allow)));
    answer
}

/// Logged and returned when the host calls in its JSON envelope mode.
const ENVELOPE: &str = "The Functions host sent its JSON envelope instead of the HTTP request. In host.json, set \
    customHandler.enableProxyingHttpRequest and customHandler.enableForwardingHttpRequest to true and redeploy; \
    every function.json needs exactly one httpTrigger and one http output binding.";

/// 500 for a host that supports neither mode flag and posts its JSON envelope to `/{function name}`.
fn envelope_received() -> Answer {
    let response = text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{ENVELOPE}\n"));
    Answer { response, record: AnswerRecord { alarm: Some(ENVELOPE), ..AnswerRecord::of("json_envelope_received") } }
}

/// A plain text, which the log line repeats.
fn plain(status: StatusCode, sentence: String) -> Answer {
    let response = text(status, &format!("{sentence}\n"));
    Answer { response, record: AnswerRecord { error_description: Some(sentence.into()), ..AnswerRecord::default() } }
}
