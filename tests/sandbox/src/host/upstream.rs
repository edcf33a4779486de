//! Calls to the handler.

use std::sync::Mutex;
use std::time::Duration;

use tokio::net::TcpStream;

use super::answer::{Answer, AnswerHead};
use super::body::{Body, BodyFault, chunk};
use super::headers::Headers;
use super::wire::Wire;

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
