//! An HTTP proxy with four destinations: `CONNECT *.vault.azure.net:443` goes to the vault on this machine, `CONNECT
//! *.blob.core.windows.net:443` to the storage, `CONNECT account-d.docusign.com:443` to the account server, and `CONNECT
//! api-d.docusign.com:443` to Agreement Manager and Workflow Builder.
//!
//! All other destinations are rejected, so nothing can reach the real Azure or DocuSign by mistake.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::docusign::{ACCOUNT_HOST, PLATFORM_HOST};

/// The state of the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageWay {
    /// Connections are refused, and existing ones are closed.
    Cut,
    /// Connections are accepted but get no response.
    Silent,
    /// Connections go to this address.
    To(SocketAddr),
}

/// A running proxy; dropping it closes it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    storage: Arc<watch::Sender<StorageWay>>,
    accounts: Arc<OnceLock<SocketAddr>>,
    platform: Arc<OnceLock<SocketAddr>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to `vault`; there is no storage yet.
    pub async fn start(vault: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound address");
        let storage = Arc::new(watch::channel(StorageWay::Cut).0);
        let accounts = Arc::<OnceLock<SocketAddr>>::default();
        let platform = Arc::<OnceLock<SocketAddr>>::default();
        let (way, to_accounts, to_platform) = (Arc::clone(&storage), Arc::clone(&accounts), Arc::clone(&platform));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let docusign = [(ACCOUNT_HOST, to_accounts.get()), (PLATFORM_HOST, to_platform.get())];
                let docusign = docusign.map(|(host, address)| (host, address.copied()));
                tokio::spawn(tunnel(stream, vault, docusign, way.subscribe()));
            }
        });
        Self { address, storage, accounts, platform, task }
    }

    /// Leads connections to Agreement Manager and Workflow Builder to `address`.
    pub fn lead_platform(&self, address: SocketAddr) {
        self.platform.get_or_init(|| address);
    }

    /// Leads connections to DocuSign's account server to `address`.
    pub fn lead_accounts(&self, address: SocketAddr) {
        self.accounts.get_or_init(|| address);
    }

    /// Changes the state of the storage and closes its connections.
    pub fn lead_storage(&self, way: StorageWay) {
        self.storage.send_replace(way);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tunnel(
    mut client: TcpStream,
    vault: SocketAddr,
    docusign: [(&'static str, Option<SocketAddr>); 2],
    mut way: watch::Receiver<StorageWay>,
) -> std::io::Result<()> {
    no_delay(&client);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 8192 {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    if target.ends_with(".vault.azure.net:443") {
        return connect(&mut client, vault).await;
    }
    let mut docusign = docusign.into_iter().filter(|(host, _)| target.strip_suffix(":443") == Some(*host));
    if let Some(address) = docusign.find_map(|(_, address)| address) {
        return connect(&mut client, address).await;
    }
    let storage = *way.borrow_and_update();
    match storage {
        StorageWay::To(storage) if target.ends_with(".blob.core.windows.net:443") => tokio::select! {
            done = connect(&mut client, storage) => done,
            _ = way.changed() => Ok(()),
        },
        StorageWay::Silent if target.ends_with(".blob.core.windows.net:443") => {
            let _ = way.changed().await;
            Ok(())
        }
        _ => client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await,
    }
}

/// Disables Nagle's algorithm, which would add 40 ms to a TLS handshake.
fn no_delay(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
}

async fn connect(client: &mut TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(to).await?;
    no_delay(&upstream);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    tokio::io::copy_bidirectional(client, &mut upstream).await?;
    Ok(())
}
