//! Blob Storage: the real Azurite from `tests/tools`, behind TLS and with Entra tokens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::docusign::unix_now;
use crate::keys::Authority;
use crate::process::{Output, spawn};

/// The resource of Entra tokens for storage.
pub const RESOURCE: &str = "https://storage.azure.com";

/// The container URL for `EVERGRANT_STORE`.
pub const CONTAINER_URL: &str = "https://evergrantsandbox.blob.core.windows.net/evergrant";

const ACCOUNT: &str = "evergrantsandbox";
const HOST: &str = "evergrantsandbox.blob.core.windows.net";

/// A running Azurite; dropping it stops it.
#[derive(Debug)]
pub struct Azurite {
    /// Where it listens.
    pub address: SocketAddr,
    output: Output,
    _process: Child,
}

/// The Azurite program, if `npm ci` was run in `tests/tools`.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools");
    let program = tools.join("node_modules/azurite/dist/src/blob/main.js");
    program.is_file().then_some(program)
}

impl Azurite {
    /// Starts it with an empty container; its files are in `files`.
    pub async fn start(files: &Path, authority: &Authority) -> Self {
        let program = program().expect("Azurite: run `npm ci` in tests/tools, or ./test, which does");
        let certificate = authority.certify("*.blob.core.windows.net");
        let write = |name: &str, text: &str| {
            let path = files.join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let output = Output::default();
        let mut command = Command::new("node");
        command.arg(program).args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--oauth", "basic"]);
        command.args(["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]);
        command.arg("--cert").arg(write("storage.pem", &certificate.pem));
        command.arg("--key").arg(write("storage-key.pem", &certificate.key_pem));
        command.env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", STANDARD.encode([7u8; 32]))).current_dir(files);
        let process = spawn(&mut command, &output);
        let address = listening(&output).await;
        create_container(address, authority).await;
        Self { address, output, _process: process }
    }

    /// The number of requests so far, by method and prefix of the blob's name.
    #[must_use]
    pub fn requests(&self, method: &str, prefix: &str) -> usize {
        let expected = format!("\"{method} /evergrant/{}", prefix.replace('/', "%2F"));
        self.output.stdout.all().iter().filter(|line| line.contains(&expected)).count()
    }
}

/// An Entra token for Azurite, which checks audience, issuer and lifetime, but not the signature.
#[must_use]
pub fn entra_token() -> String {
    let now = unix_now();
    let claims = json!({
        "aud": RESOURCE, "iss": "https://sts.windows.net/9a8b7c6d-0000-4000-8000-e5d4c3b2a155/",
        "nbf": now - 60, "iat": now - 60, "exp": now + 86_400,
    });
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{}", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims), URL_SAFE_NO_PAD.encode("unsigned"))
}

async fn listening(output: &Output) -> SocketAddr {
    for _ in 0..1200 {
        let lines = output.stdout.all();
        let address = lines.iter().find_map(|line| line.split("successfully listens on https://").nth(1));
        if let Some(address) = address {
            return address.trim().parse().expect("an address");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Azurite did not start: {:?} {:?}", output.stdout.all(), output.stderr.all());
}

async fn create_container(address: SocketAddr, authority: &Authority) {
    let stream = TcpStream::connect(address).await.expect("Azurite to listen");
    let name = HOST.try_into().expect("a name");
    let mut stream = authority.connector().connect(name, stream).await.expect("Azurite to speak TLS");
    let request = format!(
        "PUT /evergrant?restype=container HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {}\r\n\
         x-ms-version: 2025-11-05\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        entra_token()
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 201"), "no container: {answer}");
}
