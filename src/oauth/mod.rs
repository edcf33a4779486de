//! The vocabulary of OAuth 2.0 as this server speaks it. Pure: no IO, no clock, no environment, no async.
//!
//! [`client`] says who may ask and how that is proved, [`scope`] for what and [`subject`] for whom, [`form`] and [`query`]
//! how it is read, [`error`] and [`authorization`] what can go wrong, [`reply`] how it is written down (RFC 6749 §5), and
//! [`pkce`] how a code is tied to the client that asked for it.

pub mod authorization;
pub mod client;
pub mod error;
pub mod form;
pub mod pkce;
pub mod query;
pub mod reply;
pub mod scope;
pub mod subject;
