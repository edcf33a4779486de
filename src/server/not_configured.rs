//! Every route except `/` while the settings are wrong.

use std::future::ready;
use std::sync::Arc;

use http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, reject};

use crate::endpoints::not_configured::{self, NotConfigured};
use crate::server::Serving;
use crate::server::paths::{self, Route};
use crate::server::request::{Received, body};
use crate::telemetry::Answer;
use crate::types::own_paths;
use crate::web::body::{BodySource, waits_for_continue};

/// Answers every request until `serving` is open.
pub fn all(serving: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let serving = serving.clone();
    let reasons = move || ready(serving.reasons().ok_or_else(reject::not_found));
    let request = paths::find_route().and_then(not_root).and(warp::method()).and(warp::path::full());
    let request = request.and(warp::header::headers_cloned()).and(body());
    warp::any().and_then(reasons).and(request).then(answer)
}

/// The host's probe has to get a 200, or the host would start the process again and again.
fn not_root(route: Option<&'static Route>) -> impl Future<Output = Result<Option<&'static Route>, Rejection>> {
    ready(if route == Some(&paths::ROOT) { Err(reject::not_found()) } else { Ok(route) })
}

async fn answer(
    reasons: Arc<NotConfigured>,
    route: Option<&'static Route>,
    method: Method,
    path: FullPath,
    headers: HeaderMap,
    body: BodySource,
) -> Response {
    let received = Received::new(route, &headers);
    // A client that waits for `100 Continue` sends no body, so there is nothing to drain.
    if !waits_for_continue(&headers) {
        body.drain().await;
    }
    let answering =
        async { not_configured::waiting(of_route(&reasons, route, &method, path.as_str(), &headers, received.id())) };
    received.answer_with(answering).await
}

fn of_route(
    reasons: &NotConfigured,
    route: Option<&'static Route>,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    request_id: &str,
) -> Answer {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let setup = route.filter(|route| **route == paths::SETUP);
    if let Some(refusal) = setup.and_then(|_| reasons.refuse_setup(headers, request_id)) {
        return refusal;
    }
    match route {
        Some(route) if *route == paths::SETUP && reads => reasons.setup(headers),
        Some(route) if *route == paths::HEALTH => not_configured::health(),
        Some(route) if *route == paths::AUTHORIZE || *route == paths::CONSENT => not_configured::page(request_id),
        Some(route) if *route == paths::WORKFRONT && path == own_paths::OPEN => not_configured::page(request_id),
        Some(route) if *route == paths::WORKFRONT => not_configured::workfront(),
        _ => not_configured::outage(),
    }
}
