//! A simple HTTP client for tests, without redirects and cookies.

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use url::form_urlencoded;

use crate::bulk::{Digest, Summary};
use crate::server::Body;

/// Downloads up to this size, in bytes, are kept.
const MAX_KEPT_BYTES: u64 = 1 << 20;

/// A complete response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The placeholder for a missing response, with status 599.
    #[must_use]
    pub fn missing(url: &str) -> Self {
        Self {
            status: StatusCode::from_u16(599).expect("a status"),
            headers: HeaderMap::new(),
            body: Bytes::from(format!("no response from {url}")),
        }
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A response with a streamed body, which is kept only if it is small.
#[derive(Clone, Debug)]
pub struct Download {
    /// Status and headers; the body is empty if it is large.
    pub answer: Answer,
    /// Length and digest of the received bytes.
    pub content: Summary,
    /// Whether the body was complete.
    pub complete: bool,
}

impl Download {
    /// The placeholder for a missing response.
    #[must_use]
    pub fn missing(url: &str) -> Self {
        Self { answer: Answer::missing(url), content: Summary::of(&[]), complete: false }
    }
}

/// A client with its own connection pool.
#[derive(Clone, Debug)]
pub struct HttpClient(Client<HttpConnector, Body>);

impl Default for HttpClient {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

impl HttpClient {
    /// Sends a request; `None` if there is no response.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Option<Answer> {
        let (head, body) = self.exchange(request.map(|body| body.map_err(|never| match never {}).boxed())).await?;
        let body = body.collect().await.ok()?.to_bytes();
        Some(Answer { status: head.status, headers: head.headers, body })
    }

    /// Sends a request and streams the response body; `None` if there is no response.
    pub async fn stream(&self, request: Request<Body>) -> Option<Download> {
        let (head, mut body) = self.exchange(request).await?;
        let (mut digest, mut kept, mut complete) = (Digest::default(), Vec::new(), true);
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                complete = false;
                break;
            };
            let Ok(bytes) = frame.into_data() else { continue };
            digest.update(&bytes);
            match digest.length() {
                ..=MAX_KEPT_BYTES => kept.extend_from_slice(&bytes),
                _ => kept = Vec::new(),
            }
        }
        let answer = Answer { status: head.status, headers: head.headers, body: Bytes::from(kept) };
        Some(Download { answer, content: digest.finish(), complete })
    }

    async fn exchange(&self, request: Request<Body>) -> Option<(Parts, Incoming)> {
        Some(self.0.request(request).await.ok()?.into_parts())
    }

    /// `GET`.
    pub async fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, &[], "").await
    }

    /// Posts a form.
    pub async fn post_form(&self, url: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.call(Method::POST, url, &all, &form).await
    }

    /// A request with any method, headers and body. A missing response has status 599, so that comparisons fail.
    pub async fn call(&self, method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match request.body(Full::new(Bytes::from(body.to_owned()))) {
            Ok(request) => self.send(request).await,
            Err(_) => None,
        };
        answer.unwrap_or_else(|| Answer::missing(url))
    }
}
