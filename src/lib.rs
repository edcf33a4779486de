//! Evergrant: DocuSign connections that never expire.
//!
//! A token request: [`cli`] starts the [`server`], which matches the path and reads the body → the endpoint in [`endpoints`]
//! authenticates the client and checks the grant → [`docusign`] returns a token from its cache or mints one → [`signing`]
//! signs with the key in Key Vault.
//!
//! An API call: [`server`] → [`endpoints::gateway`] or [`endpoints::workfront`] → [`endpoints::caller`] authenticates the caller
//! and chooses the DocuSign user → [`docusign::api`] finds the account and its hosts and calls DocuSign's API → the response is
//! streamed back.
//!
//! [`config`] reads every setting, [`registry`] keeps the registered clients up to date, and [`app`] builds everything.
//! [`oauth`] has the types of the RFCs, [`sealing`] creates and opens sealed tokens, [`store`] holds the state that all
//! processes share, and [`memory`] the caches of one process. [`doctor`] runs the health checks, and [`connector`] has the
//! files for Power Automate.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod doctor;
pub mod docusign;
pub mod endpoints;
pub mod identity;
pub mod memory;
pub mod oauth;
pub mod registry;
pub mod sealing;
pub mod secret;
pub mod server;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod types;
pub mod web;
