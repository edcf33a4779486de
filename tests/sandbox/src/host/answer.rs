//! Answers of the handler.

use super::body::{Body, Framing};
use super::headers::Headers;
use super::upstream::Failure;
use super::wire::Wire;

/// The largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An answer of the handler; its body is still to be read.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Values with one character for each byte.
    pub(super) headers: Headers,
    /// The `Content-Length`.
    pub(super) length: Option<u64>,
    pub(super) body: Body,
    pub(super) wire: Wire,
    pub(super) can_be_reused: bool,
}

/// The head of an answer.
pub(super) struct AnswerHead {
    pub(super) status: u16,
    is_http_11: bool,
    headers: Headers,
}

impl AnswerHead {
    /// The head of the final answer; interim ones are dropped.
    pub(super) async fn last(wire: &mut Wire) -> Result<Self, Failure> {
        loop {
            let head = Self::next(wire).await?;
            if head.status >= 200 || head.status == 101 {
                return Ok(head);
            }
        }
    }

    pub(super) async fn next(wire: &mut Wire) -> Result<Self, Failure> {
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

    pub(super) fn answer(self, method: &str, wire: Wire, body_was_sent: bool) -> Result<Answer, Failure> {
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

/// Whether the host passes these headers of an answer on: one byte above ASCII or a control byte makes the whole answer a 500.
pub(super) fn are_carried(headers: &Headers) -> bool {
    headers.0.iter().all(|(_, value)| value.chars().all(|byte| matches!(byte, ' '..='~' | '\t')))
}
