//! The slices: one room per endpoint, and what some of them share.
//!
//! [`token`], [`authorize`], [`consent`], [`revoke`] and [`metadata`] are the authorization server, [`setup`] is the operator's page,
//! [`gateway`] and [`workfront`] pass calls through. [`caller`] proves who calls the last two; [`sign_in`] sends a browser to sign in
//! at DocuSign. Slices never import each other.

pub mod authorize;
pub mod caller;
pub mod consent;
pub mod gateway;
pub mod metadata;
pub mod revoke;
pub mod setup;
pub mod sign_in;
pub mod token;
pub mod workfront;
