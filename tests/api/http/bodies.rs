//! Bodies of forms: their limits, declared and in chunks, cut off and slow.

use std::fmt::Write as _;

use evergrant::config::Settings;
use evergrant::endpoints::not_configured::NotConfigured;
use evergrant::server::{self, Serving};
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sandbox::CLIENT_SECRET;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::{FORM, ask, connect, exchange, form_of, next, read_to_end};
use crate::config::good;
use crate::local::LocalApp;

/// The documented limit for forms.
const LIMIT: usize = 64 * 1024;

/// The form in chunks of these sizes, and the rest in one.
fn chunked(path: &str, form: &str, sizes: &[usize]) -> String {
    let mut request =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\n{FORM}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut rest = form;
    for size in sizes.iter().copied().chain([form.len()]) {
        let (chunk, left) = rest.split_at(size.min(rest.len()));
        if !chunk.is_empty() {
            write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
        }
        rest = left;
    }
    request + "0\r\n\r\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_may_have_64_kib_and_not_one_byte_more() {
    let app = LocalApp::start().await;
    for path in ["/oauth/token", "/oauth/revoke"] {
        for (size, status) in [(LIMIT - 1, 401), (LIMIT, 401), (LIMIT + 1, 413), (2 * LIMIT, 413)] {
            let declared = ask(&app, "POST", path, &[FORM], &form_of(size)).await;
            assert_eq!(declared.status, status, "{path} {size}: {}", declared.body);
            let code = if status == 413 { "invalid_request" } else { "invalid_client" };
            assert!(declared.body.contains(&format!("\"error\":\"{code}\"")), "{}", declared.body);
            for sizes in [&[][..], &[1], &[LIMIT], &[LIMIT - 1, 1], &[4096; 20]] {
                let answers = exchange(&app, chunked(path, &form_of(size), sizes), &["POST"]).await;
                assert_eq!(answers[0].status, status, "{path} {size} {sizes:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_the_same_answer_however_it_is_cut_into_chunks() {
    let app = LocalApp::start().await;
    let form =
        format!("grant_type=client_credentials&client_id=machine&client_secret={}", CLIENT_SECRET.replace(' ', "+"));
    let whole = ask(&app, "POST", "/oauth/token", &[FORM], &form).await;
    assert_eq!(whole.status, 200, "{}", whole.body);
    let token = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["access_token"].clone();
    let mut runner = TestRunner::deterministic();
    let cuts = proptest::collection::vec(1..20_usize, 0..9);
    let cuts: Vec<Vec<usize>> = (0..32).map(|_| cuts.new_tree(&mut runner).unwrap().current()).collect();
    for answers in
        join_all(cuts.iter().map(|cuts| exchange(&app, chunked("/oauth/token", &form, cuts), &["POST"]))).await
    {
        assert_eq!((answers[0].status, token(&answers[0].body)), (200, token(&whole.body)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_answered_if_the_sender_still_reads() {
    let app = LocalApp::start().await;
    for path in ["/oauth/token", "/oauth/revoke"] {
        for framing in ["content-length: 100", "transfer-encoding: chunked"] {
            let mut stream = connect(&app).await;
            let start = if framing.starts_with('t') { "20\r\ngrant_type=" } else { "grant_type=" };
            let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{FORM}\r\n{framing}\r\n\r\n{start}");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let answers = read_to_end(&mut stream, &["POST"]).await;
            if let Some(answer) = answers.first() {
                assert_eq!(answer.status, 400, "{path} {framing}: {answer:?}");
                assert!(answer.body.contains("the body ended before it was complete"), "{answer:?}");
            }
        }
    }
    assert_eq!(ask(&app, "GET", "/healthz", &[], "").await.status, 200);
}

/// A sender that stops in the middle keeps nothing waiting forever. Time passes only where everything waits.
#[tokio::test]
async fn a_body_that_does_not_arrive_is_answered_with_408() {
    let app = LocalApp::start().await;
    tokio::time::pause();
    for path in ["/oauth/token", "/oauth/revoke"] {
        for (framing, start) in [
            ("content-length: 100", "grant_type="),
            ("transfer-encoding: chunked", "5\r\ngrant\r\n"),
            ("content-length: 1", ""),
        ] {
            let mut stream = connect(&app).await;
            let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{FORM}\r\n{framing}\r\n\r\n{start}");
            stream.write_all(head.as_bytes()).await.unwrap();
            let began = tokio::time::Instant::now();
            let answer = next(&mut stream, "POST").await;
            assert_eq!(answer.status, 408, "{path} {framing}: {answer:?}");
            assert!(
                answer.body.contains("\"error\":\"invalid_request\"") && answer.body.contains("too long"),
                "{answer:?}"
            );
            assert_eq!(began.elapsed().as_secs(), 15, "the documented limit");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_with_a_body_and_a_post_without_one_are_answered() {
    let app = LocalApp::start().await;
    for path in ["/healthz", "/", "/.well-known/oauth-authorization-server"] {
        assert_eq!(ask(&app, "GET", path, &[], "a=b").await.status, 200, "{path}");
    }
    for headers in [&["content-length: 0", FORM][..], &[FORM], &[]] {
        let answer = ask(&app, "POST", "/oauth/token", headers, "").await;
        assert!(matches!(answer.status, 400 | 401), "{headers:?}: {answer:?}");
        assert!(answer.body.contains("\"error\":\""), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_read_by_its_media_type_and_nothing_else() {
    let app = LocalApp::start().await;
    let form =
        format!("grant_type=client_credentials&client_id=machine&client_secret={}", CLIENT_SECRET.replace(' ', "+"));
    for (header, accepted) in [
        ("content-type: application/x-www-form-urlencoded", true),
        ("Content-Type: Application/X-WWW-Form-Urlencoded", true),
        ("content-type: application/x-www-form-urlencoded; charset=UTF-8", true),
        ("content-type: application/x-www-form-urlencoded;charset=utf-8", true),
        ("content-type: application/json", false),
        ("content-type: text/plain", false),
        ("content-type: multipart/form-data; boundary=x", false),
        ("content-type: application/x-www-form-urlencodedx", false),
        ("content-type:", false),
    ] {
        let answer = ask(&app, "POST", "/oauth/token", &[header], &form).await;
        assert_eq!(answer.status == 200, accepted, "{header}: {answer:?}");
        if !accepted {
            assert!(answer.body.contains("\"error\":\"invalid_request\""), "{header}: {answer:?}");
        }
    }
}

/// Some clients send the whole body before they read; a connection that is closed meanwhile would take the answer with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_configured_reads_bodies_to_their_end() {
    let errors = Settings::read(&good().without("DOCUSIGN_USER_ID")).unwrap_err();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving::not_configured(NotConfigured::new(errors, false));
    let server = tokio::spawn(server::serve_when_configured(listener, serving, std::future::pending()));
    let piece = vec![b'x'; 64 * 1024];
    for path in ["/oauth/token", "/gateway/clm/folders", "/workfront/v1/upload", "/setup", "/nothing"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = 96 * piece.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..96 {
            stream.write_all(&piece).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        let answer = next(&mut stream, "POST").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "60"), "{path}: {answer:?}");
        // And the connection goes on.
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert_eq!(next(&mut stream, "GET").await.status, 200, "{path}");
    }
    server.abort();
}
