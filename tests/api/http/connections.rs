//! Connections: several requests on one, half closed ones, and what an error leaves behind.

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;

use super::{FORM, ask, connect, exchange, form_of, next};
use crate::local::LocalApp;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
const LAST: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_write_are_answered_in_order() {
    let app = LocalApp::start().await;
    let post = format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\n{FORM}\r\ncontent-length: 3\r\n\r\na=b");
    let requests = [
        ("GET", "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("HEAD", "HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n", 200),
        ("POST", &post, 401),
        ("PUT", "PUT /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello", 405),
        ("GET", HEALTH, 200),
        ("OPTIONS", "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("GET", LAST, 200),
    ];
    let bytes: String = requests.iter().map(|(_, request, _)| *request).collect();
    let methods: Vec<&str> = requests.iter().map(|(method, ..)| *method).collect();
    let answers = exchange(&app, bytes, &methods).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, requests.iter().map(|(.., status)| *status).collect::<Vec<_>>(), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_on_after_each_kind_of_error() {
    let app = LocalApp::start().await;
    let mut stream = connect(&app).await;
    let large = form_of(70_000);
    let post = |path: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\n{FORM}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    for (request, status) in [
        (post("/oauth/token", "a=b"), 401),
        (post("/oauth/token", &large), 413),
        (post("/oauth/revoke", &large), 413),
        (post("/gateway/clm/folders", &large), 401),
        (post("/workfront/v1/createFolder", &large), 403),
        (post("/nothing", "a=b"), 404),
        (post("/setup", "a=b"), 405),
        ("GET /HEALTHZ HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 404),
        ("GET /consent/callback HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 400),
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = next(&mut stream, "POST").await;
        assert_eq!(answer.status, status, "{}: {answer:?}", request.lines().next().unwrap());
        stream.write_all(HEALTH.as_bytes()).await.unwrap();
        assert_eq!(next(&mut stream, "GET").await.status, 200, "after {}", request.lines().next().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_0_is_answered_and_closed_unless_it_asks_to_stay() {
    let app = LocalApp::start().await;
    let answers = exchange(&app, "GET /healthz HTTP/1.0\r\n\r\n", &["GET"]).await;
    assert_eq!((answers.len(), answers[0].status), (1, 200), "{answers:?}");
    let two = "GET /healthz HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET /nothing HTTP/1.0\r\n\r\n";
    let statuses: Vec<u16> = exchange(&app, two, &["GET", "GET"]).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_send_nothing_or_half_a_head_do_not_hinder_others() {
    let app = LocalApp::start().await;
    let idle = join_all((0..50).map(|_| connect(&app))).await;
    let mut halves = join_all((0..50).map(|_| connect(&app))).await;
    for half in &mut halves {
        half.write_all(b"POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-le").await.unwrap();
    }
    let answers = join_all((0..20).map(|_| ask(&app, "GET", "/healthz", &[], ""))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    // They go on where they were.
    let last = halves.last_mut().unwrap();
    last.write_all(format!("ngth: 3\r\n{FORM}\r\n\r\na=b").as_bytes()).await.unwrap();
    assert_eq!(next(last, "POST").await.status, 401);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_arrives_byte_by_byte_is_read() {
    let app = LocalApp::start().await;
    let mut stream = connect(&app).await;
    stream.set_nodelay(true).unwrap();
    for byte in HEALTH.bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(next(&mut stream, "GET").await.status, 200);
    // Blank lines before a request are ignored (RFC 9112 section 2.2).
    stream.write_all(format!("\r\n{LAST}").as_bytes()).await.unwrap();
    assert_eq!(next(&mut stream, "GET").await.status, 200);
}

/// The Functions host's header, and a caller's own one before it.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_answer_comes_whatever_host_and_proxy_headers_say() {
    let app = LocalApp::start().await;
    let plain = ask(&app, "GET", "/.well-known/oauth-authorization-server", &[], "").await;
    for headers in [
        &["x-forwarded-host: evil.example", "x-forwarded-proto: http"][..],
        &["forwarded: host=evil.example;proto=http"],
        &["x-original-url: /setup", "x-rewrite-url: /setup"],
        &["x-http-method-override: DELETE", "x-method-override: DELETE"],
        &["host: evil.example"],
        &["x-forwarded-for: evil.example", "x-azure-functions-invocationid: evil"],
    ] {
        let answer = ask(&app, "GET", "/.well-known/oauth-authorization-server", headers, "").await;
        assert_eq!((answer.status, &answer.body), (200, &plain.body), "{headers:?}");
    }
}
