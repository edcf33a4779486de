//! DocuSign, our upstream.
//!
//! [`access_tokens`] answers from its cache, as [`slot`] decides, or has [`minter`] mint: claims ([`assertion`], pure)
//! → signature ([`crate::signing`]) → exchange ([`account_server`]). What DocuSign refuses is classified by [`errors`]
//! (pure); [`consent_url`] makes the link a person opens once; when a token is renewed stands in [`freshness`], what is
//! asked for in [`upstream_scope`], and how long a failure is remembered in [`crate::failures`] (all pure).

pub mod access_tokens;
pub mod account_server;
pub mod assertion;
pub mod consent_link;
pub mod consent_url;
pub mod errors;
pub mod freshness;
mod lifetimes;
pub mod minter;
pub mod missing_consent;
mod replacements;
pub mod slot;
mod throttle;
pub mod upstream_scope;
pub mod userinfo;
