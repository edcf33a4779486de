//! A Blob container in memory, behind TLS, that can answer as a proxy or a broken account does. [`storage`](crate::storage) is
//! the real Azurite, which cannot.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::Incoming;
use tokio_rustls::TlsAcceptor;

use crate::server::{self, Body, Cut, Reply, Server, reply};

/// A wrong answer to each request, or what else happens to it.
#[derive(Clone, Debug)]
pub enum Lie {
    /// This answer: status, headers and body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The container's own answer without the headers of Azure Storage.
    WithoutHeaders,
    /// The container's own answer to a write, with the status 200 instead of 201.
    WrongSuccess,
    /// The connection is closed.
    Cut,
    /// No answer.
    Silence,
}

/// The container.
#[derive(Debug, Default)]
pub struct Blobs {
    lie: Mutex<Option<Lie>>,
    records: Mutex<HashMap<String, (String, u64)>>,
    writes: AtomicU64,
    reads: AtomicU64,
    unchanged: AtomicU64,
}

impl Blobs {
    /// An empty container.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Starts serving.
    pub async fn start(self: &Arc<Self>, tls: TlsAcceptor) -> Server {
        let this = Arc::clone(self);
        Server::start_tls(tls, move |request| Arc::clone(&this).answer(request)).await
    }

    /// Answers with `lie` from now on; `None` ends it.
    pub fn lie(&self, lie: Option<Lie>) {
        *lock(&self.lie) = lie;
    }

    /// Writes the blob at `path`, as another program does; `None` deletes it.
    pub fn put(&self, path: &str, content: Option<&str>) {
        let version = self.writes.fetch_add(1, Ordering::SeqCst);
        let mut records = lock(&self.records);
        match content {
            Some(content) => drop(records.insert(path.to_owned(), (content.to_owned(), version))),
            None => drop(records.remove(path)),
        }
    }

    /// The content of the blob at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<String> {
        lock(&self.records).get(path).map(|(content, _)| content.clone())
    }

    /// How often a blob was asked for, and how often the caller's version was still the present one.
    #[must_use]
    pub fn reads(&self) -> (u64, u64) {
        (self.reads.load(Ordering::SeqCst), self.unchanged.load(Ordering::SeqCst))
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let lie = lock(&self.lie).clone();
        match lie {
            Some(Lie::Cut) => Err(Cut),
            Some(Lie::Silence) => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Err(Cut)
            }
            Some(Lie::Answer(status, headers, body)) => {
                let mut answer = reply(status, "text/html", body);
                for (name, value) in headers {
                    answer.headers_mut().insert(name, value.parse().expect("a header"));
                }
                Ok(answer)
            }
            Some(Lie::WithoutHeaders) => {
                let mut answer = self.own_answer(request).await;
                let names: Vec<_> = answer.headers().keys().cloned().collect();
                for name in names.iter().filter(|name| name.as_str().starts_with("x-ms-")) {
                    answer.headers_mut().remove(name);
                }
                Ok(answer)
            }
            Some(Lie::WrongSuccess) => {
                let mut answer = self.own_answer(request).await;
                if answer.status() == 201 {
                    *answer.status_mut() = http::StatusCode::OK;
                }
                Ok(answer)
            }
            None => Ok(self.own_answer(request).await),
        }
    }

    async fn own_answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let name = head.uri.path().replace("%2F", "/");
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let content = String::from_utf8_lossy(&server::read(body).await).into_owned();
        let records = &mut *lock(&self.records);
        let there = records.get(&name).cloned();
        match (head.method, there) {
            (Method::PUT, there)
                if !holds(there.as_ref(), header("if-match").as_ref(), header("if-none-match").as_ref()) =>
            {
                if there.is_some() && header("if-none-match").is_some() {
                    refused(409, "BlobAlreadyExists")
                } else {
                    refused(412, "ConditionNotMet")
                }
            }
            (Method::PUT, _) => {
                let version = self.writes.fetch_add(1, Ordering::SeqCst);
                records.insert(name, (content, version));
                own(reply(201, "application/xml", ""), version)
            }
            (Method::GET, Some((_, version))) if header("if-none-match") == Some(format!("\"{version}\"")) => {
                self.reads.fetch_add(1, Ordering::SeqCst);
                self.unchanged.fetch_add(1, Ordering::SeqCst);
                own(reply(304, "application/xml", ""), version)
            }
            (Method::GET, Some((content, version))) => {
                self.reads.fetch_add(1, Ordering::SeqCst);
                let mut answer = own(reply(200, "application/octet-stream", content), version);
                answer.headers_mut().insert("x-ms-blob-type", "BlockBlob".parse().expect("a header"));
                answer
            }
            (Method::GET, None) => refused(404, "BlobNotFound"),
            _ => refused(405, "UnsupportedHttpVerb"),
        }
    }
}

fn holds(there: Option<&(String, u64)>, if_match: Option<&String>, if_none_match: Option<&String>) -> bool {
    let is_same = |etag: &String| there.is_some_and(|(_, version)| *etag == format!("\"{version}\""));
    if_match.is_none_or(is_same) && (if_none_match.is_none() || there.is_none())
}

/// The headers of Azure Storage.
#[must_use]
pub fn own_headers() -> Vec<(&'static str, String)> {
    vec![
        ("x-ms-request-id", "5d2c1f6e-0000-4000-8000-7a8b9c0d1e2f".to_owned()),
        ("x-ms-version", "2025-11-05".to_owned()),
    ]
}

fn own(mut answer: Response<Body>, version: u64) -> Response<Body> {
    for (name, value) in own_headers() {
        answer.headers_mut().insert(name, value.parse().expect("a header"));
    }
    answer.headers_mut().insert("etag", format!("\"{version}\"").parse().expect("a header"));
    answer.headers_mut().insert("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT".parse().expect("a header"));
    answer
}

fn refused(status: u16, code: &str) -> Response<Body> {
    let xml = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>");
    let mut answer = own(reply(status, "application/xml", xml), 0);
    answer.headers_mut().insert("x-ms-error-code", code.parse().expect("a header"));
    answer
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic while held")
}
