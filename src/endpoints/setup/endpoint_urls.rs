//! The URLs of our endpoints as data. Pure.

use serde::Serialize;

use crate::types::{BaseUrl, own_paths};

/// Our endpoints.
#[derive(Debug, Serialize)]
pub struct EndpointUrls {
    /// `/oauth/authorize`.
    pub authorization: String,
    /// `/oauth/token`.
    pub token: String,
    /// `/oauth/revoke`.
    pub revocation: String,
    /// `/.well-known/oauth-authorization-server`.
    pub metadata: String,
    /// `/gateway`, below which DocuSign's APIs are.
    pub gateway: String,
    /// `/workfront/v1`: Workfront's Base API URL.
    pub workfront: String,
}

impl EndpointUrls {
    /// The endpoints of `issuer`.
    #[must_use]
    pub fn of(issuer: &BaseUrl) -> Self {
        Self {
            authorization: issuer.join(own_paths::AUTHORIZE),
            token: issuer.join(own_paths::TOKEN),
            revocation: issuer.join(own_paths::REVOKE),
            metadata: issuer.join(own_paths::METADATA),
            gateway: issuer.join(own_paths::GATEWAY),
            workfront: issuer.join(own_paths::WORKFRONT),
        }
    }
}
