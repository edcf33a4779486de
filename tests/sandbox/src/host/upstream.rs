//! Calls to the handler.

use std::sync::Mutex;
use std::time::Duration;

use tokio::net::TcpStream;

use super::headers::Headers;
use super::wire::{Body, BodyFault, Framing, Wire};

/// The largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// A request to the handler.
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    /// Wait for the handler's 100 Continue before the body is sent.
    pub(super) expects_continue: bool,
}

/// The body of a request to the handler.
pub(super) enum Upload<'a> {
    Nothing,
    Whole(&'a [u8]),
    /// Streamed from the client.
    Chunked(&'a mut Body),
}

/// Why the handler gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing listens.
    Unreachable,
    /// The connection was closed before the first byte.
    Silent,
    /// The connection was reset, or what came is no answer.
    Broken,
    /// The answer has something that the host does not pass on.
    NotCarried,
    /// The client's body is malformed or too large.
    BadUpload,
    /// The client closed its connection.
    ClientGone,
}

/// An answer of the handler; its body is still to be read.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Values with one character for each byte.
    pub(super) headers: Headers,
    /// The `Content-Length`.
    pub(super) length: Option<u64>,
    pub(super) body: Body,
    pub(super) wire: Wire,
    can_be_reused: bool,
}

/// Connections to the handler, which are kept and used again.
pub(super) struct Connections {
    idle: Mutex<Vec<(u16, Wire)>>,
    continue_wait: Duration,
}

impl Connections {
    pub(super) fn new(continue_wait: Duration) -> Self {
        Self { idle: Mutex::default(), continue_wait }
    }

    /// Sends a request up to `tries` times while the handler closes the connection before the first byte.
    pub(super) async fn call(
        &self,
        port: u16,
        outgoing: &Outgoing,
        upload: &mut Upload<'_>,
        client: &mut Wire,
        tries: u32,
    ) -> Result<Answer, Failure> {
        for _ in 1..tries {
            match self.call_once(port, outgoing, upload, client).await {
                Err(Failure::Silent) => {}
                result => return result,
            }
        }
        self.call_once(port, outgoing, upload, client).await
    }

    async fn call_once(
        &self,
        port: u16,
        outgoing: &Outgoing,
        upload: &mut Upload<'_>,
        client: &mut Wire,
    ) -> Result<Answer, Failure> {
        let mut wire = self.connection(port).await.ok_or(Failure::Unreachable)?;
        wire.send(&outgoing.head()).await.map_err(|_| Failure::Broken)?;
        if outgoing.expects_continue && !matches!(upload, Upload::Nothing) {
            // An early refusal is seen only here: otherwise the body is sent before an answer is looked for.
            match tokio::time::timeout(self.continue_wait, AnswerHead::next(&mut wire)).await {
                Ok(Ok(head)) if head.status >= 200 => return head.answer(&outgoing.method, wire, false),
                Ok(Err(failure)) => return Err(failure),
                _ => {}
            }
        }
        upload.send(&mut wire, client).await?;
        let head = tokio::select! {
            biased;
            head = AnswerHead::last(&mut wire) => head?,
            () = client.gone() => return Err(Failure::ClientGone),
        };
        head.answer(&outgoing.method, wire, true)
    }

    async fn connection(&self, port: u16) -> Option<Wire> {
        while let Some((of, wire)) = self.idle.lock().unwrap().pop() {
            if of == port && wire.is_open() {
                return Some(wire);
            }
        }
        TcpStream::connect(("127.0.0.1", port)).await.ok().map(Wire::new)
    }

    /// Keeps the connection of an answer that was read completely.
    pub(super) fn keep(&self, answer: Answer) {
        let port = answer.wire.stream.peer_addr().map(|address| address.port());
        if let Ok(port) = port
            && answer.can_be_reused
        {
            self.idle.lock().unwrap().push((port, answer.wire));
        }
    }
}

impl Outgoing {
    fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers.0 {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

impl Upload<'_> {
    async fn send(&mut self, wire: &mut Wire, client: &mut Wire) -> Result<(), Failure> {
        let sent = match self {
            Self::Nothing => Ok(()),
            Self::Whole(bytes) => wire.send(bytes).await,
            Self::Chunked(body) => loop {
                let piece = body.next(client).await.map_err(|fault| match fault {
                    BodyFault::CutOff => Failure::ClientGone,
                    BodyFault::Malformed | BodyFault::TooLarge => Failure::BadUpload,
                })?;
                let Some(piece) = piece else { break wire.send(b"0\r\n\r\n").await };
                if let Err(error) = wire.send(&chunk(&piece)).await {
                    break Err(error);
                }
            },
        };
        sent.map_err(|_| Failure::Broken)
    }
}

/// A chunk of a body.
pub(super) fn chunk(piece: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

/// The head of an answer.
struct AnswerHead {
    status: u16,
    is_http_11: bool,
    headers: Headers,
}

impl AnswerHead {
    /// The head of the final answer; interim ones are dropped.
    async fn last(wire: &mut Wire) -> Result<Self, Failure> {
        loop {
            let head = Self::next(wire).await?;
            if head.status >= 200 || head.status == 101 {
                return Ok(head);
            }
        }
    }

    async fn next(wire: &mut Wire) -> Result<Self, Failure> {
        loop {
            if let Some(end) = wire.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = wire.buffer.split_to(end + 4);
                // One character for each byte, so that no byte is lost.
                let text: String = head[..end].iter().copied().map(char::from).collect();
                return Self::parse(&text).filter(|_| end <= MAX_HEAD_BYTES).ok_or(Failure::Broken);
            }
            if wire.buffer.len() > MAX_HEAD_BYTES {
                return Err(Failure::Broken);
            }
            match wire.fill().await {
                Ok(true) => {}
                Ok(false) if wire.buffer.is_empty() => return Err(Failure::Silent),
                _ => return Err(Failure::Broken),
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let (version, rest) = lines.next()?.split_once(' ')?;
        let status = rest.get(..3)?.parse().ok()?;
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
        });
        let headers = Headers(headers.collect::<Option<_>>()?);
        version.starts_with("HTTP/1.").then_some(Self { status, is_http_11: version == "HTTP/1.1", headers })
    }

    fn answer(self, method: &str, wire: Wire, body_was_sent: bool) -> Result<Answer, Failure> {
        let lengths: Vec<&str> = self.headers.all("content-length").collect();
        let length = match lengths.as_slice() {
            [] => None,
            [one] => Some(one.parse().map_err(|_| Failure::Broken)?),
            _ => return Err(Failure::NotCarried),
        };
        if self.status == 204 && length.is_some_and(|length| length > 0) {
            return Err(Failure::NotCarried);
        }
        let framing = match length {
            _ if method == "HEAD" || matches!(self.status, 101 | 204 | 304) => Framing::Empty,
            _ if self.headers.lists("transfer-encoding", "chunked") => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::UntilEnd,
        };
        let stays = self.is_http_11 && !self.headers.lists("connection", "close");
        let can_be_reused = stays && body_was_sent && framing != Framing::UntilEnd && self.status != 101;
        let body = Body::new(framing, u64::MAX);
        Ok(Answer { status: self.status, headers: self.headers, length, body, wire, can_be_reused })
    }
}
