//! The environment of the broken deployments: one sandbox, and substitutes for faults that the sandbox does not have.

use std::net::SocketAddr;

use sandbox::docusign::Docusign;
use sandbox::identity::Identity;
use sandbox::keys::{Authority, RsaKey};
use sandbox::server::Server;
use sandbox::storage::CONTAINER_URL;
use sandbox::{INTEGRATION_KEY, INTEGRATION_USER, Sandbox, users};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::broken::Broken;
use super::stand_ins::{another_time, careless, storage, vault};

/// The sandbox, and an authority for the stage's own TLS servers.
pub struct Stage {
    pub sandbox: Sandbox,
    authority: Authority,
    /// Both authorities' certificates, for `SSL_CERT_FILE`.
    authorities: String,
    sealing_key: RsaKey,
}

/// Settings that differ from the sandbox's, and the server that they need.
pub struct Change {
    pub settings: Vec<(&'static str, String)>,
    pub server: Option<Server>,
}

impl Stage {
    pub async fn set() -> Self {
        let sandbox = Sandbox::start().await;
        let authority = Authority::new();
        let settings = sandbox.settings("");
        let (_, theirs) = settings.iter().find(|(name, _)| name == "SSL_CERT_FILE").unwrap();
        let both = std::fs::read_to_string(theirs).unwrap() + &authority.pem;
        let authorities = sandbox.file("authorities.pem", &both).display().to_string();
        Self { sandbox, authority, authorities, sealing_key: RsaKey::generate() }
    }

    /// Breaks one thing.
    pub async fn change(&self, broken: &Broken) -> Change {
        match broken {
            Broken::Settings(settings) => Change { settings: self.filled(settings), server: None },
            Broken::Vault(breakage) => {
                let tls = self.authority.certify("*.vault.azure.net");
                let server = vault(tls, self.sandbox.signing_key.clone(), self.sealing_key.clone(), *breakage).await;
                self.behind_tls(".vault.azure.net", server).await
            }
            Broken::VaultHost(host, settings) => {
                let proxy = detour(host, None, self.sandbox.proxy.address).await;
                Change { settings: [vec![("HTTPS_PROXY", proxy)], self.filled(settings)].concat(), server: None }
            }
            Broken::Storage(status, code) => {
                let server = storage(self.authority.certify("*.blob.core.windows.net"), *status, code).await;
                let mut change = self.behind_tls(".blob.core.windows.net", server).await;
                change.settings.push(("EVERGRANT_STORE", CONTAINER_URL.to_owned()));
                change
            }
            Broken::Identity(fault) => {
                let identity = Identity::new("", "", "");
                identity.faults.set(Some(fault.clone()));
                led_to("IDENTITY_ENDPOINT", identity.start().await)
            }
            Broken::Docusign(break_it, settings) => {
                let mut change = led_to("DOCUSIGN_OAUTH_URL", self.docusign(*break_it).await);
                change.settings.extend(self.filled(settings));
                change
            }
            Broken::Clock(seconds) => led_to("DOCUSIGN_OAUTH_URL", another_time(*seconds).await),
            Broken::Front(issuer, open) => led_to("EVERGRANT_PUBLIC_URL", careless(*issuer, open).await),
        }
    }

    /// In a setting `{next}` is the identifier of a key that `DocuSign` does not know, `{pem}` a private key in a file,
    /// `{docusign}` the account server.
    fn filled(&self, settings: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let fill = |value: &str| match value {
            "{next}" => self.sandbox.key_vault.add_key("evergrant-signing", "c2", self.sealing_key.clone()),
            "{pem}" => format!("file:{}", self.sandbox.file("key.pem", &self.sealing_key.pkcs8_pem()).display()),
            "{docusign}" => self.sandbox.docusign_url(),
            value => value.to_owned(),
        };
        settings.iter().map(|(name, value)| (*name, fill(value))).collect()
    }

    /// A copy of the sandbox's DocuSign with a fault.
    async fn docusign(&self, break_it: fn(&Docusign)) -> Server {
        let docusign = Docusign::new(INTEGRATION_KEY, None, users());
        docusign.upload_public_key(&self.sandbox.signing_key.public_pem());
        docusign.consent(INTEGRATION_USER, "signature impersonation spring_read spring_write");
        break_it(&docusign);
        docusign.start().await
    }

    /// `server` in place of every host that ends with `host`.
    async fn behind_tls(&self, host: &'static str, server: Server) -> Change {
        let proxy = detour(host, Some(server.address), self.sandbox.proxy.address).await;
        let settings = vec![("HTTPS_PROXY", proxy), ("SSL_CERT_FILE", self.authorities.clone())];
        Change { settings, server: Some(server) }
    }
}

fn led_to(setting: &'static str, server: Server) -> Change {
    Change { settings: vec![(setting, server.url())], server: Some(server) }
}

/// A proxy in front of the one at `onward`. Hosts whose name contains `part` are at `instead`, or unknown.
async fn detour(part: &'static str, instead: Option<SocketAddr>, onward: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, part, instead, onward));
        }
    });
    url
}

async fn tunnel(
    mut client: TcpStream,
    part: &str,
    instead: Option<SocketAddr>,
    onward: SocketAddr,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let led = String::from_utf8_lossy(&head).contains(part);
    let Some(to) = instead.or_else(|| (!led).then_some(onward)).map(|instead| if led { instead } else { onward })
    else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
    };
    let mut upstream = TcpStream::connect(to).await?;
    if led {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        upstream.write_all(&head).await?;
    }
    tokio::io::copy_bidirectional(&mut client, &mut upstream).await.map(drop)
}
