//! The path table: a request of the HTTP server in, an answer out.
//!
//! One table says which path and methods each function folder has. A request is matched here, its body read if its
//! endpoint wants one, answered by its slice, given an `x-request-id` and logged with one line.

mod body;
pub mod connections;
mod plain;
mod table;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;

use crate::clock::Stopwatch;
use crate::endpoints::authorize::AuthorizeEndpoint;
use crate::endpoints::consent::ConsentCallback;
use crate::endpoints::gateway::Gateway;
use crate::endpoints::metadata::MetadataEndpoint;
use crate::endpoints::revoke::RevokeEndpoint;
use crate::endpoints::setup::SetupEndpoint;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::workfront::Workfront;
use crate::random::from_stock;
use crate::secret::hex;
use crate::telemetry::{self, Answer};
use crate::web::body::{Body, Source, StreamError, Upload, Watched};
use table::{Endpoint, Found, find};
pub use table::{ROUTES, Route};

const INVOCATION_ID: HeaderName = HeaderName::from_static("x-azure-functions-invocationid");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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

impl Endpoints {
    /// Answers a request and logs it.
    pub async fn answer(&self, request: Request<Incoming>) -> http::Response<Body> {
        let watch = Stopwatch::start();
        let request_id = hex(&from_stock::<16>());
        let invocation_id = invocation_id(request.headers());
        let (route, mut answer) = match find(request.method(), request.uri().path()) {
            Found::Route(route) => (route.path, self.call(route.endpoint, request, &request_id).await),
            Found::WrongMethod(route) => (route.path, plain::wrong_method(route.methods).into()),
            Found::Envelope(route) => (route.path, plain::envelope().into()),
            Found::Nothing => ("", plain::not_found().into()),
        };
        telemetry::log(&answer, route, &request_id, invocation_id.as_deref(), watch);
        if let Ok(value) = HeaderValue::try_from(request_id) {
            answer.response.headers_mut().insert(X_REQUEST_ID, value);
        }
        answer.response
    }

    /// All but the token endpoint are boxed, because the state of a request is moved with it several times, and theirs takes
    /// up many times as much.
    async fn call(&self, endpoint: Endpoint, mut request: Request<Incoming>, request_id: &str) -> Answer<Body> {
        let answer = match endpoint {
            Endpoint::Gateway => {
                let (head, source, upload) = upload(request);
                return Box::pin(drain_on_error(self.gateway.handle(&head, upload, request_id), source)).await;
            }
            Endpoint::Workfront => {
                let (head, source, upload) = upload(request);
                return Box::pin(drain_on_error(self.workfront.handle(&head, upload), source)).await;
            }
            Endpoint::Token => match body::read(request.body_mut()).await {
                Ok(body) => self.token.handle(&request.map(|_| body)).await,
                Err(fault) => fault.answer(),
            },
            Endpoint::Revoke => match body::read(request.body_mut()).await {
                Ok(body) => Box::pin(self.revoke.handle(&request.map(|_| body))).await,
                Err(fault) => fault.answer(),
            },
            Endpoint::Authorize => Box::pin(self.authorize.handle(&request.map(|_| Bytes::new()))).await,
            Endpoint::Metadata => self.metadata.answer(),
            Endpoint::Consent => Box::pin(self.consent.handle(&request.map(|_| Bytes::new()))).await,
            Endpoint::Setup => Box::pin(self.setup.handle(&request.map(|_| Bytes::new()))).await,
            Endpoint::Health => plain::health(),
            Endpoint::Root => plain::root(),
        };
        answer.into()
    }
}

/// A request whose body passes through, taken apart.
fn upload(request: Request<Incoming>) -> (Request<()>, Source, Upload) {
    let (head, body) = request.into_parts();
    let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let source = Source::new(BodyDataStream::new(body).map_err(|_| StreamError::BrokenOff));
    let upload = Upload { chunks: Box::pin(Watched::new(source.clone())), length };
    (Request::from_parts(head, ()), source, upload)
}

/// An answer that the sender of a body gets to hear. One whose own body passes through may be given while the request's does.
async fn drain_on_error(answering: impl Future<Output = Answer<Body>>, source: Source) -> Answer<Body> {
    let answer = answering.await;
    if !answer.response.status().is_success() || matches!(answer.response.body(), Body::Whole(_)) {
        source.drain().await;
    }
    answer
}

/// The host's own id of this invocation, for finding its log lines beside ours. In forward mode a caller can add to the
/// header, so only a single well-formed id is believed.
fn invocation_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(INVOCATION_ID).iter();
    let value = values.next()?.to_str().ok()?;
    let well_formed = (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (well_formed && values.next().is_none()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of what `call` returns, which is not called.
    const fn size_of_future<A, B, F: Future>(_call: &impl Fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    /// It is moved several times with each request: one large branch that nobody takes would be felt by all.
    #[test]
    fn the_state_of_a_request_is_small() {
        let size = size_of_future(&Endpoints::answer);
        assert!(size <= 4096, "{size} bytes");
    }
}
