//! The HTTP server: warp, with one filter per route.
//!
//! [`routes`] composes the filters, the token route first. [`paths`] lists the path and methods of each function folder.
//! [`request`] reads a request (id, headers and body), its endpoint responds, and the response gets an `x-request-id` and one
//! log line. Until the settings are right, [`not_configured`] responds in their place ([`Serving`]). [`fallback`] responds when
//! no route accepts a request: 404 and 405 with `Allow`. [`mod@panic`] responds if an endpoint panics, [`health`] to probes.

mod body;
mod fallback;
mod health;
mod not_configured;
mod panic;
mod paths;
mod request;
mod routes;
mod serving;

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::endpoints::authorize::AuthorizeEndpoint;
use crate::endpoints::consent::ConsentCallback;
use crate::endpoints::gateway::Gateway;
use crate::endpoints::metadata::MetadataEndpoint;
use crate::endpoints::revoke::RevokeEndpoint;
use crate::endpoints::setup::SetupEndpoint;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::triggers::Triggers;
use crate::endpoints::workfront::Workfront;
pub use paths::{Methods, ROUTES, Route};
pub use serving::Serving;

/// The endpoints behind the routes.
pub struct Endpoints {
    /// `POST /oauth/token`.
    pub token: TokenEndpoint,
    /// `GET /oauth/authorize[/{client_id}]`.
    pub authorize: AuthorizeEndpoint,
    /// `GET /.well-known/oauth-authorization-server`.
    pub metadata: MetadataEndpoint,
    /// `POST /oauth/revoke`.
    pub revoke: RevokeEndpoint,
    /// `GET /consent/callback`.
    pub consent: ConsentCallback,
    /// `GET /setup`.
    pub setup: SetupEndpoint,
    /// `/gateway/…`.
    pub gateway: Gateway,
    /// `/workfront/…`.
    pub workfront: Workfront,
    /// `GET /triggers/…`.
    pub triggers: Triggers,
}

/// Serves `endpoints` until `stop` resolves, then finishes the requests in progress.
pub async fn serve(listener: TcpListener, endpoints: Arc<Endpoints>, stop: impl Future<Output = ()> + Send + 'static) {
    let serving = Serving::default();
    serving.set_endpoints(endpoints);
    serve_when_configured(listener, serving, stop).await;
}

/// Serves what `serving` has until `stop` resolves, then finishes the requests in progress.
pub async fn serve_when_configured(
    listener: TcpListener,
    serving: Serving,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    warp::serve(routes::all(&serving)).incoming(listener).graceful(stop).run().await;
}
