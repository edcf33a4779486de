//! The vocabulary of OAuth 2.0 as this server speaks it. Pure: no IO, no clock, no environment, no async.
//!
//! [`client`] says who may ask and [`credentials`] how that is proved, [`scope`] for what and [`subject`] for whom,
//! [`form`] and [`query`] how it is read, [`error`] and [`authorization`] what can go wrong, [`reply`] how it is
//! written down (RFC 6749 §5), [`pkce`] how a code is tied to who asked for it, and [`sealed`] how state travels
//! without being stored.

pub mod authorization;
pub mod client;
pub mod credentials;
pub mod error;
pub mod form;
pub mod gateway_rule;
mod loopback;
pub mod pkce;
pub mod query;
pub mod reply;
pub mod scope;
pub mod sealed;
pub mod subject;
