//! Evergrant: DocuSign connections that never expire.
//!
//! The walk of a request for a token: [`cli`] starts the server → [`routes`] matches the path and reads the body → the slice of
//! the endpoint ([`token`], [`authorize`], [`consent`], [`revoke`], [`metadata`], [`setup`]) → [`docusign`] answers from its
//! cache or mints → [`signing`] signs with the key in Key Vault. [`config`] reads every setting, [`app`] puts
//! everything together, [`oauth`] is the vocabulary, [`store`] remembers across processes what is used up and revoked,
//! and [`doctor`] checks that all of it works. [`connector`] has the files by which Power Automate learns of DocuSign CLM.
//!
//! The walk of a call that passes through: [`routes`] → [`gateway`] or [`workfront`] → [`caller`] proves who calls, and in whose
//! name → [`upstream`] finds account and hosts, and calls DocuSign's API with a token of [`docusign`]'s → the [`body`] of the
//! answer goes back piece by piece. [`sign_in`] sends browsers to DocuSign, [`browser`] knows them again by their cookies.

pub mod app;
pub mod authorize;
pub mod body;
pub mod browser;
pub mod caller;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod consent;
pub mod doctor;
pub mod docusign;
pub mod failures;
pub mod gateway;
pub mod http_client;
pub mod identity;
pub mod json;
pub mod metadata;
pub mod oauth;
pub mod page;
pub mod random;
pub mod revoke;
pub mod routes;
pub mod secret;
pub mod setup;
pub mod sign_in;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod tidy_map;
pub mod token;
pub mod upstream;
pub mod workfront;
