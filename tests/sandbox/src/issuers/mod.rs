//! Issuers that vouch for callers without a secret: Entra ID, GitHub Actions and a Kubernetes cluster. Their keys rotate,
//! and everything can go wrong with them.

mod entra;
mod github;
mod issuer;
mod keys;
mod kubernetes;

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;

use crate::issuers::issuer::not_found;
use crate::keys::Authority;
use crate::proxy::Proxy;
use crate::server::{Reply, Server};
use crate::servers::free_port;

pub use entra::{APP_ID, Entra, IDENTITY_OBJECT, PERSON_OBJECT, TENANT};
pub use github::{ENVIRONMENT, Github, REPOSITORY, REPOSITORY_ID};
pub use issuer::{Issuer, Trouble};
pub use keys::KeyRing;
pub use kubernetes::Kubernetes;

/// The real hosts.
const HOSTS: [&str; 4] = [
    "sts.windows.net",
    "login.microsoftonline.com",
    "token.actions.githubusercontent.com",
    "westeurope.oic.prod-aks.azure.com",
];

/// All issuers.
#[derive(Debug)]
pub struct Issuers {
    /// A tenant of Entra ID.
    pub entra: Arc<Entra>,
    /// GitHub Actions.
    pub github: Arc<Github>,
    /// A cluster.
    pub kubernetes: Arc<Kubernetes>,
}

impl Issuers {
    /// Starts them at one address on loopback, where http is allowed.
    pub async fn start() -> (Arc<Self>, Server) {
        let port = free_port();
        let base = format!("http://127.0.0.1:{port}");
        let this = Self::at([&base, &base, &base, &base]);
        let server = Server::start(port, Arc::clone(&this).handler()).await;
        (this, server)
    }

    /// Starts them under their real names over https, for an app that uses `proxy` and trusts `authority`.
    pub async fn start_under_real_names(authority: &Authority, proxy: &Proxy) -> (Arc<Self>, Vec<Server>) {
        let urls = HOSTS.map(|host| format!("https://{host}"));
        let this = Self::at([&urls[0], &urls[1], &urls[2], &urls[3]]);
        let mut servers = Vec::new();
        for host in HOSTS {
            let server = Server::start_tls(authority.certify(host).acceptor, Arc::clone(&this).handler()).await;
            proxy.lead(host, server.address);
            servers.push(server);
        }
        (this, servers)
    }

    fn at([first, second, github, kubernetes]: [&str; 4]) -> Arc<Self> {
        Arc::new(Self {
            entra: Arc::new(Entra::new(first, second)),
            github: Arc::new(Github::new(github)),
            kubernetes: Arc::new(Kubernetes::new(kubernetes)),
        })
    }

    fn handler(
        self: Arc<Self>,
    ) -> impl Fn(Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync + 'static
    {
        move |request| Box::pin(Arc::clone(&self).answer(request))
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let issuers = [&self.entra.first, &self.entra.second, &self.github.issuer, &self.kubernetes.issuer];
        for issuer in issuers {
            if let Some(reply) = issuer.answer(&request).await {
                return reply;
            }
        }
        Ok(not_found())
    }
}
