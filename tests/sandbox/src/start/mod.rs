//! The start page of `cargo run -p sandbox`: all parts, the counters, the faults as buttons, and the log as it happens.

mod feed;
mod line;
mod open;
mod page;

use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::body::Incoming;

use crate::Sandbox;
use crate::consent_link::ConsentLinks;
use crate::examples::Addresses;
use crate::host::FunctionsHost;
use crate::html::redirect;
use crate::server::{Body, Reply, Server, reply};

pub use open::open;

/// What the page shows.
pub struct Start {
    sandbox: Arc<Sandbox>,
    host: Arc<FunctionsHost>,
    addresses: Addresses,
    links: ConsentLinks,
}

impl Start {
    /// Serves the page on `port`, or on any port if that is 0, and returns its addresses.
    pub async fn serve(
        sandbox: &Arc<Sandbox>,
        host: &Arc<FunctionsHost>,
        port: u16,
        links: ConsentLinks,
    ) -> (Server, Addresses) {
        let addresses = Addresses { host: host.url(), start: String::new() };
        let (sandbox, host) = (Arc::clone(sandbox), Arc::clone(host));
        let this = Arc::new(Self { sandbox, host, links, addresses: addresses.clone() });
        let server = Server::start(port, move |request| Arc::clone(&this).answer(request)).await;
        let start = server.url();
        (server, Addresses { start, ..addresses })
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let query = request.uri().query().unwrap_or_default();
        Ok(match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.page(),
            (&Method::GET, "/consent") => match self.links.print().await {
                Ok(link) => redirect(&link),
                Err(message) => reply(500, "text/plain", message),
            },
            (&Method::GET, "/events") => self.events(),
            (&Method::POST, "/fault") => match self.sandbox.docusign.switch(query) {
                Ok(_) => back("/#faults"),
                Err(text) => reply(400, "text/plain", text),
            },
            (&Method::POST, "/restart") => {
                self.host.restart().await;
                back("/#faults")
            }
            (&Method::POST, "/start-over") => {
                self.sandbox.start_over();
                back("/")
            }
            _ => reply(404, "text/plain", "not found\n"),
        })
    }

    /// What changes on the page: its id, its name and its value.
    fn live(&self) -> [(&'static str, &'static str, String); 8] {
        let Sandbox { key_vault, docusign, power_platform, workfront, .. } = &*self.sandbox;
        let state = |is_connected| if is_connected { "connected" } else { "not connected" }.to_owned();
        [
            ("power-automate", "Power Automate", state(power_platform.connection().is_some())),
            ("workfront", "Workfront", state(workfront.is_connected())),
            ("signatures", "Key Vault's signatures", key_vault.signatures().to_string()),
            ("exchanges", "DocuSign's exchanges", docusign.exchanges().to_string()),
            ("attempts", "Power Automate's requests", power_platform.attempts().to_string()),
            ("calls", "Workfront's calls", workfront.calls().to_string()),
            ("refreshes", "Workfront's refreshes", workfront.refreshes().to_string()),
            ("starts", "Starts of the app", self.host.starts().to_string()),
        ]
    }
}

/// Back to the page after a button was pressed.
fn back(target: &str) -> Response<Body> {
    let mut response = redirect(target);
    *response.status_mut() = http::StatusCode::SEE_OTHER;
    response
}
