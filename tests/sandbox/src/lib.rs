//! Everything Evergrant talks to, on this machine and over real sockets.
//!
//! [`docusign`] is the account server, [`key_vault`] the vault behind TLS, [`identity`] the managed-identity endpoint
//! and [`host`] the Functions host. [`Sandbox`] starts the first three; [`proxy`] leads the handler's calls for
//! `*.vault.azure.net` to the vault, so that the product runs unmodified, with the real Azure SDK and real challenge
//! checks. [`walk`] goes the main way once, as `cargo run -p sandbox` shows it.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test stand: what fails should fail loudly")]
#![expect(clippy::missing_panics_doc, reason = "everything here may panic when the machine does not play along")]
#![expect(clippy::disallowed_methods, reason = "the outside world has its own clock and environment")]

pub mod client;
pub mod docusign;
pub mod fault;
pub mod host;
pub mod identity;
pub mod key_vault;
pub mod keys;
pub mod manifest;
pub mod process;
pub mod proxy;
pub mod server;
mod stand;
pub mod walk;

pub use stand::{CLIENT_ID, CLIENT_SECRET, INTEGRATION_KEY, INTEGRATION_USER, OTHER_USER, Sandbox, free_port};
