//! Evergrant: DocuSign connections that never expire.
//!
//! A request for an access token: [`cli`] starts the [`server`], which matches the path and reads the body → the slice in
//! [`endpoints`] proves the client and checks the grant → [`docusign`] answers from its cache or mints → [`signing`] signs with
//! the key in Key Vault.
//!
//! A call that passes through: [`server`] → [`endpoints::gateway`] or [`endpoints::workfront`] → [`endpoints::caller`] proves who
//! calls, and in whose name → [`docusign::api`] finds account and hosts and calls DocuSign's API → the answer's body goes back
//! piece by piece.
//!
//! [`config`] reads every setting and [`app`] builds everything. [`oauth`] is the vocabulary of the RFCs, [`sealing`] makes and
//! opens sealed tokens, [`store`] keeps what all processes must know, [`memory`] what one process remembers. [`doctor`] checks that
//! everything works, and [`connector`] has the files for Power Automate.

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
pub mod random;
pub mod sealing;
pub mod secret;
pub mod server;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod types;
pub mod web;
