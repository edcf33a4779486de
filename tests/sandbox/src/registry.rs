//! The users of DocuSign and the clients of the app.

use serde_json::{Value, json};

use crate::docusign::User;
use crate::issuers::{APP_ID, ENVIRONMENT, IDENTITY_OBJECT, REPOSITORY};
use crate::servers::Sandbox;
use crate::wire::digest;

/// The integration key of the sandbox's DocuSign.
pub const INTEGRATION_KEY: &str = "7c2b8d7e-3f5a-4f0e-9d5b-2a6f1e0c4b11";
/// The user that the app acts as.
pub const INTEGRATION_USER: &str = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
/// Another user of the account, who may not see or change everything in CLM.
pub const OTHER_USER: &str = "c0ffee00-1b2c-4d3e-8f40-5a6b7c8d9e33";
/// A user whose account is closed.
pub const CLOSED_USER: &str = "dead0000-2c3d-4e4f-8a51-6b7c8d9eaf44";
/// E-mail address of [`CLOSED_USER`].
pub const CLOSED_EMAIL: &str = "leaver@example.org";
/// Two users who share [`TWINS_EMAIL`].
pub const TWINS: [&str; 2] = ["7a110001-3d4e-4f50-9b62-7c8d9eafb055", "7a110002-3d4e-4f50-9b62-7c8d9eafb066"];
/// An e-mail address that two users share.
pub const TWINS_EMAIL: &str = "team@example.org";
/// E-mail address of [`INTEGRATION_USER`].
pub const INTEGRATION_EMAIL: &str = "robot@example.org";
/// E-mail address of [`OTHER_USER`].
pub const OTHER_EMAIL: &str = "other@example.org";
/// The client for scripts.
pub const CLIENT_ID: &str = "sandbox-client";
/// Power Platform's client.
pub const POWER_AUTOMATE_ID: &str = "power-automate";
/// Workfront's client.
pub const WORKFRONT_ID: &str = "workfront";
/// The secret of every client, for the sandbox only.
pub const CLIENT_SECRET: &str = "sandbox secret, worth nothing";
/// The client for gateway calls with an API key.
pub const GATEWAY_ID: &str = "gateway";
/// The client for a GitHub workflow, which has no secret.
pub const WORKFLOW_ID: &str = "workflow";
/// The client for a managed identity, which has no secret.
pub const IDENTITY_ID: &str = "identity";
/// The API key of Workfront's client.
pub const API_KEY: &str = "sandbox api key, worth nothing";
/// The API key of the gateway's client.
pub const GATEWAY_API_KEY: &str = "sandbox gateway key, worth nothing";
/// The function key of the setup page.
pub const SETUP_KEY: &str = "sandbox-function-key";

impl Sandbox {
    /// `EVERGRANT_CLIENTS` of the sandbox.
    #[must_use]
    pub fn clients(&self) -> Value {
        let (api_key, gateway_api_key, digest) = (digest(API_KEY), digest(GATEWAY_API_KEY), digest(CLIENT_SECRET));
        json!([
            {"client_id": CLIENT_ID, "client_secret_sha256": [digest], "grant_types": ["client_credentials"],
             "subject": "integration_user", "scope": "signature spring_read spring_write"},
            {"client_id": POWER_AUTOMATE_ID, "client_secret_sha256": [digest], "profile": "power_automate",
             "grant_types": ["authorization_code", "refresh_token"], "subject": "integration_user",
             "scope": "signature spring_read spring_write", "redirect_uris": [self.power_platform.redirect_uri()]},
            {"client_id": WORKFRONT_ID, "client_secret_sha256": [digest], "profile": "workfront",
             "grant_types": ["authorization_code", "refresh_token"], "subject": "signed_in_user",
             "scope": "spring_read spring_write", "redirect_uris": [self.workfront.redirect_uri()],
             "access_token": "sealed", "api_key_sha256": [api_key]},
            {"client_id": GATEWAY_ID, "client_secret_sha256": [digest], "grant_types": ["client_credentials"],
             "subject": "integration_user", "scope": "signature spring_read spring_write", "access_token": "sealed",
             "api_key_sha256": [gateway_api_key],
             "gateway_allow": ["* /clm/", "* /clm-upload/", "* /clm-download/", "* /esign/", "GET /triggers/"]},
        ])
    }
}

impl Sandbox {
    /// The clients of an app at `public_url`, and callers without a secret.
    ///
    /// # Panics
    /// If [`Self::clients`] is no list.
    #[must_use]
    pub fn clients_and_callers(&self, public_url: &str) -> Value {
        let (github, entra) = (self.issuers.github.issuer.url(), self.issuers.entra.first.url());
        let mut clients = self.clients();
        clients.as_array_mut().expect("a list").extend([
            json!({"client_id": WORKFLOW_ID, "grant_types": ["client_credentials"], "trust": [{"issuer": github,
                "audience": public_url, "claims": {"repository": REPOSITORY, "environment": ENVIRONMENT}}]}),
            json!({"client_id": IDENTITY_ID, "grant_types": [], "gateway_allow": ["GET /clm/"], "trust": [{"issuer": entra,
                "audience": format!("api://{APP_ID}"), "claims": {"oid": IDENTITY_OBJECT}}]}),
        ]);
        clients
    }
}

/// The users of DocuSign's account.
#[must_use]
pub fn users() -> Vec<User> {
    let user = |sub: &str, name: &str, email: &str| User {
        sub: sub.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        active: sub != CLOSED_USER,
    };
    vec![
        user(INTEGRATION_USER, "Integration Robot", INTEGRATION_EMAIL),
        user(OTHER_USER, "Other Person", OTHER_EMAIL),
        user(CLOSED_USER, "Former Colleague", CLOSED_EMAIL),
        user(TWINS[0], "Team One", TWINS_EMAIL),
        user(TWINS[1], "Team Two", TWINS_EMAIL),
    ]
}
