//! Evergrant: DocuSign connections that never expire.
//!
//! The walk of a request: [`cli`] starts the server → [`routes`] matches the path and reads the body → the slice of
//! the endpoint ([`token`], [`consent`]) → [`docusign`] answers from its cache or mints → [`signing`] signs with the
//! key in Key Vault. [`config`] reads every setting, [`app`] puts everything together, [`oauth`] is the vocabulary.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod consent;
pub mod docusign;
pub mod http_client;
pub mod oauth;
pub mod random;
pub mod routes;
pub mod secret;
pub mod signing;
pub mod telemetry;
pub mod token;
