//! The HTTP client for all calls to others, with time-outs, without redirects, over rustls.

use std::time::Duration;

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tracing::Span;

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
pub const TRACEPARENT: &str = "traceparent";

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

/// What an unexpected answer says. Reads only the beginning of its body, and does without if that is lost.
pub async fn read_answer(mut response: reqwest::Response) -> UpstreamAnswer {
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while body.len() < MAX_ERROR_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    UpstreamAnswer::read(status, |name| header(&headers, name), &body)
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
