//! Responses for probes.

use http::{HeaderMap, StatusCode};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::server::paths;
use crate::server::request::{Received, received};
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::response::{json, text};

#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// `GET /healthz`: the process is up. It does not check DocuSign or Key Vault; the setup page does.
pub fn healthz() -> impl Filter<Extract = (Response,), Error = Rejection> + Copy {
    paths::health().and(warp::get()).and(received(&paths::HEALTH)).map(|received: Received, _: HeaderMap| {
        let body = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
        received.answer(Answer { response: json(StatusCode::OK, &body), record: AnswerRecord::default() })
    })
}

/// `GET /`: for the host's readiness probe, and for people who open the bare URL.
pub fn root() -> impl Filter<Extract = (Response,), Error = Rejection> + Copy {
    warp::path::end().and(warp::get()).and(received(&paths::ROOT)).map(|received: Received, _: HeaderMap| {
        let response = text(StatusCode::OK, "Evergrant is running.\n");
        received.answer(Answer { response, record: AnswerRecord::default() })
    })
}
