//! What the client gets.

use bytes::Bytes;
use std::time::SystemTime;

use super::answer::Answer;
use super::body::chunk;
use super::head::Head;
use super::headers::Headers;
use super::memory::Held;
use super::upstream::Connections;
use super::wire::Wire;

/// An answer to the client.
pub(super) struct Reply {
    status: u16,
    headers: Headers,
    content: Content,
    closes: bool,
    /// The memory of the request's body, until the answer is complete.
    pub(super) held: Option<Held>,
}

enum Content {
    Whole(Bytes),
    /// No body, but perhaps the length of the one that `GET` would get.
    Bodiless(Option<u64>),
    Streamed {
        first: Bytes,
        answer: Box<Answer>,
    },
    /// The connection goes on as a web socket.
    Tunnel(Box<Answer>),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection is kept without an answer.
    Silence,
}

impl Reply {
    /// An answer of the host itself: without a body, and without `X-Request-ID`.
    pub(super) fn bare(status: u16) -> Self {
        Self::whole(status, Headers::default(), Bytes::new())
    }

    pub(super) fn whole(status: u16, headers: Headers, body: Bytes) -> Self {
        Self { status, headers, content: Content::Whole(body), closes: false, held: None }
    }

    pub(super) fn bodiless(status: u16, headers: Headers, length: Option<u64>) -> Self {
        Self { content: Content::Bodiless(length), ..Self::whole(status, headers, Bytes::new()) }
    }

    pub(super) fn streamed(headers: Headers, first: Bytes, answer: Answer) -> Self {
        let status = answer.status;
        Self {
            content: Content::Streamed { first, answer: Box::new(answer) },
            ..Self::whole(status, headers, Bytes::new())
        }
    }

    pub(super) fn tunnel(headers: Headers, answer: Answer) -> Self {
        Self { content: Content::Tunnel(Box::new(answer)), ..Self::whole(101, headers, Bytes::new()) }
    }

    pub(super) fn hang_up() -> Self {
        Self { content: Content::HangUp, ..Self::bare(500) }
    }

    pub(super) fn silence() -> Self {
        Self { content: Content::Silence, ..Self::bare(500) }
    }

    /// Closes the connection after the answer.
    pub(super) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    /// Frees the memory after the answer.
    pub(super) fn holding(self, held: Option<Held>) -> Self {
        Self { held, ..self }
    }

    /// Sends the answer to a request; true if the rest of the request can be read.
    pub(super) async fn send(mut self, client: &mut Wire, head: Option<&Head>, connections: &Connections) -> bool {
        let is_http_10 = head.is_some_and(|head| head.is_http_10);
        let closes = self.closes || head.is_none_or(|head| head.is_last);
        let content = match self.content {
            Content::Tunnel(answer) => return tunnel(client, self.headers, *answer).await,
            Content::HangUp => return false,
            Content::Silence => {
                client.gone().await;
                return false;
            }
            content => content,
        };
        let length = content.length();
        // Without a length, an HTTP/1.0 client sees the end of the body by the end of the connection.
        let is_endless = length.is_none() && matches!(content, Content::Streamed { .. });
        let (is_chunked, ends) = (is_endless && !is_http_10, self.closes || is_endless && is_http_10);
        if let Some(length) = length {
            self.headers.set("Content-Length", length.to_string());
        } else if is_chunked {
            self.headers.set("Transfer-Encoding", "chunked");
        }
        let mut bytes = status_and_headers(self.status, self.headers, closes || ends, is_http_10);
        if let Content::Whole(body) = &content
            && head.is_none_or(|head| head.method != "HEAD")
        {
            bytes.extend_from_slice(body);
        }
        let sent = client.send(&bytes).await.is_ok()
            && match content {
                Content::Streamed { first, answer } => stream(client, first, *answer, is_chunked, connections).await,
                _ => true,
            };
        sent && !ends
    }
}

impl Content {
    /// The `Content-Length`.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(body) => Some(body.len() as u64),
            Self::Bodiless(length) => *length,
            Self::Streamed { answer, .. } => answer.length,
            Self::Tunnel(_) | Self::HangUp | Self::Silence => None,
        }
    }
}

/// Switches to another protocol, until one side closes the connection.
async fn tunnel(client: &mut Wire, headers: Headers, mut answer: Answer) -> bool {
    let switched = [status_and_headers(101, headers, false, false), answer.wire.buffer.to_vec()].concat();
    if client.send(&switched).await.is_ok() && answer.wire.send(&client.buffer).await.is_ok() {
        let _ = tokio::io::copy_bidirectional(&mut client.stream, &mut answer.wire.stream).await;
    }
    false
}

/// Passes a body on piece by piece; false if it broke off, which resets the client's connection.
async fn stream(
    client: &mut Wire,
    first: Bytes,
    mut answer: Answer,
    is_chunked: bool,
    connections: &Connections,
) -> bool {
    let mut piece = first;
    loop {
        let framed = if is_chunked { chunk(&piece) } else { piece.to_vec() };
        if client.send(&framed).await.is_err() {
            return false;
        }
        match answer.body.next(&mut answer.wire).await {
            Ok(Some(next)) => piece = next,
            Ok(None) => break,
            Err(_) => {
                client.end_with_a_reset();
                return false;
            }
        }
    }
    connections.keep(answer);
    !is_chunked || client.send(b"0\r\n\r\n").await.is_ok()
}

fn status_and_headers(status: u16, mut headers: Headers, closes: bool, is_http_10: bool) -> Vec<u8> {
    if headers.get("date").is_none() {
        headers.push("Date", httpdate::fmt_http_date(SystemTime::now()));
    }
    if headers.get("server").is_none() {
        headers.push("Server", "Kestrel");
    }
    if closes {
        headers.set("Connection", "close");
    } else if is_http_10 {
        headers.set("Connection", "keep-alive");
    }
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut text = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default());
    for (name, value) in &headers.0 {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    text.into_bytes()
}
