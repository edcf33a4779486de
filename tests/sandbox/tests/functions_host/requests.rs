//! Requests on their way to the handler.

use crate::app::{App, MODES, request};
use crate::client::{Connection, send};
use crate::handler::Seen;

use sandbox::host::Generation::{Forwarding, Proxying};

/// The answer's status and what the handler saw.
async fn status_and_seen(app: &App, head: &str, body: &[u8]) -> (u16, Vec<Seen>) {
    let answer = app.send(head, body).await;
    (answer.map_or(0, |answer| answer.status), app.handler.take_seen())
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_decoded_and_then_read_by_each_mode() {
    // What is sent, and what the handler sees in proxy and in forward mode.
    let table = [
        ("/gateway/a%2Fb", "/gateway/a%252Fb", "/gateway/a%2Fb"),
        ("/gateway/a%5Cb", "/gateway/a%5Cb", "/gateway/a/b"),
        ("/gateway/..%5Csetup", "/gateway/..%5Csetup", "/setup"),
        ("/gateway/..\\setup", "/gateway/..%5Csetup", "/setup"),
        ("/gateway/%252e%252e/setup", "/gateway/%252e%252e/setup", "/setup"),
        ("/oauth/authorize/..%5C..%5Csetup", "/oauth/authorize/..%5C..%5Csetup", "/setup"),
        ("/gateway/%2541", "/gateway/%2541", "/gateway/A"),
        ("/gateway/a%3Fb?c=1", "/gateway/a%3Fb?c=1", "/gateway/a?c=1"),
        ("/gateway/a%23b", "/gateway/a%23b", "/gateway/a"),
        ("/gateway/a%20", "/gateway/a%20", "/gateway/a"),
        ("/gateway/a/%2e%2e/b", "/gateway/b", "/gateway/b"),
        ("/gateway/%41%7E", "/gateway/A~", "/gateway/A~"),
        ("/gateway/%c3%a4%E4", "/gateway/%C3%A4%25E4", "/gateway/%C3%A4%E4"),
        ("/gateway/a//b", "/gateway/a//b", "/gateway/a//b"),
        ("http://app.example/gateway/a%2Fb", "/gateway/a/b", "/gateway/a/b"),
        ("/gateway/q?x=1&y=a+b&X=2&f", "/gateway/q?x=1&y=a+b&X=2&f", "/gateway/q?X=1,2&y=a%20b&f="),
        ("/gateway/q?x=%41%2f&y=:'", "/gateway/q?x=A%2f&y=:'", "/gateway/q?x=A%2F&y=%3A%27"),
    ];
    let (proxy, forward) = (App::start(Proxying).await, App::start(Forwarding).await);
    for (sent, proxied, forwarded) in table {
        for (app, expected) in [(&proxy, proxied), (&forward, forwarded)] {
            let (status, seen) = status_and_seen(app, &format!("GET {sent}"), b"").await;
            assert_eq!((status, &*seen[0].line), (200, &*format!("GET {expected} HTTP/1.1")), "{sent}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_itself_answers_unknown_paths_unlisted_methods_and_missing_keys() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        for (head, status) in [
            ("GET /HEALTHZ/", 200),
            ("get /healthz", 200),
            ("HEAD /exact", 200),
            ("TRACE /gateway", 200),
            ("HEAD /healthz", 404),
            ("POST /healthz", 404),
            ("GET /healthz//", 404),
            ("GET //healthz", 404),
            ("GET /healthz%2F", 404),
            ("GET /gateway//x", 404),
            ("GET /nowhere", 404),
            ("GET /gateway/a%00", 400),
            ("GET /setup", 401),
            ("GET /gateway/../setup", 401),
            ("GET /setup?CODE=znvuy3rpb24ta2v5", 200),
            ("GET /setup?code=aG9zdC1rZXk", 200),
            ("GET /setup?code=aG9zdC1rZXk\nx-functions-key:", 401),
            ("GET /adm?code=aG9zdC1rZXk", 401),
            ("GET /adm?code=bWFzdGVyLWtleQ", 200),
            ("GET /admin/host/status", 401),
            ("GET /admin/host/status?code=aG9zdC1rZXk", 403),
        ] {
            let answer = app.send(head, b"").await.unwrap();
            assert_eq!((answer.status, answer.is_ours()), (status, status == 200), "{mode} {head}");
            assert!(status == 200 || answer.body.is_empty(), "{mode} {head}");
            assert_eq!(app.handler.take_seen().len(), usize::from(status == 200), "{mode} {head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_function_for_it_the_start_page_is_a_large_one_of_the_hosts() {
    let app = App::start_with(Proxying, |options| {
        std::fs::remove_dir_all(options.root.join("home")).unwrap();
    })
    .await;
    let answer = app.send("GET /", b"").await.unwrap();
    assert!(answer.status == 200 && !answer.is_ours() && answer.body.len() >= 150_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_joined_and_the_hosts_are_set() {
    let head = "GET /gateway/h\nx-api-key: k1\nX-API-Key: k2\nCookie: a=b\nCookie: c=d\nUser-Agent: u\n\
                X-Forwarded-For: 1.2.3.4\nX-Forwarded-Host: evil.example\nX-Forwarded-Proto: https\n\
                X-Azure-Functions-InvocationId: mine\nConnection: keep-alive\nX(Y: dropped";
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let (_, seen) = status_and_seen(&app, head, b"").await;
        let header = |name: &str| seen[0].header(name).unwrap_or_default();
        assert_eq!((header("x-api-key"), header("cookie"), header("x(y")), ("k1, k2", "a=b; c=d", ""), "{mode}");
        let id = header("x-azure-functions-invocationid").to_owned();
        if generation == Proxying {
            assert_eq!((header("x-forwarded-for"), header("x-forwarded-host")), ("127.0.0.1", "app.example"));
            assert_eq!((header("x-forwarded-proto"), header("connection")), ("http", ""));
            assert_eq!((header("host"), header("user-agent")), (&*format!("127.0.0.1:{}", app.handler.port), "u"));
            assert_eq!((id.len(), &*id), (36, header("x-ms-invocation-id")));
        } else {
            assert_eq!((header("x-forwarded-for"), header("x-forwarded-host")), ("1.2.3.4", "evil.example"));
            assert_eq!((header("x-forwarded-proto"), header("connection")), ("https", "keep-alive"));
            assert!(header("host") == "app.example" && header("user-agent").starts_with("u Azure-Functions-Host/4."));
            assert!(id.starts_with("mine, ") && id.len() == 42, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kestrel_refuses_closes_the_connection() {
    let app = App::start(Proxying).await;
    let long_line = format!("GET /gateway/{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(8192));
    let long_headers = format!("GET /gateway/x HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(32768));
    let many_headers = format!("GET /gateway/x HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(100));
    for (bytes, status) in [
        (long_line.as_bytes(), 414),
        (long_headers.as_bytes(), 431),
        (many_headers.as_bytes(), 431),
        (b"GET /gateway/x HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        (b"GET /gateway/x HTTP/1.1\r\n\r\n", 400),
        (b"GET /gateway/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET /gateway/x HTTP/1.1\r\nHost: a\r\nX: \xfc\r\n\r\n", 400),
        (b"GET /gateway/x HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
        (b"GET /gateway/x HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400),
        (b"POST /gateway/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (b"POST /gateway/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    ] {
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(bytes).await;
        let answer = connection.answer().await.unwrap();
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        assert_eq!((answer.status, answer.is_ours(), connection.ends().await), (status, false, true), "{sent}");
    }
    assert!(app.handler.take_seen().is_empty());
    let lenient = b"GET /gateway/x HTTP/1.1\nHost: a\n\nGET /gateway/y HTTP/1.1\nHost: a\n\n";
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(lenient).await;
    for _ in 0..2 {
        assert_eq!(connection.answer().await.unwrap().status, 200, "bare line feeds, two requests at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_headers_outside_ascii_never_reach_the_handler() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let (status, seen) = status_and_seen(&app, "GET /gateway/x\nCookie: city=München", b"").await;
        assert_eq!((status, seen.len()), (500, 0), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_with_a_length_and_chunked_ones() {
    let chunked = b"5\r\nhello\r\n0\r\n\r\n";
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let (status, seen) = status_and_seen(&app, "POST /gateway/x\nContent-Length: 5", b"hello").await;
        assert_eq!((status, seen[0].body), (200, 5), "{mode}");
        let (status, seen) = status_and_seen(&app, "POST /gateway/x\nTransfer-Encoding: chunked", chunked).await;
        let arrived: Vec<usize> = seen.iter().map(|seen| seen.body).collect();
        let expected = if generation == Proxying { (200, vec![5]) } else { (500, vec![]) };
        assert_eq!((status, arrived), expected, "{mode}");
        let (status, seen) = status_and_seen(&app, "POST /gateway/x\nContent-Type: text/plain", b"").await;
        let kept = (generation == Proxying).then_some("text/plain");
        assert_eq!((status, seen[0].header("content-type"), seen[0].header("content-length")), (200, kept, Some("0")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_a_length_is_read_whole_before_the_handler_is_called() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request("POST /gateway/x\nContent-Length: 5\nExpect: 100-Continue", b"")).await;
        assert!(connection.receives().await, "the host itself asks for the body");
        connection.send(b"hell").await;
        assert!(app.handler.take_seen().is_empty(), "{mode}");
        connection.send(b"o").await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, answer.interim), (200, vec![100]), "{mode}");
        assert_eq!(app.handler.take_seen()[0].body, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_ends_its_sending_side_is_taken_for_gone() {
    use tokio::io::AsyncWriteExt as _;
    let app = App::start(Proxying).await;
    app.handler.behave(crate::handler::Behavior::Sends(Vec::new()));
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(&request("GET /gateway/x", b"")).await;
    connection.stream.shutdown().await.unwrap();
    assert!(connection.answer().await.is_none() && connection.ends().await);
    app.handler.behave(crate::handler::Behavior::Answers);
    assert_eq!(send(&app.host.url(), &request("GET /gateway/x", b"")).await.unwrap().status, 200);
}
