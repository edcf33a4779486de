//! Entra ID: access tokens of both versions for managed identities and for people.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::docusign::unix_now;
use crate::issuers::issuer::Issuer;
use crate::issuers::keys::KeyRing;
use crate::wire::random;

/// The tenant of the sandbox.
pub const TENANT: &str = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0";
/// The object ID of a managed identity.
pub const IDENTITY_OBJECT: &str = "b0a1c2d3-4e5f-4a6b-8c7d-9e0f1a2b3c66";
/// The object ID of a person.
pub const PERSON_OBJECT: &str = "c1b2d3e4-5f60-4b7c-9d8e-0f1a2b3c4d77";
/// The client ID of the app registration that callers ask for.
pub const APP_ID: &str = "d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88";

/// Tokens of managed identities are valid for a day after they were issued, but say that this was five minutes earlier.
const DAY: u64 = 86_400;
const BACKDATED: u64 = 300;

/// The tenant's two issuers, which share their keys.
#[derive(Debug)]
pub struct Entra {
    /// The issuer of the first version, whose URL ends with a slash.
    pub first: Arc<Issuer>,
    /// The issuer of the second version.
    pub second: Arc<Issuer>,
}

impl Entra {
    /// The issuers at these base URLs.
    #[must_use]
    pub fn new(first: &str, second: &str) -> Self {
        let ring = Arc::<KeyRing>::default();
        let keys = format!("{second}/common/discovery/keys");
        let first = Issuer::new(format!("{first}/{TENANT}/"), keys, json!({}), Arc::clone(&ring));
        let url = format!("{second}/{TENANT}/v2.0");
        let keys = format!("{second}/{TENANT}/discovery/v2.0/keys");
        let second = Issuer::new(url.clone(), keys, json!({"issuer": url}), ring);
        Self { first, second }
    }

    /// The access token of a managed identity for `resource`, such as `api://…`, of the first version.
    #[must_use]
    pub fn identity_token(&self, resource: &str) -> String {
        sign(&self.first, &self.first_version(resource))
    }

    /// The same, if the app registration accepts the second version.
    #[must_use]
    pub fn identity_token_v2(&self) -> String {
        let mut claims = self.second_version(IDENTITY_OBJECT, IDENTITY_OBJECT);
        claims["exp"] = (unix_now() + DAY).into();
        sign(&self.second, &claims)
    }

    /// The access token of a person who is signed in with the Azure CLI, of the second version.
    #[must_use]
    pub fn person_token(&self) -> String {
        // The subject of a person is another one for each app registration.
        let mut claims = self.second_version(PERSON_OBJECT, "pairwise-subject-of-this-app");
        claims["azp"] = "04b07795-8ddb-461a-bbee-02f9e1bf7b46".into();
        claims["scp"] = "user_impersonation".into();
        claims["preferred_username"] = "ada@contoso.example".into();
        sign(&self.second, &claims)
    }

    fn first_version(&self, resource: &str) -> Value {
        let issued_at = unix_now() - BACKDATED;
        json!({
            "aud": resource, "iss": self.first.url(), "iat": issued_at, "nbf": issued_at,
            "exp": issued_at + BACKDATED + DAY, "aio": "E2NgYJi0c2Lu", "appid": "9a8b7c6d-0000-4000-8000-e5d4c3b2a144",
            "appidacr": "2", "idp": self.first.url(), "idtyp": "app", "oid": IDENTITY_OBJECT, "rh": "1.AXkANaKkOuK21Ug.",
            "sub": IDENTITY_OBJECT, "tid": TENANT, "uti": random(), "ver": "1.0",
            "xms_mirid": "/subscriptions/0/resourcegroups/flows/providers/Microsoft.Logic/workflows/agreements",
        })
    }

    fn second_version(&self, object: &str, subject: &str) -> Value {
        let issued_at = unix_now() - BACKDATED;
        json!({
            "aud": APP_ID, "iss": self.second.url(), "iat": issued_at, "nbf": issued_at, "exp": issued_at + 4_500,
            "aio": "E2NgYJi0c2Lu", "azp": "9a8b7c6d-0000-4000-8000-e5d4c3b2a144", "azpacr": "2", "oid": object,
            "rh": "1.AXkANaKkOuK21Ug.", "sub": subject, "tid": TENANT, "uti": random(), "ver": "2.0",
        })
    }
}

fn sign(issuer: &Issuer, claims: &Value) -> String {
    issuer.ring().sign(&json!({"typ": "JWT"}), claims)
}
