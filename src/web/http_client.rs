//! The HTTP client for all calls to others, with time-outs, without redirects, over rustls.

use std::time::Duration;

use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tracing::Span;

use crate::web::obstacle::Obstacle;
use crate::web::upstream::{MAX_ERROR_BYTES, UpstreamAnswer};

/// The default time-out of a request. It is also the time-out of each attempt at Key Vault.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// Connections that were idle this long are not reused. Load balancers commonly close them after 60 s or more.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// A [`reqwest::Client`] that is built at first use, on its own thread. Reading the machine's CA certificates takes
/// milliseconds, which would delay the start and other requests.
#[derive(Debug)]
pub struct HttpClient {
    client: OnceCell<reqwest::Client>,
    traceparent: Traceparent,
}

/// The `traceparent` header for a call on behalf of the current request, if there is one.
type Traceparent = fn() -> Option<HeaderValue>;

/// The header of W3C Trace Context that identifies the trace of a call.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

impl HttpClient {
    /// A client whose requests carry the `traceparent` header.
    #[must_use]
    pub const fn new(traceparent: Traceparent) -> Self {
        Self { client: OnceCell::const_new(), traceparent }
    }

    /// A request that belongs to the current trace.
    pub async fn request(&self, method: Method, url: impl reqwest::IntoUrl) -> reqwest::RequestBuilder {
        let request = self.get().await.request(method, url);
        match self.traceparent() {
            Some(traceparent) => request.header(TRACEPARENT, traceparent),
            None => request,
        }
    }

    /// The header for a request that is not made by [`HttpClient::request`].
    pub fn traceparent(&self) -> Option<HeaderValue> {
        (self.traceparent)()
    }

    /// The client itself, for a library that makes its own requests. Built at first use.
    pub async fn get(&self) -> &reqwest::Client {
        let build_elsewhere = || async {
            let span = Span::current();
            spawn_blocking(move || span.in_scope(build)).await.unwrap_or_else(|_| build())
        };
        self.client.get_or_init(build_elsewhere).await
    }
}

/// The header `name` of an answer, if it is text.
#[must_use]
pub fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

/// What an unexpected answer says, and which host sent it. Does without the rest of a body that is lost.
pub async fn read_answer(mut response: reqwest::Response) -> UpstreamAnswer {
    let (body, _) = read_beginning(&mut response, MAX_ERROR_BYTES).await;
    let answer = UpstreamAnswer::read(response.status().as_u16(), |name| header(response.headers(), name), &body);
    answer.from(response.url().host_str().unwrap_or_default())
}

/// The body of `response`; `None` if it has more than `limit` bytes.
///
/// # Errors
/// The HTTP client's, if the body is incomplete or too slow.
pub async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let (body, end) = read_beginning(&mut response, limit + 1).await;
    end.map(|()| Some(body).filter(|body| body.len() <= limit))
}

/// The body of `response` up to its end, to the chunk in which `enough` bytes are reached, or to an error.
pub async fn read_beginning(response: &mut reqwest::Response, enough: usize) -> (Vec<u8>, Result<(), reqwest::Error>) {
    let mut body = Vec::new();
    while body.len() < enough {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return (body, Err(error)),
        }
    }
    (body, Ok(()))
}

/// Why there is no answer; `None` if it took too long.
#[must_use]
pub fn obstacle_of(error: &reqwest::Error) -> Option<Obstacle> {
    match Obstacle::of(error) {
        Obstacle::Other(_) if error.is_timeout() => None,
        obstacle => Some(obstacle),
    }
}

#[expect(clippy::expect_used, reason = "a client with other limits would be worse than none")]
fn build() -> reqwest::Client {
    let builder = || {
        reqwest::Client::builder()
            .timeout(DEFAULT_TIMEOUT)
            .connect_timeout(DEFAULT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .user_agent(concat!("evergrant/", env!("CARGO_PKG_VERSION")))
    };
    builder().build().unwrap_or_else(|_| {
        // A machine without CA certificates can still reach loopback over http; only https fails.
        tracing::warn!(
            event = "no_ca_certificates",
            "no CA certificates found: every https call will fail; set SSL_CERT_FILE"
        );
        builder().tls_certs_only([]).build().expect("a client without certificates depends on nothing")
    })
}
