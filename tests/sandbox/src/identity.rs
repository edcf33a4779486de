//! The managed-identity endpoint of App Service and Functions: `GET ?api-version=2019-08-01&resource=…`.

use std::sync::{Arc, Mutex, OnceLock};

use http::Request;
use hyper::body::Incoming;
use serde_json::json;
use url::form_urlencoded;

use crate::fault::Faults;
use crate::issuers::Entra;
use crate::server::{self, Reply, Server};
use crate::storage;

/// The simulated endpoint.
#[derive(Debug)]
pub struct Identity {
    /// Simulated faults.
    pub faults: Arc<Faults>,
    header: String,
    client_id: String,
    entra_token: String,
    /// The `client_id` of each request.
    client_ids: Mutex<Vec<Option<String>>>,
    /// Issues the tokens for app registrations, `api://…`.
    entra: OnceLock<Arc<Entra>>,
}

impl Identity {
    /// An endpoint for the user-assigned identity `client_id`, which hands out `entra_token`.
    #[must_use]
    pub fn new(header: &str, client_id: &str, entra_token: &str) -> Arc<Self> {
        Arc::new(Self {
            faults: Arc::default(),
            header: header.to_owned(),
            client_id: client_id.to_owned(),
            entra_token: entra_token.to_owned(),
            client_ids: Mutex::default(),
            entra: OnceLock::new(),
        })
    }

    /// Starts the endpoint.
    pub async fn start(self: &Arc<Self>) -> Server {
        let this = Arc::clone(self);
        Server::start(0, move |request| Arc::clone(&this).answer(request)).await
    }

    /// Lets it issue tokens of this tenant for app registrations too.
    pub fn issue_for_apps(&self, entra: &Arc<Entra>) {
        self.entra.get_or_init(|| Arc::clone(entra));
    }

    /// The number of requests.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.client_ids().len()
    }

    /// The `client_id` of each request.
    #[must_use]
    pub fn client_ids(&self) -> Vec<Option<String>> {
        self.client_ids.lock().unwrap().clone()
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
        let value = |name: &str| form_urlencoded::parse(&query).find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        self.client_ids.lock().unwrap().push(value("client_id"));
        if let Some(struck) = self.faults.strike().await {
            return struck;
        }
        let header = request.headers().get("x-identity-header").and_then(|value| value.to_str().ok());
        let allowed = header == Some(self.header.as_str());
        // Without a client ID, the system-assigned identity is used; this app has both.
        let known = value("client_id").is_none_or(|client_id| client_id == self.client_id);
        let resource = value("resource").unwrap_or_default();
        let entra_token = match resource.as_str() {
            "https://vault.azure.net" => Some(self.entra_token.clone()),
            storage::RESOURCE => Some(storage::entra_token()),
            app if app.starts_with("api://") => self.entra.get().map(|entra| entra.identity_token(app)),
            _ => None,
        };
        let right = value("api-version").as_deref() == Some("2019-08-01");
        let Some(entra_token) = entra_token.filter(|_| allowed && known && right) else {
            return Ok(server::json(400, &json!({"statusCode": 400, "message": "no such identity"})));
        };
        let expires_on = crate::docusign::unix_now() + 86_400;
        Ok(server::json(
            200,
            &json!({
                "access_token": entra_token, "client_id": self.client_id, "expires_on": expires_on.to_string(),
                "resource": resource, "token_type": "Bearer",
            }),
        ))
    }
}
