//! Simulators of everything Evergrant connects to, on this machine and over real sockets.
//!
//! [`docusign`] is the account server, [`clm`] the CLM API, [`key_vault`] the vault behind TLS, [`identity`] the
//! managed-identity endpoint, [`issuers`] are issuers that vouch for callers, [`storage`] the real Azurite, [`blobs`] a
//! container that can lie and [`host`] the Functions host. [`power_platform`] and [`workfront`] are clients. [`Sandbox`] starts
//! all of them except the host. [`proxy`] redirects calls to `*.vault.azure.net` and `*.blob.core.windows.net` to this machine,
//! so that the product runs unmodified, with the real Azure SDK. [`walk`] runs the main use cases with a [`browser`], as shown
//! by `cargo run -p sandbox`; [`start`] is its start page and [`examples`] what to try. [`bulk`] generates large contents.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "test code should fail loudly")]
#![expect(clippy::missing_panics_doc, reason = "test code may panic")]
#![expect(clippy::disallowed_methods, reason = "the simulators have their own clock and environment")]

pub mod blobs;
pub mod browser;
pub mod bulk;
pub mod client;
pub mod clm;
pub mod consent_link;
pub mod docusign;
pub mod examples;
pub mod fault;
pub mod flows;
pub mod host;
pub mod html;
pub mod identity;
pub mod issuers;
pub mod key_vault;
pub mod keys;
pub mod manifest;
pub mod power_platform;
pub mod process;
pub mod proxy;
mod registry;
pub mod server;
mod servers;
pub mod share_point;
pub mod site;
pub mod start;
pub mod storage;
pub mod walk;
mod wire;
pub mod workfront;

pub use registry::{
    API_KEY, CLIENT_ID, CLIENT_SECRET, CLOSED_EMAIL, CLOSED_USER, GATEWAY_API_KEY, GATEWAY_ID, IDENTITY_ID,
    INTEGRATION_EMAIL, INTEGRATION_KEY, INTEGRATION_USER, OTHER_EMAIL, OTHER_USER, POWER_AUTOMATE_ID, SETUP_KEY, TWINS,
    TWINS_EMAIL, WORKFLOW_ID, WORKFRONT_ID, users,
};
pub use servers::{Sandbox, free_port};
pub use wire::digest;
