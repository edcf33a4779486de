//! Who is registered where: DocuSign's users and the app's clients.

use serde_json::{Value, json};

use crate::docusign::User;
use crate::stand::Sandbox;
use crate::wire::digest;

/// The integration key that the sandbox's DocuSign knows.
pub const INTEGRATION_KEY: &str = "7c2b8d7e-3f5a-4f0e-9d5b-2a6f1e0c4b11";
/// The user that the app acts as.
pub const INTEGRATION_USER: &str = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
/// Another user of the account.
pub const OTHER_USER: &str = "c0ffee00-1b2c-4d3e-8f40-5a6b7c8d9e33";
/// The client for scripts.
pub const CLIENT_ID: &str = "sandbox-client";
/// Power Platform's client.
pub const POWER_AUTOMATE_ID: &str = "power-automate";
/// Workfront's client.
pub const WORKFRONT_ID: &str = "workfront";
/// The secret of all of them, worth nothing outside the sandbox.
pub const CLIENT_SECRET: &str = "sandbox secret, worth nothing";
/// The function key of the setup page.
pub const SETUP_KEY: &str = "sandbox-function-key";

impl Sandbox {
    /// `EVERGRANT_CLIENTS` of the sandbox.
    #[must_use]
    pub fn clients(&self) -> Value {
        let digest = digest(CLIENT_SECRET);
        json!([
            {"client_id": CLIENT_ID, "client_secret_sha256": [digest], "grant_types": ["client_credentials"],
             "subject": "integration_user", "scope": "signature spring_read spring_write"},
            {"client_id": POWER_AUTOMATE_ID, "client_secret_sha256": [digest], "profile": "power_automate",
             "grant_types": ["authorization_code", "refresh_token"], "subject": "integration_user",
             "scope": "signature spring_read spring_write", "redirect_uris": [self.power_platform.redirect_uri()]},
            {"client_id": WORKFRONT_ID, "client_secret_sha256": [digest], "profile": "workfront",
             "grant_types": ["authorization_code", "refresh_token"], "subject": "signed_in_user",
             "scope": "spring_read spring_write", "redirect_uris": [self.workfront.redirect_uri()]},
        ])
    }
}

/// The users of DocuSign's account.
#[must_use]
pub fn users() -> Vec<User> {
    let user = |sub: &str, name: &str, email: &str| User {
        sub: sub.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        active: true,
    };
    vec![
        user(INTEGRATION_USER, "Integration Robot", "robot@example.org"),
        user(OTHER_USER, "Other Person", "other@example.org"),
    ]
}
