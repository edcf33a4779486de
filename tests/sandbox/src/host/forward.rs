//! The host's three modes to call the handler, and their changes to requests.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use url::form_urlencoded;

use crate::server::{self, Body, Reply, reply};

const HOST_VERSION: &str = "4.1048.0";
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-azure-functions-hostversion");
const INVOCATION_HEADER: HeaderName = HeaderName::from_static("x-azure-functions-invocationid");

/// Calls the handler.
pub(super) struct Forwarder {
    client: Client<HttpConnector, Body>,
    invocations: AtomicU32,
}

impl Default for Forwarder {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), invocations: AtomicU32::new(0) }
    }
}

impl Forwarder {
    fn invocation_id(&self) -> HeaderValue {
        let number = self.invocations.fetch_add(1, Ordering::SeqCst);
        HeaderValue::from_str(&format!("00000000-0000-4000-8000-{number:012x}")).expect("a header")
    }

    /// Proxying: the target unchanged, both bodies streamed, and the host's headers replace the caller's.
    pub(super) async fn proxy(&self, request: Request<Incoming>, port: u16) -> Reply {
        let (mut head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        head.uri = format!("http://127.0.0.1:{port}{target}").parse().expect("a URI");
        if let Some(host) = head.headers.remove(HOST) {
            head.headers.insert("x-forwarded-host", host);
        }
        head.headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
        head.headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        head.headers.insert(VERSION_HEADER, HeaderValue::from_static(HOST_VERSION));
        head.headers.insert(INVOCATION_HEADER, self.invocation_id());
        until_it_listens(port).await;
        let answer = self.client.request(Request::from_parts(head, server::passed_on(body))).await;
        Ok(answer.map_or_else(|_| reply(502, "text/plain", ""), |response| response.map(server::passed_on)))
    }

    /// Forwarding: the query is re-encoded with repeated parameters joined by commas, the body is copied only with a
    /// `Content-Length`, the host's headers are added to the caller's, and the response is buffered.
    pub(super) async fn forward(&self, request: Request<Incoming>, port: u16) -> Reply {
        let (mut head, body) = request.into_parts();
        let has_length = head.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        let body = if has_length { server::read(body).await } else { Bytes::new() };
        let query = rebuilt_query(head.uri.query().unwrap_or_default());
        head.uri = format!("http://127.0.0.1:{port}{}{query}", head.uri.path()).parse().expect("a URI");
        head.headers.remove(TRANSFER_ENCODING);
        head.headers.append(VERSION_HEADER, HeaderValue::from_static(HOST_VERSION));
        head.headers.append(INVOCATION_HEADER, self.invocation_id());
        head.headers.append(USER_AGENT, HeaderValue::from_static("Azure-Functions-Host/4.1048.0"));
        let answer = self.client.request(Request::from_parts(head, server::body(body))).await;
        let Ok(answer) = answer else { return Ok(reply(500, "text/plain", "")) };
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(head, server::body(server::read(body).await)))
    }

    /// The envelope: the request as JSON to `/<function>`; every status except 2xx is a failed invocation.
    pub(super) async fn envelope(&self, request: Request<Incoming>, port: u16, function: &str) -> Reply {
        let (head, body) = request.into_parts();
        let has_length = head.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        let body = if has_length { server::read(body).await } else { Bytes::new() };
        let query: Map<String, Value> = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect();
        let envelope = json!({
            "Data": {"req": {
                "Url": head.uri.to_string(), "Method": head.method.as_str(), "Query": query,
                "Headers": header_lists(&head.headers), "Params": {}, "Identities": [],
                "Body": String::from_utf8_lossy(&body),
            }},
            "Metadata": {"sys": {"MethodName": function}},
        });
        let request = Request::post(format!("http://127.0.0.1:{port}/{function}"))
            .header("content-type", "application/json")
            .body(server::body(envelope.to_string()))
            .expect("a request");
        let Ok(answer) = self.client.request(request).await else { return Ok(reply(500, "text/plain", "")) };
        let is_json =
            answer.headers().get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if !answer.status().is_success() || !is_json {
            return Ok(reply(500, "text/plain", ""));
        }
        let text = server::read(answer.into_body()).await;
        Ok(unwrapped(&serde_json::from_slice(&text).unwrap_or_default()))
    }
}

/// The HTTP output of an envelope: `Outputs.res` with status, headers and body.
fn unwrapped(value: &Value) -> Response<Body> {
    let output = &value["Outputs"]["res"];
    let status = &output["statusCode"];
    let status = status.as_u64().map_or_else(|| status.as_str().unwrap_or("200").to_owned(), |code| code.to_string());
    let mut response =
        reply(status.parse().unwrap_or(500), "text/plain", output["body"].as_str().unwrap_or_default().to_owned());
    for (name, value) in output["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.as_str().unwrap_or_default().parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Like the host's proxy, tries up to ten times if the handler does not listen, 50 ms to 250 ms apart.
async fn until_it_listens(port: u16) {
    for tries in 1..=10 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250.min(50 * tries))).await;
    }
}

fn rebuilt_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = format!("{known},{value}"),
            None => pairs.push((name.into_owned(), value.into_owned())),
        }
    }
    if pairs.is_empty() {
        return String::new();
    }
    format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn header_lists(headers: &HeaderMap) -> Map<String, Value> {
    let mut lists = Map::new();
    for (name, value) in headers {
        let list = lists.entry(name.as_str()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!(value.to_str().unwrap_or_default()));
        }
    }
    lists
}
