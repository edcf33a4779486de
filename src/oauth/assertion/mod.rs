//! Client assertions, RFC 7523 §3: tokens of issuers that a client trusts, and assertions that it signs itself. Pure.
//!
//! [`key`] and [`key_set`] have the public keys.

pub mod key;
pub mod key_set;
