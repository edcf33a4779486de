//! A handler in the test's process, which keeps what it sees and answers as the test asks.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The answer to every request, if nothing else is said.
pub const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nX-Request-ID: r1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

const ANSWER_TO_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nX-Request-ID: r1\r\nContent-Length: 0\r\n\r\n";

/// What the handler does with a request.
#[derive(Clone)]
pub enum Behavior {
    /// Answers with [`ANSWER`].
    Answers,
    /// Sends these bytes and keeps the connection.
    Sends(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendsAndCloses(Vec<u8>),
    /// Sends these bytes and resets the connection.
    SendsAndResets(Vec<u8>),
    /// Sends these bytes before it reads the body, and keeps the connection.
    Refuses(Vec<u8>),
}

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Method, target and version.
    pub line: String,
    /// The other lines, sorted.
    pub headers: Vec<String>,
    /// The length of the body, once it is complete.
    pub body: usize,
}

impl Seen {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

struct State {
    behavior: Behavior,
    seen: Vec<Seen>,
    connections: usize,
}

/// A running handler.
pub struct Handler {
    pub port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Handler {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { behavior: Behavior::Answers, seen: Vec::new(), connections: 0 }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                shared.lock().unwrap().connections += 1;
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Self { port, state, task }
    }

    pub fn behave(&self, behavior: Behavior) {
        self.state.lock().unwrap().behavior = behavior;
    }

    /// What arrived since the last call.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// How many requests arrived since the last call of [`Self::take_seen`].
    pub fn count(&self) -> usize {
        self.state.lock().unwrap().seen.len()
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = find(&buffer, b"\r\n\r\n") {
                break end;
            }
            more(&mut stream, &mut buffer).await?;
        };
        let text: String = buffer.drain(..end + 4).map(char::from).collect();
        let mut lines = text.trim_end_matches("\r\n\r\n").split("\r\n").map(ToOwned::to_owned);
        let mut seen = Seen { line: lines.next()?, headers: lines.collect(), body: 0 };
        seen.headers.sort();
        let (index, behavior) = {
            let mut state = state.lock().unwrap();
            state.seen.push(seen.clone());
            (state.seen.len() - 1, state.behavior.clone())
        };
        if let Behavior::Refuses(bytes) = &behavior {
            stream.write_all(bytes).await.ok()?;
        } else if seen.header("expect").is_some_and(|value| value == "100-continue") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
        }
        let length = read_body(&mut stream, &mut buffer, &seen).await?;
        if let Some(seen) = state.lock().unwrap().seen.get_mut(index) {
            seen.body = length;
        }
        match behavior {
            Behavior::Answers if seen.line.starts_with("HEAD") => stream.write_all(ANSWER_TO_HEAD).await.ok()?,
            Behavior::Answers => stream.write_all(ANSWER).await.ok()?,
            Behavior::Sends(bytes) => stream.write_all(&bytes).await.ok()?,
            Behavior::SendsAndCloses(bytes) => return stream.write_all(&bytes).await.ok(),
            Behavior::SendsAndResets(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return stream.set_zero_linger().ok();
            }
            Behavior::Refuses(_) => {}
        }
    }
}

/// Reads a body and returns its length.
async fn read_body(stream: &mut TcpStream, buffer: &mut Vec<u8>, seen: &Seen) -> Option<usize> {
    if seen.header("transfer-encoding").is_none() {
        let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        while buffer.len() < length {
            more(stream, buffer).await?;
        }
        buffer.drain(..length);
        return Some(length);
    }
    let mut total = 0;
    loop {
        let Some(end) = find(buffer, b"\r\n") else {
            more(stream, buffer).await?;
            continue;
        };
        let size = usize::from_str_radix(std::str::from_utf8(&buffer[..end]).unwrap(), 16).unwrap();
        while buffer.len() < end + size + 4 {
            more(stream, buffer).await?;
        }
        buffer.drain(..end + size + 4);
        total += size;
        if size == 0 {
            return Some(total);
        }
    }
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    (stream.read_buf(buffer).await.ok()? > 0).then_some(())
}

pub fn find(buffer: &[u8], part: &[u8]) -> Option<usize> {
    buffer.windows(part.len()).position(|bytes| bytes == part)
}
