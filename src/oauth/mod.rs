//! The types of OAuth 2.0. Pure: no IO, no clock, no environment, no async.
//!
//! [`client`] has the registered clients and their authentication, [`scope`] and [`subject`] the scope and the user of a grant,
//! [`narrowed_scope`] the scope of a request. [`assertion`] verifies tokens of issuers that clients trust and clients' own
//! assertions, with the keys of [`jwk`]. [`form`] and [`query`] parse requests, [`error`], [`authorization`] and [`reply`] have
//! the responses (RFC 6749 §4.1.2, §5), and [`pkce`] binds a code to the client that requested it.

pub mod assertion;
pub mod authorization;
pub mod client;
pub mod error;
pub mod form;
pub mod jwk;
pub mod narrowed_scope;
pub mod pkce;
pub mod query;
pub mod reply;
pub mod scope;
pub mod subject;
