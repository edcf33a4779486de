//! Hands an address to a browser without showing it to other users of the machine, who can see the arguments of every process.
//! The browser's argument is an address on this machine, which leads to the real one once.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::secret::random;

/// How long a browser may take to start.
const BROWSER_START: Duration = Duration::from_secs(30);

/// How long a connection may take to send its request. Browsers open some that stay empty.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// More of a request is not read.
const MAX_REQUEST_BYTES: usize = 8192;

/// An address on this machine that leads to another one, once.
pub struct Handover {
    listener: TcpListener,
    local: SocketAddr,
    path: String,
    url: String,
}

impl Handover {
    /// An address that leads to `url`.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn to(url: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let local = listener.local_addr()?;
        Ok(Self { listener, local, path: format!("/{}", random::id::<32>()), url: url.to_owned() })
    }

    /// The address to open.
    pub fn address(&self) -> String {
        format!("http://{}{}", self.local, self.path)
    }

    /// Waits for the browser; false if none comes.
    pub async fn wait(&self) -> bool {
        timeout(BROWSER_START, self.serve()).await.unwrap_or(false)
    }

    async fn serve(&self) -> bool {
        // Empty connections must not keep the others waiting.
        let (sender, mut requests) = mpsc::channel(16);
        loop {
            tokio::select! {
                Ok((stream, _)) = self.listener.accept() => {
                    tokio::spawn(receive(stream, sender.clone()));
                }
                Some((stream, path)) = requests.recv() => {
                    let is_browser = path == self.path && owner::may_ask(&stream, self.local);
                    answer(stream, is_browser.then_some(self.url.as_str())).await;
                    if is_browser {
                        return true;
                    }
                }
            }
        }
    }
}

/// Reads a request, and passes on its path.
async fn receive(mut stream: TcpStream, sender: mpsc::Sender<(TcpStream, String)>) {
    let mut head = Vec::new();
    let read = async {
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_REQUEST_BYTES {
            if stream.read_buf(&mut head).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    if let Ok(Ok(())) = timeout(REQUEST_TIMEOUT, read).await {
        let head = String::from_utf8_lossy(&head);
        let path = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        // The receiver is gone once the browser has come.
        let _ = sender.send((stream, path.to_owned())).await;
    }
}

async fn answer(mut stream: TcpStream, location: Option<&str>) {
    let head = location.map_or_else(
        || "404 Not Found\r\n".to_owned(),
        |url| {
            format!("303 See Other\r\nlocation: {url}\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n")
        },
    );
    let text = format!("HTTP/1.1 {head}content-length: 0\r\nconnection: close\r\n\r\n");
    // A browser that hung up gets nothing.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Who is at the other end of a connection.
#[cfg(target_os = "linux")]
mod owner {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::net::TcpStream;

    /// The state of a socket that listens, in `/proc/net/tcp`.
    const LISTENS: &str = "0A";
    const ROOT: &str = "0";

    /// Whether the program at the other end of `stream` belongs to this user, as far as the system says. Windows' browsers reach
    /// WSL through a program of root.
    pub fn may_ask(stream: &TcpStream, local: SocketAddr) -> bool {
        let (Ok(sockets), Ok(peer)) = (std::fs::read_to_string("/proc/net/tcp"), stream.peer_addr()) else {
            return true;
        };
        let own = owner(&sockets, local, Some(LISTENS));
        owner(&sockets, peer, None).is_none_or(|other| other == ROOT || own.is_none_or(|own| own == other))
    }

    /// The user who owns the socket at `address`.
    fn owner(sockets: &str, address: SocketAddr, state: Option<&str>) -> Option<String> {
        let SocketAddr::V4(address) = address else { return None };
        let place = format!("{:08X}:{:04X}", u32::from_le_bytes(Ipv4Addr::octets(address.ip())), address.port());
        let rows = sockets.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let row = rows
            .into_iter()
            .find(|row| row.get(1) == Some(&place.as_str()) && state.is_none_or(|state| row.get(3) == Some(&state)))?;
        row.get(7).map(|user| (*user).to_owned())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_owner_of_a_socket_is_found_by_its_address() {
            let sockets = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0\n\
                   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0\n";
            for (address, state, expected) in [
                ("127.0.0.1:8080", Some(LISTENS), Some("1000")),
                ("127.0.0.1:40000", None, Some("1001")),
                ("127.0.0.1:40000", Some(LISTENS), None),
                ("127.0.0.2:8080", None, None),
                ("[::1]:8080", None, None),
            ] {
                assert_eq!(owner(sockets, address.parse().unwrap(), state).as_deref(), expected, "{address}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod owner {
    use std::net::SocketAddr;

    use tokio::net::TcpStream;

    pub fn may_ask(_: &TcpStream, _: SocketAddr) -> bool {
        true
    }
}
