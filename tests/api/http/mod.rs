//! HTTP itself, over a plain socket to the server: methods and paths, framing of bodies, limits, and connections.

mod bodies;
mod connections;
mod framing;
mod methods;
mod targets;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::local::LocalApp;

pub const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// A response as it was on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    pub status: u16,
    /// By name in lower case. A repeated header is joined with commas.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Wire {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }
}

pub async fn connect(app: &LocalApp) -> TcpStream {
    TcpStream::connect(app.issuer.trim_start_matches("http://")).await.unwrap()
}

/// Sends these bytes on a connection of their own and reads responses to requests with these methods until it is closed.
pub async fn exchange(app: &LocalApp, bytes: impl AsRef<[u8]>, methods: &[&str]) -> Vec<Wire> {
    let mut stream = connect(app).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    read_to_end(&mut stream, methods).await
}

/// One request with `connection: close`, and its response.
pub async fn ask(app: &LocalApp, method: &str, target: &str, headers: &[&str], body: &str) -> Wire {
    let lines = headers.iter().map(|line| format!("{line}\r\n")).collect::<Vec<_>>().concat();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let request =
        format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}{length}\r\n{body}");
    let mut responses = exchange(app, request, &[method]).await;
    assert_eq!(responses.len(), 1, "{method} {target}: {responses:?}");
    responses.remove(0)
}

/// Reads until the server closes the connection, which it has to do within a time limit.
pub async fn read_to_end(stream: &mut TcpStream, methods: &[&str]) -> Vec<Wire> {
    let mut bytes = Vec::new();
    let reading = timeout(Duration::from_secs(60), stream.read_to_end(&mut bytes));
    // A connection may be reset after the last response.
    let _ = reading.await.expect("the server closes the connection");
    responses(&bytes, methods)
}

/// The next response on a connection that stays open.
pub async fn next(stream: &mut TcpStream, method: &str) -> Wire {
    let mut bytes = Vec::new();
    loop {
        if let Some((wire, used)) = parse(&bytes, method) {
            assert_eq!(used, bytes.len(), "nothing follows the response");
            return wire;
        }
        let mut piece = [0; 4096];
        let read = timeout(Duration::from_secs(60), stream.read(&mut piece)).await.expect("a response").unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..read]);
    }
}

/// The complete responses in `bytes`, in order. A response without a known request is to a GET.
fn responses(bytes: &[u8], methods: &[&str]) -> Vec<Wire> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let Some((wire, used)) = parse(rest, methods.get(found.len()).unwrap_or(&"GET")) {
        found.push(wire);
        rest = &rest[used..];
    }
    assert!(rest.is_empty(), "after {} responses: {:?}", found.len(), String::from_utf8_lossy(rest));
    found
}

/// The response at the beginning of `bytes` and its length; `None` if it is not complete.
fn parse(bytes: &[u8], method: &str) -> Option<(Wire, usize)> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).expect("ASCII");
    let mut lines = head.trim_end().split("\r\n");
    let status =
        lines.next()?.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok()).expect("a status line");
    let mut wire = Wire { status, ..Wire::default() };
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no header"))) {
        let known = wire.headers.entry(name.to_ascii_lowercase()).or_default();
        *known = if known.is_empty() { value.to_owned() } else { format!("{known}, {value}") };
    }
    let has_body = method != "HEAD" && status >= 200 && status != 204 && status != 304;
    let (body, used) = match wire.header("content-length").parse::<usize>() {
        _ if !has_body => (Vec::new(), 0),
        Ok(length) => (bytes.get(end..end + length)?.to_vec(), length),
        Err(_) if wire.header("transfer-encoding") == "chunked" => chunked(&bytes[end..])?,
        Err(_) => (Vec::new(), 0),
    };
    wire.body = String::from_utf8_lossy(&body).into_owned();
    Some((wire, end + used))
}

fn chunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = bytes[at..].windows(2).position(|part| part == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?, 16).expect("a chunk size");
        at += line + 2;
        body.extend_from_slice(bytes.get(at..at + size)?);
        at += size + 2;
        if size == 0 {
            return (bytes.len() >= at).then_some((body, at));
        }
    }
}

/// A form of exactly `size` bytes, which names no known client.
pub fn form_of(size: usize) -> String {
    // One client with many failures would have to wait.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let start = format!("grant_type=client_credentials&client_id=unknown-{number}&client_secret=x&padding=");
    format!("{start}{}", "x".repeat(size - start.len()))
}
