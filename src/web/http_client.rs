//! The HTTP client for everything upstream: time-outs set, redirects refused, rustls.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// How long one request may take unless it says otherwise; the try limit of Key Vault.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// Connections that have idled this long are not trusted any more. Below the common 60 s and more of load balancers.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// A [`reqwest::Client`] built at first use, because reading the machine's CA certificates takes
/// milliseconds that the way to listening does not have, nor any thread that answers requests.
#[derive(Debug, Default)]
pub struct HttpClient(OnceCell<reqwest::Client>);

impl HttpClient {
    /// The client; built now if this is the first use.
    pub async fn get(&self) -> &reqwest::Client {
        self.0.get_or_init(|| async { spawn_blocking(build).await.unwrap_or_else(|_| build()) }).await
    }
}

#[expect(clippy::expect_used, reason = "a client with other limits would be worse than none")]
fn build() -> reqwest::Client {
    let builder = || {
        reqwest::Client::builder()
            .timeout(DEFAULT_TIMEOUT)
            .connect_timeout(DEFAULT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .user_agent(concat!("evergrant/", env!("CARGO_PKG_VERSION")))
    };
    builder().build().unwrap_or_else(|_| {
        // A machine without CA certificates can still reach loopback over http; https fails with an error of its own.
        tracing::warn!(
            event = "no_ca_certificates",
            "no CA certificates found: every https call will fail; set SSL_CERT_FILE"
        );
        builder().tls_certs_only([]).build().expect("a client without certificates depends on nothing")
    })
}
