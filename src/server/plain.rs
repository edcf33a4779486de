//! Answers that no slice gives: health, readiness, and what is no route. Pure.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, StatusCode};

use crate::server::table::COMMON_METHODS;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::response::{Response, json};

#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// The process lives and listens. Whether DocuSign and Key Vault play along is told by a token request.
pub fn health() -> Answer {
    let body = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    plain(json(StatusCode::OK, &body))
}

/// The host's readiness probe and whoever opens the bare URL.
pub fn root() -> Answer {
    plain(text(StatusCode::OK, "Evergrant is running.\n"))
}

/// 404.
pub fn not_found() -> Answer {
    plain(text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"))
}

/// 405 with `Allow` (RFC 9110 §15.5.6).
pub fn wrong_method(methods: &[Method]) -> Answer {
    let methods = if methods.is_empty() { &COMMON_METHODS } else { methods };
    let allowed: Vec<&str> = methods.iter().map(Method::as_str).collect();
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

/// 500 for a host in its JSON envelope mode.
pub fn envelope() -> Answer {
    let response = text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{ENVELOPE}\n"));
    Answer { response, record: AnswerRecord { alarm: Some(ENVELOPE), ..AnswerRecord::of("json_envelope_received") } }
}

fn plain(response: Response) -> Answer {
    Answer { response, record: AnswerRecord::default() }
}

fn text(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
