//! HTTP without a domain: [`response`]s, [`body`] streams, [`page`]s, [`cookies`] and the [`http_client`] for calls to others.

pub mod body;
pub mod cookies;
pub mod http_client;
pub mod page;
pub mod response;
pub mod streams;
