//! The vocabulary of OAuth 2.0 as this server speaks it. Pure: no IO, no clock, no environment, no async.
//!
//! [`client`] says who may ask, [`scope`] for what, [`error`] what can go wrong, [`reply`] how it is written
//! down (RFC 6749 §5), and [`sealed`] how state travels through a browser without being stored.

pub mod client;
pub mod error;
pub mod reply;
pub mod scope;
pub mod sealed;
