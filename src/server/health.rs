//! Responses for probes.

use http::{HeaderMap, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::endpoints::home;
use crate::server::paths;
use crate::server::request::{Received, method_of, received};
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::response::json;

#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// `GET /healthz`: the process is up. It does not check DocuSign or Key Vault; the setup page does.
pub fn healthz() -> impl Filter<Extract = (Response,), Error = Rejection> + Copy {
    let request = paths::health().and(method_of(&paths::HEALTH)).and(received(&paths::HEALTH));
    request.then(async |received: Received, _: HeaderMap| {
        let body = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
        let answer = Answer { response: json(StatusCode::OK, &body), record: AnswerRecord::default() };
        received.answer_with(async { answer }).await
    })
}

/// `GET /`: for the host's readiness probe, and for people who open the app's address.
pub fn root() -> impl Filter<Extract = (Response,), Error = Rejection> + Copy {
    let request = warp::path::end().and(method_of(&paths::ROOT)).and(received(&paths::ROOT));
    request.then(async |received: Received, headers: HeaderMap| {
        received.answer_with(async { home::answer(&headers, received.id()) }).await
    })
}
