//! A connection, to the client or to the handler.

use bytes::{Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 64 << 10;

/// Bytes that a waiting connection takes before it stops reading.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// A connection with the bytes that were received and not used yet.
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    pub(super) buffer: BytesMut,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Like production servers, disable Nagle's algorithm, which delays small answers.
        let _ = stream.set_nodelay(true);
        Self { stream, buffer: BytesMut::new() }
    }

    /// Receives more; false at the end.
    pub(super) async fn fill(&mut self) -> io::Result<bool> {
        self.buffer.reserve(READ_BYTES);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Waits until the peer closes or ends its sending side, which the host treats alike.
    pub(super) async fn gone(&mut self) {
        while self.buffer.len() < MAX_WAITING_BYTES {
            if !matches!(self.fill().await, Ok(true)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Whether an idle connection can be used again.
    pub(super) fn is_open(&self) -> bool {
        let nothing_yet = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
        self.buffer.is_empty() && self.stream.try_read(&mut [0]).is_err_and(nothing_yet)
    }

    /// Takes one line without its end; `None` if it is not complete. A lone line feed ends a line, too.
    pub(super) fn line(&mut self) -> Option<Bytes> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let mut line = self.buffer.split_to(end + 1).freeze();
        line.truncate(end);
        if line.ends_with(b"\r") {
            line.truncate(end - 1);
        }
        Some(line)
    }

    /// Makes the end of the connection a reset, so that the peer sees that the answer is not complete.
    pub(super) fn end_with_a_reset(&self) {
        let _ = self.stream.set_zero_linger();
    }
}
