//! DocuSign, the upstream service.
//!
//! [`tokens`] returns an access token from its cache or mints one: claims → signature ([`crate::signing`]) → exchange
//! ([`account_server`]). [`error`] classifies DocuSign's errors, [`consent_link`] creates the link that a user opens once, and
//! [`requested_scope`] chooses the scope to request. [`api`] calls DocuSign's APIs with the tokens.

pub mod account_server;
pub mod api;
pub mod consent_link;
pub mod error;
mod error_table;
pub mod lifetimes;
pub mod moment;
pub mod rate_limit;
pub mod requested_scope;
pub mod tokens;
pub mod userinfo;
