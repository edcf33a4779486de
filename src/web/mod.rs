//! HTTP without a domain: [`response`]s, their headers ([`host_headers`], [`content_disposition`], [`retry_after`]), [`json`]
//! to write, JSON without repeated fields to read ([`unique_fields`]), [`body`] streams, [`page`]s, [`cookies`], where a
//! request came from ([`source_address`]), and for calls to others the [`http_client`], what they answer ([`upstream`]) and why
//! they cannot be reached ([`obstacle`]).

pub mod body;
pub mod content_disposition;
pub mod cookies;
pub mod host_headers;
pub mod http_client;
pub mod json;
pub mod obstacle;
pub mod page;
pub mod response;
pub mod retry_after;
pub mod source_address;
pub mod streams;
pub mod unique_fields;
pub mod upstream;
