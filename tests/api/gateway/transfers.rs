//! Bodies through the gateway that break off at each point, in both directions.

use http::Request;
use sandbox::GATEWAY_API_KEY;
use sandbox::bulk::{Source, Summary};
use sandbox::client::Download;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::until;
use crate::triggers::flow::Stage;

const KIB: usize = 1024;

async fn download(stage: &Stage, id: &str) -> Download {
    let url = format!("{}/gateway/clm/documents/{id}/content", stage.app.issuer);
    let request = Request::get(url).header("x-api-key", GATEWAY_API_KEY).body(Source::from("").body(())).unwrap();
    stage.app.http.stream(request).await.unwrap_or_else(|| Download::missing(id))
}

/// Sends a head and a body, and returns the answer. If the body is only a part of it, nothing more is sent.
async fn send(stage: &Stage, head: &str, body: &[u8], is_whole: bool) -> String {
    let mut socket = TcpStream::connect(stage.app.issuer.trim_start_matches("http://")).await.unwrap();
    let head = format!("{head} HTTP/1.1\r\nhost: x\r\nx-api-key: {GATEWAY_API_KEY}\r\nconnection: close\r\n");
    let _ = socket.write_all(head.as_bytes()).await;
    let _ = socket.write_all(body).await;
    if !is_whole {
        let _ = socket.shutdown().await;
    }
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_complete_only_if_every_byte_of_it_came() {
    let stage = Stage::start().await;
    let folder = stage.folder("Downloads");
    for length in [1, 64 * KIB as u64, 3 << 20] {
        let id = stage.clm.add_synthetic_document(&format!("{length}.bin"), &folder, length);
        let whole = download(&stage, &id).await;
        assert_eq!((whole.complete, &whole.content), (true, &Summary::of_pattern(length)));
        assert_eq!(whole.answer.header("content-length"), length.to_string());
        for cut in [0, length / 2, length - 1] {
            stage.clm.cut_download_after(cut);
            let part = download(&stage, &id).await;
            assert!(!part.complete && part.content.length <= cut, "{cut} of {length}: {:?}", part.content);
            assert!(
                matches!(part.answer.status.as_u16(), 200 | 503 | 599),
                "{cut} of {length}: {}",
                part.answer.status
            );
        }
    }
    until(|| stage.clm.open_downloads() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_never_becomes_a_document() {
    let stage = Stage::start().await;
    let folder = stage.folder("Uploads");
    assert!(send(&stage, "GET /gateway/clm/members/current", b"\r\n", true).await.starts_with("HTTP/1.1 200"));
    let before = stage.clm.documents_in_all();
    let head = format!("POST /gateway/clm/folders/{folder}/documents?name=a.bin");
    let declared = |length: usize| format!("content-length: {length}\r\n\r\n").into_bytes();
    let chunk = |length: usize| [format!("{length:x}\r\n").as_bytes(), &vec![b'x'; length], b"\r\n"].concat();
    let chunked = b"transfer-encoding: chunked\r\n\r\n".to_vec();
    for (what, body) in [
        ("no byte of a small body", declared(10)),
        ("a part of a small body", [declared(10), b"12345".to_vec()].concat()),
        ("a part of a large body", [declared(1 << 20), vec![b'x'; 300 * KIB]].concat()),
        ("no chunk", chunked.clone()),
        ("a small chunk", [chunked.clone(), chunk(10)].concat()),
        ("large chunks without the last", [chunked.clone(), chunk(300 * KIB), chunk(10)].concat()),
        ("half a chunk", [chunked.clone(), b"ff\r\nabc".to_vec()].concat()),
        ("a chunk that is none", [chunked.clone(), b"xyz\r\nabc\r\n".to_vec()].concat()),
        ("a chunk of another length", [chunked.clone(), b"2\r\nabcdef\r\n0\r\n\r\n".to_vec()].concat()),
    ] {
        let answer = send(&stage, &head, &body, false).await;
        assert!(answer.is_empty() || !answer.starts_with("HTTP/1.1 2"), "{what}: {answer}");
        until(|| stage.clm.open_uploads() == 0).await;
        assert_eq!(stage.clm.documents_in_all(), before, "{what}");
    }
    for (what, body) in [
        ("a small body", [declared(5), b"12345".to_vec()].concat()),
        ("a large body", [declared(300 * KIB), vec![b'x'; 300 * KIB]].concat()),
        ("chunks", [chunked.clone(), chunk(300 * KIB), chunk(10), b"0\r\n\r\n".to_vec()].concat()),
    ] {
        let answer = send(&stage, &head, &body, true).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{what}: {answer}");
    }
    assert_eq!(stage.clm.documents_in_all(), before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_end_of_the_body_is_read_by_the_caller() {
    let stage = Stage::start().await;
    let folder = stage.folder("Refused");
    let body = [format!("content-length: {}\r\n\r\n", 2 << 20).into_bytes(), vec![b'x'; 2 << 20]].concat();
    for (status, code) in [(403, 103), (422, 101), (429, 103)] {
        stage.clm.refuse_next(status, code);
        let head = format!("POST /gateway/clm/folders/{folder}/documents?name=a.bin");
        let answer = send(&stage, &head, &body, true).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains("ErrorCode"),
            "{status}: {answer}"
        );
    }
    for (head, status) in
        [("POST /gateway/clm//x", 400), ("POST /gateway/none/x", 404), ("POST /gateway/navigator/x/y", 403)]
    {
        let answer = send(&stage, head, &body, true).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
    }
}
