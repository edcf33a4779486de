//! Where a request ends (RFC 9112 §6): what could be read in two ways is refused, and no request hides in the body of another.

use super::{FORM, ask, exchange};
use crate::local::LocalApp;

/// A request that would be answered with 200 if it were taken for one.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Requests with two readings. Each is followed by [`HIDDEN`], inside what one of the readings takes for the body.
const AMBIGUOUS: [(&str, &str); 10] = [
    ("content-length: 0\r\ncontent-length: 38", HIDDEN),
    ("content-length: 38\r\ncontent-length: 0", HIDDEN),
    ("content-length: 38, 0", HIDDEN),
    ("content-length: +38", HIDDEN),
    ("content-length: -1", HIDDEN),
    ("content-length: 0x26", HIDDEN),
    ("content-length: 99999999999999999999", HIDDEN),
    ("content-length : 38", HIDDEN),
    ("transfer-encoding: chunked, identity", HIDDEN),
    ("transfer-encoding: gzip", HIDDEN),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_end_is_ambiguous_is_refused_and_nothing_after_it_is_read() {
    let app = LocalApp::start().await;
    for (header, body) in AMBIGUOUS {
        let request = format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}\r\n{header}\r\n\r\n{body}");
        let answers = exchange(&app, request, &["POST"]).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [400], "{header}: {answers:?}");
    }
    assert_eq!(ask(&app, "GET", "/healthz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_next_to_chunks_does_not_hide_a_request() {
    let app = LocalApp::start().await;
    let chunks = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
    for headers in [
        "content-length: 3\r\ntransfer-encoding: chunked".to_owned(),
        "transfer-encoding: chunked\r\ncontent-length: 3".to_owned(),
        format!("transfer-encoding: chunked\r\ncontent-length: {}", chunks.len()),
    ] {
        let request = format!(
            "POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}\r\nconnection: close\r\n{headers}\r\n\r\n{chunks}"
        );
        let answers = exchange(&app, request, &["POST"]).await;
        assert_eq!(answers.len(), 1, "{headers}: {answers:?}");
        assert_ne!(answers[0].status, 200, "{headers}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_chunks_are_an_error_of_this_request_only() {
    let app = LocalApp::start().await;
    for chunks in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
        "3 \nabc\r\n0\r\n\r\n",
        "\r\n",
        "3\rabc\r\n0\r\n\r\n",
    ] {
        let request = format!(
            "POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}\r\ntransfer-encoding: chunked\r\n\r\n{chunks}{HIDDEN}"
        );
        let answers = exchange(&app, request, &["POST"]).await;
        assert!(answers.len() <= 1 && answers.iter().all(|answer| answer.status == 400), "{chunks:?}: {answers:?}");
    }
    assert_eq!(ask(&app, "GET", "/healthz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_no_http_are_refused_and_the_connection_is_closed() {
    let app = LocalApp::start().await;
    let long = "x".repeat(600_000);
    let many = (0..200).map(|number| format!("x-{number}: y\r\n")).collect::<Vec<_>>().concat();
    for (head, status) in [
        ("GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("GET /healthz\r\n\r\n".to_owned(), 400),
        ("GET  /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("G\u{e4}T /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("GET /health z HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nx y: z\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nx: a\u{0}b\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nx: y\r\n folded\r\n\r\n".to_owned(), 400),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(), 400),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(70_000)), 414),
        (format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n"), 431),
        (format!("GET /healthz HTTP/1.1\r\nx: {long}\r\n\r\n"), 431),
    ] {
        let shown: String = head.chars().take(60).collect();
        let mut stream = super::connect(&app).await;
        // The server may close the connection before it has read everything.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await;
        let answers = super::read_to_end(&mut stream, &["GET"]).await;
        // The answer to what was not read is lost if the connection is reset.
        assert!(answers.len() == 1 || head.len() > 100_000, "{shown:?}: {answers:?}");
        assert!(answers.iter().all(|answer| answer.status == status), "{shown:?}: {answers:?}");
    }
    assert_eq!(ask(&app, "GET", "/healthz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_up_to_usual_limits_are_accepted() {
    let app = LocalApp::start().await;
    for (name, length) in [
        ("cookie", 16_000),
        ("authorization", 16_000),
        ("x-forwarded-for", 8_000),
        ("user-agent", 8_000),
        ("x-other", 60_000),
    ] {
        let header = format!("{name}: {}", "x".repeat(length));
        let answer = ask(&app, "GET", "/healthz", &[&header], "").await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    let many: Vec<String> = (0..80).map(|number| format!("x-{number}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ask(&app, "GET", "/healthz", &many, "").await.status, 200);
}
