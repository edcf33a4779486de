//! Answers of the handler on their way to the client.

use sandbox::host::Generation::{Forwarding, Proxying};

use crate::app::{App, MODES, request};
use crate::client::Connection;
use crate::handler::Behavior::{Sends, SendsAndCloses};

/// An answer with these lines.
fn answer(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 {}\r\n\r\n", lines.replace('\n', "\r\n")).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_does_not_carry_becomes_an_empty_500() {
    let (proxy, forward) = (App::start(Proxying).await, App::start(Forwarding).await);
    // The lines of an answer, and the statuses in proxy and forward mode.
    for (lines, proxied, forwarded) in [
        ("302 Found\nX-Request-ID: r1\nLocation: /x\nSet-Cookie: a=b\nSet-Cookie: c=d\nContent-Length: 0", 302, 302),
        ("200 OK\nX-Request-ID: r1\nX: Verträge\nContent-Length: 0", 500, 500),
        ("200 OK\nX-Request-ID: r1\nX: a\u{1}b\nContent-Length: 0", 500, 500),
        ("200 OK\nX-Request-ID: r1\nX: a\u{7f}b\nContent-Length: 0", 500, 500),
        ("200 OK\nX-Request-ID: r1\nContent-Length: 0\nContent-Length: 0", 500, 500),
        ("204 No Content\nX-Request-ID: r1\nContent-Length: 5", 500, 500),
        ("302 Found\nX-Request-ID: r1\nLocation: /ä\nContent-Length: 0", 500, 302),
    ] {
        for (app, status) in [(&proxy, proxied), (&forward, forwarded)] {
            app.handler.behave(Sends(answer(lines)));
            let received = app.send("GET /gateway/x", b"").await.unwrap();
            assert_eq!((received.status, received.is_ours()), (status, status != 500), "{lines}");
            assert!(status != 500 || received.body.is_empty(), "{lines}");
            assert_eq!(app.handler.take_seen().len(), 1, "{lines}: not asked again");
            if lines.contains("/ä") && status == 302 {
                assert_eq!(received.header("location"), Some("/%C3%A4"));
            }
            let cookies = received.headers.iter().filter(|line| line.starts_with("Set-Cookie:")).count();
            assert_eq!(cookies, lines.matches("Set-Cookie").count(), "each on a line of its own");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_the_handlers_connection_pass_only_in_forward_mode() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        app.handler.behave(SendsAndCloses(answer("200 OK\nConnection: close\nX-Empty:\nContent-Length: 0")));
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request("GET /gateway/x", b"")).await;
        let received = connection.answer().await.unwrap();
        let forwards = generation == Forwarding;
        assert_eq!(received.header("connection"), forwards.then_some("close"), "{mode}");
        assert_eq!(received.header("x-empty"), (!forwards).then_some(""), "{mode}");
        assert_eq!(connection.is_closed(forwards).await, forwards, "{mode}");
        for status in ["204 No Content", "304 Not Modified"] {
            app.handler.behave(Sends(answer(status)));
            let mut connection = Connection::open(&app.host.url()).await;
            connection.send(&request("GET /gateway/x", b"")).await;
            assert!(status.starts_with(&connection.answer().await.unwrap().status.to_string()));
            assert_eq!(connection.is_closed(forwards).await, forwards, "{mode} {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_reset_by_proxy_mode_and_a_500_in_forward_mode() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let begun = [answer("200 OK\nX-Request-ID: r1\nContent-Length: 9"), b"half".to_vec()].concat();
        app.handler.behave(SendsAndCloses(begun));
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request("GET /gateway/x", b"")).await;
        let received = connection.answer().await;
        if generation == Proxying {
            assert!(received.is_none() && connection.buffer.starts_with(b"half"), "its beginning was sent");
        } else {
            assert_eq!(received.map(|answer| (answer.status, answer.is_ours())), Some((500, false)));
        }
        app.handler.behave(SendsAndCloses(answer("200 OK\nX-Request-ID: r1\nContent-Length: 9")));
        let received = app.send("GET /gateway/x", b"").await.unwrap();
        assert_eq!((received.status, received.is_ours()), (500, false), "{mode}: nothing of the body was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_mode_streams_answers_and_forward_mode_buffers_them() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        // The handler keeps its connection open with half of the body sent.
        app.handler.behave(Sends([answer("200 OK\nX-Request-ID: r1\nContent-Length: 9"), b"half".to_vec()].concat()));
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request("GET /gateway/x", b"")).await;
        let is_as_expected =
            if generation == Proxying { connection.receives().await } else { connection.is_silent().await };
        assert!(is_as_expected, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_answers_and_trailers_are_dropped() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n";
        app.handler.behave(Sends(format!("{hints}{chunks}").into_bytes()));
        let mut connection = Connection::open(&app.host.url()).await;
        for _ in 0..2 {
            connection.send(&request("GET /gateway/x", b"")).await;
            let received = connection.answer().await.unwrap();
            assert_eq!((received.status, received.interim, &*received.body), (200, vec![], &b"ok"[..]), "{mode}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_mode_passes_web_sockets() {
    let app = App::start(Proxying).await;
    let switched = answer("101 Switching Protocols\nConnection: Upgrade\nUpgrade: websocket");
    app.handler.behave(Sends(switched.clone()));
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(&request("GET /gateway/x\nConnection: Upgrade\nUpgrade: websocket", b"")).await;
    for _ in 0..2 {
        while connection.buffer.windows(4).all(|bytes| bytes != b"\r\n\r\n") {
            assert!(connection.receives().await);
        }
        assert!(connection.buffer.starts_with(b"HTTP/1.1 101 "));
        connection.buffer.clear();
        // From now on, the handler gets what is sent as it is.
        connection.send(b"raw bytes\r\n\r\n").await;
    }
    assert_eq!(app.handler.take_seen()[1].line, "raw bytes");
}
