//! Proxy mode: both bodies are streamed, the host's headers replace the client's, and a handler that fails is asked again.

use bytes::Bytes;

use super::Inner;
use super::answer::{Answer, are_carried};
use super::body::Framing;
use super::head::Head;
use super::headers::{Headers, is_content_header, may_lack_a_body};
use super::path;
use super::reply::Reply;
use super::target::is_address;
use super::upstream::{Failure, Outgoing, Upload};
use super::wire::Wire;

/// How often the handler is asked.
const TRIES: u32 = 10;

/// How often a request without content is sent again within a try, while the connection is closed before the first byte.
const TRIES_OF_A_TRY: u32 = 4;

/// Headers of the client's connection, and those that the host sets itself.
const DROPPED: [&str; 13] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "upgrade",
    "http2-settings",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "transfer-encoding",
];

/// Headers of the handler's connection.
const DROPPED_FROM_ANSWERS: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

pub(super) async fn call(inner: &Inner, head: &Head, mut upload: Upload<'_>, client: &mut Wire) -> Reply {
    let has_content = head.headers.0.iter().any(|(name, _)| is_content_header(name)) || !may_lack_a_body(&head.method);
    let tries_of_a_try = if has_content { 1 } else { TRIES_OF_A_TRY };
    // A request that .NET cannot send fails every time.
    let mut is_lost = !head.headers.is_ascii() || !is_address(head.host()) || head.method == "CONNECT";
    let id = inner.invocation_id();
    for number in 1..=TRIES {
        if number > 1 {
            tokio::time::sleep(inner.options.timing.pause_before(number)).await;
        }
        let Some(port) = inner.port().await else { continue };
        if is_lost {
            continue;
        }
        let outgoing = outgoing(head, &upload, client, port, &id);
        match inner.connections.call(port, &outgoing, &mut upload, client, tries_of_a_try).await {
            Ok(answer) => return reply(inner, answer).await,
            Err(Failure::Unreachable) => {}
            Err(Failure::Silent | Failure::Broken) => is_lost = !matches!(upload, Upload::Nothing),
            Err(Failure::NotCarried) => return Reply::bare(500),
            Err(Failure::BadUpload) => return Reply::bare(500).closing(),
            Err(Failure::ClientGone) => return Reply::hang_up(),
        }
    }
    Reply::bare(500)
}

fn outgoing(head: &Head, upload: &Upload<'_>, client: &Wire, port: u16, id: &str) -> Outgoing {
    let mut headers = head.headers.joined();
    let is_web_socket = head.headers.lists("connection", "upgrade") && head.headers.lists("upgrade", "websocket");
    for name in DROPPED {
        headers.remove(name);
    }
    if is_web_socket {
        headers.push("Connection", "Upgrade");
        headers.push("Upgrade", "websocket");
    }
    let peer = client.stream.peer_addr().map(|address| address.ip().to_string()).unwrap_or_default();
    headers.push("X-Forwarded-For", peer);
    headers.push("X-Forwarded-Host", head.host());
    headers.push("X-Forwarded-Proto", "http");
    // Seen, and of no use: a host name in Punycode is not replaced.
    if !head.host().starts_with("xn--") {
        headers.set("Host", format!("127.0.0.1:{port}"));
    }
    headers.set("X-Azure-Functions-HostVersion", super::HOST_VERSION);
    headers.set("X-Azure-Functions-InvocationId", id);
    if headers.get("x-ms-invocation-id").is_none() {
        headers.push("x-ms-invocation-id", id);
    }
    complete_framing(&mut headers, head, upload);
    let query = head.query.as_deref().map(|query| format!("?{}", path::proxied_query(query)));
    Outgoing {
        method: head.method.clone(),
        target: path::proxied(&head.path) + &query.unwrap_or_default(),
        headers,
        expects_continue: head.expects_continue(),
    }
}

fn complete_framing(headers: &mut Headers, head: &Head, upload: &Upload<'_>) {
    let has_content = headers.0.iter().any(|(name, _)| is_content_header(name));
    if matches!(upload, Upload::Chunked(_)) {
        headers.push("Transfer-Encoding", "chunked");
    } else if headers.get("content-length").is_none() && (has_content || !may_lack_a_body(&head.method)) {
        headers.push("Content-Length", "0");
    }
}

/// The answer begins with the first byte of its body; one that breaks off before it is an empty 500.
async fn reply(inner: &Inner, mut answer: Answer) -> Reply {
    let mut headers = answer.headers.clone();
    if !are_carried(&headers) {
        return Reply::bare(500);
    }
    if answer.status == 101 {
        return Reply::tunnel(headers, answer);
    }
    for name in DROPPED_FROM_ANSWERS {
        headers.remove(name);
    }
    let (status, length) = (answer.status, answer.length);
    let has_body = answer.body.framing != Framing::Empty;
    match answer.body.next(&mut answer.wire).await {
        Err(_) => Reply::bare(500),
        Ok(Some(first)) => Reply::streamed(headers, first, answer),
        Ok(None) => {
            inner.connections.keep(answer);
            if has_body {
                Reply::whole(status, headers, Bytes::new())
            } else {
                Reply::bodiless(status, headers, length)
            }
        }
    }
}
