//! A client that sends raw bytes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::handler::find;

/// How long the client waits for what must come.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the client waits for what must not come.
const SILENCE: Duration = Duration::from_millis(150);

/// An answer as it was received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub interim: Vec<u16>,
    /// The lines of the head after the first.
    pub headers: Vec<String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether the handler gave it.
    pub fn is_ours(&self) -> bool {
        self.header("x-request-id").is_some()
    }
}

/// A connection to the host.
pub struct Connection {
    pub stream: TcpStream,
    pub buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
        Self { stream, buffer: Vec::new() }
    }

    /// Sends bytes; the host may have closed the connection before the last one.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// The next answer; `None` at the end of the connection or if something else comes.
    pub async fn answer(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer()).await.ok()?
    }

    /// Whether the host closes the connection, as opposed to answering another request on it or waiting. If it should, there is
    /// more time for it.
    pub async fn is_closed(&mut self, should_be: bool) -> bool {
        // Short enough not to complete the body of a request that is still being sent.
        self.send(b"GET /x HTTP/1.0\r\n\r\n").await;
        let time = if should_be { PATIENCE } else { SILENCE };
        matches!(timeout(time, self.more()).await, Ok(None))
    }

    /// Waits for the end of the connection.
    pub async fn ends(&mut self) -> bool {
        timeout(PATIENCE, async { while self.more().await.is_some() {} }).await.is_ok()
    }

    /// Waits for more bytes.
    pub async fn receives(&mut self) -> bool {
        matches!(timeout(PATIENCE, self.more()).await, Ok(Some(())))
    }

    /// Whether nothing comes for a short time.
    pub async fn is_silent(&mut self) -> bool {
        timeout(SILENCE, self.more()).await.is_err()
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let mut answer = Answer::default();
        loop {
            let end = loop {
                if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                    break end;
                }
                self.more().await?;
            };
            let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
            let head = String::from_utf8_lossy(&head[..end]).into_owned();
            let mut lines = head.split("\r\n").map(ToOwned::to_owned);
            let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
            if status >= 200 {
                (answer.status, answer.headers) = (status, lines.collect());
                break;
            }
            answer.interim.push(status);
        }
        answer.body = if answer.header("transfer-encoding").is_some() {
            self.chunks().await?
        } else {
            self.rest(&answer).await?
        };
        Some(answer)
    }

    async fn rest(&mut self, answer: &Answer) -> Option<Vec<u8>> {
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < length {
            self.more().await?;
        }
        Some(self.buffer.drain(..length).collect())
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let Some(end) = find(&self.buffer, b"\r\n") else {
                self.more().await?;
                continue;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[..end]).ok()?, 16).ok()?;
            while self.buffer.len() < end + size + 4 {
                self.more().await?;
            }
            body.extend_from_slice(&self.buffer[end + 2..end + 2 + size]);
            self.buffer.drain(..end + size + 4);
            if size == 0 {
                return Some(body);
            }
        }
    }

    async fn more(&mut self) -> Option<()> {
        (self.stream.read_buf(&mut self.buffer).await.ok()? > 0).then_some(())
    }
}

/// Sends one request on a connection of its own and returns the answer.
pub async fn send(url: &str, request: &[u8]) -> Option<Answer> {
    let mut connection = Connection::open(url).await;
    connection.send(request).await;
    connection.answer().await
}
