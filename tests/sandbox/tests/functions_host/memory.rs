//! The size limit of bodies and the memory of the instance.

use crate::app::{App, MODES, request};
use crate::client::Connection;

/// The limit of the recording's app.
const LIMIT: usize = 200_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_above_the_limit_is_an_empty_500_and_the_connection_is_closed() {
    for (generation, mode) in MODES {
        let app = App::start(generation).await;
        let head = |length: usize| format!("POST /gateway/x\nContent-Length: {length}");
        let fits = app.send(&head(LIMIT), &vec![b'x'; LIMIT]).await.unwrap();
        assert_eq!((fits.status, app.handler.take_seen()[0].body), (200, LIMIT), "{mode}");
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request(&head(LIMIT + 1), b"x")).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, answer.is_ours(), connection.ends().await), (500, false, true), "{mode}");
        assert!(app.handler.take_seen().is_empty(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_counts_a_chunked_body_with_its_framing() {
    let app = App::start(MODES[0].0).await;
    let piece = [b"c350\r\n".as_slice(), &vec![b'x'; 50_000], b"\r\n"].concat();
    for (pieces, status) in [(3, 200), (4, 500)] {
        let body = [piece.repeat(pieces), b"0\r\n\r\n".to_vec()].concat();
        let answer = app.send("POST /gateway/x\nTransfer-Encoding: chunked", &body).await.unwrap();
        assert_eq!(answer.status, status, "{pieces} pieces");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_with_a_length_must_fit_the_instances_memory_at_four_times_their_size() {
    const MIB: usize = 1 << 20;
    for (generation, mode) in MODES {
        let app = App::start_with(generation, |options| {
            options.settings[0].1 = (100 * MIB).to_string();
            // Three quarters of 280 MiB are 60 MiB more than the idle host takes, enough for 15 MiB of bodies.
            options.memory_mb = 280;
        })
        .await;
        let head = |length: usize| format!("POST /gateway/x\nContent-Length: {length}");
        let mut connection = Connection::open(&app.host.url()).await;
        connection.send(&request(&head(16 * MIB), b"")).await;
        assert_eq!(connection.answer().await.unwrap().status, 500, "{mode}");
        let mut first = Connection::open(&app.host.url()).await;
        first.send(&request(&head(8 * MIB), &vec![b'x'; 4 * MIB])).await;
        let second = loop {
            // The first one is counted once its head is read.
            let answer = app.send(&head(8 * MIB), &vec![b'x'; 8 * MIB]).await;
            if answer.as_ref().is_none_or(|answer| answer.status == 500) {
                break answer;
            }
        };
        assert!(
            second.is_none_or(|answer| !answer.is_ours()),
            "{mode}: the connection may be closed before the answer is read"
        );
        first.send(&vec![b'x'; 4 * MIB]).await;
        assert_eq!(first.answer().await.unwrap().status, 200, "{mode}: the first one goes on");
        assert_eq!(app.send(&head(8 * MIB), &vec![b'x'; 8 * MIB]).await.unwrap().status, 200, "{mode}: freed");
    }
}
