//! DocuSign, our upstream.
//!
//! [`tokens`] answers from its cache or mints: claims → signature ([`crate::signing`]) → exchange ([`account_server`]). [`error`]
//! classifies what DocuSign refuses, [`consent_link`] makes the link that a person opens once, and [`requested_scope`] says what
//! DocuSign is asked for. [`api`] calls DocuSign's APIs with the tokens.

pub mod account_server;
pub mod api;
pub mod consent_link;
pub mod error;
mod error_table;
mod lifetimes;
pub mod missing_consent;
pub mod requested_scope;
mod throttle;
pub mod tokens;
pub mod userinfo;
