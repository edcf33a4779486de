//! What the host does when the handler fails.

use sandbox::host::Generation::{Forwarding, Proxying};

use crate::app::{App, MODES, request};
use crate::client::Connection;
use crate::handler::ANSWER;
use crate::handler::Behavior::{Refuses, SendsAndCloses, SendsAndResets};

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_repeated_as_often_as_by_the_real_host() {
    let (closes, resets) = (SendsAndCloses(Vec::new()), SendsAndResets(Vec::new()));
    let half_a_head = SendsAndCloses(b"HTTP/1.1 200 OK\r\nX:".to_vec());
    let not_http = SendsAndCloses(b"hello\r\n\r\n".to_vec());
    let huge = SendsAndCloses(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(65 << 10)).into_bytes());
    let (get, post, body) =
        ("GET /gateway/x", "POST /gateway/x\nContent-Length: 0", "POST /gateway/x\nContent-Length: 2");
    let table = [
        (Proxying, get, &closes, 40),
        (Proxying, get, &resets, 10),
        (Proxying, get, &half_a_head, 10),
        (Proxying, get, &not_http, 10),
        (Proxying, get, &huge, 10),
        (Proxying, post, &closes, 10),
        (Proxying, body, &closes, 1),
        (Proxying, body, &resets, 1),
        (Forwarding, get, &closes, 4),
        (Forwarding, get, &resets, 1),
        (Forwarding, get, &half_a_head, 1),
        (Forwarding, post, &closes, 4),
        (Forwarding, body, &closes, 1),
        (Forwarding, body, &not_http, 1),
    ];
    for (generation, head, behavior, times) in table {
        let app = App::start(generation).await;
        app.handler.behave(behavior.clone());
        let answer = app.send(head, if head == body { b"ab" } else { b"" }).await.unwrap();
        let seen = app.handler.take_seen();
        assert_eq!((answer.status, answer.is_ours(), seen.len()), (500, false, times), "{generation:?} {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_keeps_its_invocation_id() {
    let app = App::start(Proxying).await;
    app.handler.behave(SendsAndCloses(Vec::new()));
    app.send("POST /gateway/x\nContent-Length: 0", b"").await;
    let mut ids: Vec<_> = app
        .handler
        .take_seen()
        .iter()
        .map(|seen| seen.header("x-azure-functions-invocationid").map(ToOwned::to_owned))
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_reaches_the_client_only_after_the_last_byte() {
    let app = App::start(Proxying).await;
    let refusal = b"HTTP/1.1 401 Unauthorized\r\nX-Request-ID: r1\r\nContent-Length: 0\r\n\r\n";
    app.handler.behave(Refuses(refusal.to_vec()));
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(&request("POST /gateway/x\nTransfer-Encoding: chunked", b"2\r\nab\r\n")).await;
    assert!(connection.is_silent().await, "the body is sent before an answer is looked for");
    connection.send(b"0\r\n\r\n").await;
    assert_eq!(connection.answer().await.unwrap().status, 401);
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(&request("POST /gateway/x\nTransfer-Encoding: chunked\nExpect: 100-continue", b"")).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!((answer.status, answer.interim, connection.ends().await), (401, vec![], true), "at once");
    // A handler that never sends 100 Continue gets the body after a second.
    app.handler.behave(SendsAndCloses(ANSWER.to_vec()));
    let answer = app.send("POST /gateway/x\nContent-Length: 2\nExpect: 100-continue", b"ab").await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_until_the_handler_closes_them() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        for _ in 0..40 {
            assert_eq!(app.send("GET /gateway/x", b"").await.unwrap().status, 200, "{mode}");
        }
        // A connection may be free again only after the next request has begun.
        assert!(app.handler.connections() <= 20, "{mode}: {}", app.handler.connections());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_handler_has_closed_costs_no_request() {
    let app = App::start(Proxying).await;
    app.handler.behave(SendsAndCloses(ANSWER.to_vec()));
    for _ in 0..3 {
        assert_eq!(app.send("GET /gateway/x", b"").await.unwrap().status, 200);
    }
    assert_eq!((app.handler.connections(), app.handler.count()), (3, 3));
}
