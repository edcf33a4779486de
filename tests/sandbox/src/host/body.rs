//! Bodies, and how their end is found.

use bytes::{Buf, Bytes, BytesMut};

use super::wire::Wire;

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Empty,
    Length(u64),
    Chunked,
    /// Until the connection is closed.
    UntilEnd,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    Malformed,
    CutOff,
    TooLarge,
}

enum State {
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilEnd,
    Done,
}

enum Step {
    Piece(Bytes),
    NeedsMore,
    Done,
}

/// A body that is being read.
pub(super) struct Body {
    state: State,
    pub(super) framing: Framing,
    /// The bytes left of the size limit, which counts the framing of chunks, too.
    allowance: u64,
    /// The answer to `Expect: 100-continue`, sent when the body is waited for.
    pub(super) continue_due: bool,
}

impl Body {
    pub(super) fn new(framing: Framing, limit: u64) -> Self {
        let state = match framing {
            Framing::Empty | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilEnd => State::UntilEnd,
        };
        Self { state, framing, allowance: limit, continue_due: false }
    }

    /// The next piece; `None` after the last one.
    pub(super) async fn next(&mut self, wire: &mut Wire) -> Result<Option<Bytes>, BodyFault> {
        loop {
            match self.step(&mut wire.buffer)? {
                Step::Piece(piece) => return Ok(Some(piece)),
                Step::Done => return Ok(None),
                Step::NeedsMore => {}
            }
            if std::mem::take(&mut self.continue_due) {
                let _ = wire.send(b"HTTP/1.1 100 Continue\r\n\r\n").await;
            }
            match wire.fill().await {
                Ok(true) => {}
                Ok(false) if matches!(self.state, State::UntilEnd) => self.state = State::Done,
                _ => return Err(BodyFault::CutOff),
            }
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Reads what is left.
    pub(super) async fn rest(&mut self, wire: &mut Wire) -> Result<Bytes, BodyFault> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.next(wire).await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// Reads what is left and drops it.
    pub(super) async fn skip(&mut self, wire: &mut Wire) -> Result<(), BodyFault> {
        while self.next(wire).await?.is_some() {}
        Ok(())
    }

    fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, BodyFault> {
        loop {
            let before = buffer.len();
            let step = self.take(buffer);
            let taken = (before - buffer.len()) as u64;
            self.allowance = self.allowance.checked_sub(taken).ok_or(BodyFault::TooLarge)?;
            if let Some(step) = step? {
                return Ok(step);
            }
        }
    }

    /// One step; `None` if the next one can follow.
    fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Step>, BodyFault> {
        match self.state {
            State::Done => return Ok(Some(Step::Done)),
            _ if buffer.is_empty() => return Ok(Some(Step::NeedsMore)),
            State::UntilEnd => return Ok(Some(Step::Piece(buffer.split().freeze()))),
            State::Length(left) => {
                let piece = take_up_to(buffer, left);
                let left = left - piece.len() as u64;
                self.state = if left == 0 { State::Done } else { State::Length(left) };
                return Ok(Some(Step::Piece(piece)));
            }
            State::Chunk(left) => {
                let piece = take_up_to(buffer, left);
                let left = left - piece.len() as u64;
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                return Ok(Some(Step::Piece(piece)));
            }
            State::ChunkSize => match chunk_line(buffer)? {
                None => return Ok(Some(Step::NeedsMore)),
                Some(line) => self.state = chunk_size(&line)?.map_or(State::Trailers, State::Chunk),
            },
            State::ChunkEnd => match buffer.get(..2) {
                None if buffer[0] == b'\r' => return Ok(Some(Step::NeedsMore)),
                Some(b"\r\n") => {
                    buffer.advance(2);
                    self.state = State::ChunkSize;
                }
                _ => return Err(BodyFault::Malformed),
            },
            State::Trailers => match chunk_line(buffer)? {
                None => return Ok(Some(Step::NeedsMore)),
                Some(line) if line.is_empty() => self.state = State::Done,
                Some(_) => {}
            },
        }
        Ok(None)
    }
}

fn take_up_to(buffer: &mut BytesMut, most: u64) -> Bytes {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
    buffer.split_to(length).freeze()
}

/// A line of the framing, which must end in CR and LF.
fn chunk_line(buffer: &mut BytesMut) -> Result<Option<Bytes>, BodyFault> {
    let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = buffer.split_to(end + 1).freeze();
    line.strip_suffix(b"\r\n").map(|line| Some(Bytes::copy_from_slice(line))).ok_or(BodyFault::Malformed)
}

/// A chunk of a body.
pub(super) fn chunk(piece: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}

/// The size of a chunk; `None` for the last one. Extensions are dropped.
fn chunk_size(line: &[u8]) -> Result<Option<u64>, BodyFault> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let text = std::str::from_utf8(digits).map_err(|_| BodyFault::Malformed)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BodyFault::Malformed);
    }
    let size = u64::from_str_radix(text, 16).map_err(|_| BodyFault::Malformed)?;
    Ok((size > 0).then_some(size))
}
