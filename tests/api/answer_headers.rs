//! Headers that the Functions host cannot carry never reach an answer, whatever DocuSign and CLM send. The upstream here is a
//! raw socket, because no HTTP library sends such headers.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sandbox::clm::ACCOUNT_ID;
use sandbox::digest;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::local::{LocalApp, client};

const API_KEY: &str = "a key for these tests";
const DOCUMENT: &str = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
const BODY: &str = "the content";
const DOWNLOAD: &str = "/workfront/v1/download?id=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";

/// The headers of DocuSign and CLM that reach the caller.
const PASSED: [&str; 17] = [
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Link",
    "Location",
    "Retry-After",
    "Vary",
    "X-RateLimit-Limit",
    "X-BurstLimit-Limit",
    "X-DocuSign-TraceToken",
    "X-SpringCM-Id",
];

/// What the upstream sends next.
#[derive(Clone, Default)]
struct Next {
    status: &'static str,
    head: Vec<u8>,
    document: String,
}

/// CLM with a document whose content has the headers in `next`.
async fn upstream(listener: TcpListener, next: Arc<Mutex<Next>>) {
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    while let Ok((mut stream, _)) = listener.accept().await {
        let request = head_of(&mut stream).await.to_ascii_lowercase();
        let (next, line) = (next.lock().unwrap().clone(), request.lines().next().unwrap_or_default().to_owned());
        let content = line.contains("/echo") || line.contains(DOCUMENT) && request.contains("accept: native");
        let answer = if content {
            let start = format!("HTTP/1.1 {}\r\nConnection: close\r\n", next.status);
            [start.as_bytes(), &next.head, b"\r\n", BODY.as_bytes()].concat()
        } else {
            let href = format!("{base}/v2/{ACCOUNT_ID}/documents/{DOCUMENT}");
            let body = if line.contains(DOCUMENT) {
                json!({"Name": next.document, "Href": href, "DownloadDocumentHref": href})
            } else {
                json!({"ApiBaseUrl": base, "ApiBaseUploadUrl": base, "ApiBaseDownloadUrl": base})
            };
            let body = body.to_string();
            let start = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
            format!("{start}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        };
        let _ = stream.write_all(&answer).await;
    }
}

async fn head_of(stream: &mut TcpStream) -> String {
    let (mut head, mut piece) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(length) if length > 0 => head.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An app with a gateway client and a Workfront client, in front of [`upstream`].
struct App {
    local: LocalApp,
    next: Arc<Mutex<Next>>,
    _upstream: tokio::task::JoinHandle<()>,
}

impl App {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let keyed = |client_id: &str, more: serde_json::Value| {
            let mut client = client(client_id, &more);
            client["api_key_sha256"] = json!([digest(&format!("{API_KEY} {client_id}"))]);
            client["client_secret_sha256"] = json!([]);
            client["grant_types"] = json!([]);
            client["redirect_uris"] = json!([]);
            client
        };
        let clients = json!([
            keyed("archive", json!({"gateway_allow": ["* /clm/"]})),
            keyed("documents", json!({"profile": "workfront"})),
        ]);
        let local =
            LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string()), ("DOCUSIGN_CLM_URL", base.as_str())]).await;
        let next = Arc::new(Mutex::new(Next::default()));
        Self { local, next: Arc::clone(&next), _upstream: tokio::spawn(upstream(listener, next)) }
    }

    /// The answer to a GET, as it is on the wire: head and body.
    async fn get(&self, client: &str, path: &str) -> (Vec<u8>, Vec<u8>) {
        let mut stream = TcpStream::connect(self.local.issuer.trim_start_matches("http://")).await.unwrap();
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        write!(request, "x-api-key: {API_KEY} {client}\r\nusername: robot@example.org\r\n\r\n").unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
        (answer[..end].to_vec(), answer[end + 4..].to_vec())
    }

    /// CLM's next answer is `status` with `head`, for a document named `document`.
    fn prepare(&self, status: &'static str, head: &[u8], document: &str) {
        *self.next.lock().unwrap() = Next { status, head: head.to_vec(), document: document.to_owned() };
    }

    /// The gateway and Workfront answer with headers that the host can carry, whatever has `value` in it.
    async fn assert_carried(&self, value: &[u8]) {
        let named = [b"Content-Disposition: attachment; filename=\"", value, b"\"\r\n"].concat();
        let all = PASSED.iter().flat_map(|name| [name.as_bytes(), b": ", value, b"\r\n"].concat()).collect();
        for (head, client, path) in [
            (&all, "archive", "/gateway/clm/echo"),
            (&named, "archive", "/gateway/clm/echo"),
            (&named, "documents", DOWNLOAD),
        ] {
            self.prepare("200 OK", head, &(String::from_utf8_lossy(value).into_owned() + ".pdf"));
            let (head, body) = self.get(client, path).await;
            assert_carried(&head, value);
            // An upstream's control characters make its answer unreadable; every other answer arrives.
            if value.iter().all(|b| *b >= 0x20 && *b != 0x7f) {
                let body = String::from_utf8_lossy(&body);
                assert!(head.starts_with(b"HTTP/1.1 200"), "{path}: {} {body}", String::from_utf8_lossy(&head));
                assert!(body.contains(BODY), "{path} {value:?}: {body}");
            }
        }
    }
}

/// All bytes are printable ASCII, there is at most one length, and the answer is our own.
#[track_caller]
fn assert_carried(head: &[u8], value: &[u8]) {
    let lines: Vec<&[u8]> = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    for line in &lines {
        assert!(line.iter().all(|b| (0x20..0x7f).contains(b)), "{value:?}: {text}");
    }
    assert!(text.matches("\r\ncontent-length:").count() <= 1, "{value:?}: {text}");
    assert_eq!(text.matches("\r\nx-request-id:").count(), 1, "{value:?}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_an_upstreams_header_makes_an_answer_that_the_host_cannot_carry() {
    let app = App::start().await;
    for byte in 0..=255_u8 {
        app.assert_carried(&[b'a', byte, b'b']).await;
    }
    let mut runner = TestRunner::deterministic();
    let values = prop::collection::vec(any::<u8>().prop_filter("readable", |b| *b >= 0x20 && *b != 0x7f), 1..40);
    for _ in 0..64 {
        app.assert_carried(&values.new_tree(&mut runner).unwrap().current()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_an_umlaut_in_its_name_can_be_downloaded() {
    let app = App::start().await;
    let expected =
        "content-disposition: attachment; filename=\"vertr_ge.pdf\"; filename*=utf-8''vertr%c3%a4ge%2epdf\r\n";
    for name in ["Vertr\u{e4}ge.pdf".as_bytes(), b"Vertr\xe4ge.pdf"] {
        let head = [b"Content-Disposition: attachment; filename=\"", name, b"\"\r\n"].concat();
        app.prepare("200 OK", &head, "Verträge.pdf");
        for (client, path) in [("archive", "/gateway/clm/echo"), ("documents", DOWNLOAD)] {
            let (head, body) = app.get(client, path).await;
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase() + "\r\n";
            assert!(head.contains(expected) && String::from_utf8_lossy(&body).contains(BODY), "{head}");
        }
    }
}

/// Without a head, the host would send the request again, up to forty times.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_arrives_however_early_the_body_breaks_off() {
    let app = App::start().await;
    // The content is no chunk, and shorter than this.
    for head in ["Transfer-Encoding: chunked\r\n", "Content-Length: 12\r\n"] {
        app.prepare("200 OK", head.as_bytes(), "a.pdf");
        for (client, path) in [("archive", "/gateway/clm/echo"), ("documents", DOWNLOAD)] {
            let (head, body) = app.get(client, path).await;
            assert_carried(&head, path.as_bytes());
            assert!(head.starts_with(b"HTTP/1.1 200") && !body.ends_with(b"0\r\n\r\n"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_where_there_is_no_body_or_a_second_one_is_not_passed_on() {
    let app = App::start().await;
    let twice = format!("Content-Length: {0}\r\nContent-Length: {0}\r\n", BODY.len());
    for (status, head, length) in [
        ("200 OK", twice.as_str(), Some(BODY.len())),
        ("204 No Content", "Content-Length: 11\r\n", None),
        ("204 No Content", &twice, None),
        ("304 Not Modified", "Content-Length: 11\r\n", Some(11)),
    ] {
        app.prepare(status, head.as_bytes(), "a.pdf");
        let (head, _) = app.get("archive", "/gateway/clm/echo").await;
        assert_carried(&head, status.as_bytes());
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {}", status.to_ascii_lowercase())), "{head}");
        let found = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        assert_eq!(found, length, "{status}: {head}");
    }
}
