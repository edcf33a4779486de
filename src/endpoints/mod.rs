//! The endpoints, one module each, and the code that some of them share.
//!
//! [`token`], [`authorize`], [`consent`], [`revoke`] and [`metadata`] are the authorization server. [`setup`] is the setup
//! page, [`home`] the page at the app's address. [`gateway`] and [`workfront`] call DocuSign's APIs for a caller that
//! [`caller`] authenticates, and [`triggers`] report changes there. [`sign_in`] sends a browser to sign in at DocuSign, and
//! [`forward_mode`] refuses what the host does not protect. [`not_configured`] answers for all of them while the settings are
//! wrong. Endpoints never import each other.

pub mod authorize;
pub mod caller;
pub mod consent;
pub mod forward_mode;
pub mod gateway;
pub mod home;
pub mod metadata;
pub mod not_configured;
pub mod revoke;
pub mod setup;
pub mod sign_in;
pub mod token;
pub mod triggers;
pub mod workfront;
