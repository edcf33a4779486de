//! A minimal HTTP/1.1 client, because the time of a client library would be measured too.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::Result;

/// More than the product's time limit for a response.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The bytes of `POST /oauth/token` with a form.
#[must_use]
pub fn token_request(form: &str) -> Vec<u8> {
    let length = form.len();
    format!(
        "POST /oauth/token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n\r\n{form}"
    )
    .into_bytes()
}

/// Whether there is a response to `GET /`.
#[must_use]
pub fn answers(address: SocketAddr) -> bool {
    let request = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    exchange(address, request, &mut [0; 12]).is_ok()
}

/// Sends a request and fills `start` with the start of the response: `HTTP/1.1 200` is 12 bytes.
///
/// # Errors
/// If there is no response.
pub fn exchange(address: SocketAddr, request: &[u8], start: &mut [u8]) -> std::io::Result<()> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(request)?;
    stream.read_exact(start)
}

/// A persistent connection.
#[derive(Debug)]
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// If nothing listens there.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(1024, stream)))
    }

    /// Sends a request, or several at once.
    ///
    /// # Errors
    /// If the connection is broken.
    pub async fn send(&mut self, requests: &[u8]) -> Result<()> {
        Ok(self.0.write_all(requests).await?)
    }

    /// Reads the next response and returns its status.
    ///
    /// # Errors
    /// If there is none, or it has no length.
    pub async fn receive(&mut self) -> Result<u16> {
        tokio::time::timeout(ANSWER_WITHIN, self.read()).await?
    }

    async fn read(&mut self) -> Result<u16> {
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err("the connection was closed".into());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
                None => status = line.split(' ').nth(1).and_then(|status| status.parse().ok()),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        status.ok_or_else(|| "a response without a status".into())
    }
}
