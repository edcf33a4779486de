//! GitHub Actions: the issuer, and the endpoint that a job asks for its token.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::docusign::unix_now;
use crate::issuers::issuer::{Issuer, not_found};
use crate::server::{self, Body, Server};
use crate::wire::{parameter, random};

/// The repository whose workflow calls.
pub const REPOSITORY: &str = "contoso/agreements";
/// Its identifier, which stays the same if it is renamed.
pub const REPOSITORY_ID: u64 = 704_112_233;
/// The environment of the job.
pub const ENVIRONMENT: &str = "production";
/// What a job proves itself with to the endpoint that issues its token.
const REQUEST_TOKEN: &str = "request token of the job, worth nothing";

/// The issuer.
#[derive(Debug)]
pub struct Github {
    /// Its discovery document and keys.
    pub issuer: Arc<Issuer>,
}

impl Github {
    /// The issuer at this base URL.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let keys = format!("{base}/.well-known/jwks");
        Self { issuer: Issuer::new(base.to_owned(), keys, json!({"alg": "RS256"}), Arc::default()) }
    }

    /// The claims of a job in [`ENVIRONMENT`] on the branch `main`.
    #[must_use]
    pub fn claims(&self, audience: &str) -> Value {
        let now = unix_now();
        let workflow = format!("{REPOSITORY}/.github/workflows/agreements.yml@refs/heads/main");
        json!({
            "iss": self.issuer.url(), "aud": audience, "jti": random(), "iat": now, "nbf": now - 300, "exp": now + 300,
            // Repositories that are older than July 2026 have no identifiers in it.
            "sub": format!("repo:contoso@51234/agreements@{REPOSITORY_ID}:environment:{ENVIRONMENT}"),
            "repository": REPOSITORY, "repository_id": REPOSITORY_ID.to_string(), "repository_owner": "contoso",
            "repository_owner_id": "51234", "repository_visibility": "private", "environment": ENVIRONMENT,
            "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true", "base_ref": "", "head_ref": "",
            "event_name": "push", "actor": "ada", "actor_id": "4711", "run_id": "1", "run_number": "1", "run_attempt": "1",
            "sha": "3f5c0e6c8a5b4d1f9e2a7b6c5d4e3f2a1b0c9d8e", "workflow": "Agreements", "workflow_ref": workflow,
            "job_workflow_ref": workflow, "runner_environment": "github-hosted",
        })
    }

    /// A token with these claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.issuer.ring().sign(&json!({"typ": "JWT"}), claims)
    }

    /// The token of a job for `audience`.
    #[must_use]
    pub fn job_token(&self, audience: &str) -> String {
        self.sign(&self.claims(audience))
    }

    /// Starts the endpoint of one job, and returns what the job has in its environment.
    pub async fn start_job(self: &Arc<Self>) -> (Server, [(&'static str, String); 2]) {
        let this = Arc::clone(self);
        let server = Server::start(0, move |request| std::future::ready(Ok(this.issue(&request)))).await;
        let url = format!("{}/_apis/oidctoken?api-version=2.0", server.url());
        let environment =
            [("ACTIONS_ID_TOKEN_REQUEST_URL", url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN.to_owned())];
        (server, environment)
    }

    fn issue(&self, request: &Request<Incoming>) -> Response<Body> {
        let expected = format!("bearer {REQUEST_TOKEN}");
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if !header.is_some_and(|header| header.eq_ignore_ascii_case(&expected)) {
            return server::json(401, &json!({"message": "unauthorized"}));
        }
        let query = request.uri().query().unwrap_or_default();
        if request.uri().path() != "/_apis/oidctoken" || parameter(query, "api-version").is_none() {
            return not_found();
        }
        let audience = parameter(query, "audience").unwrap_or_else(|| "https://github.com/contoso".to_owned());
        let value = self.job_token(&audience);
        server::json(200, &json!({"count": value.len(), "value": value}))
    }
}
