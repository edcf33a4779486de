//! What a process remembers: one answer that is fetched by one caller for all ([`cached`]), many of them by key
//! ([`cache`]), how long a failure counts ([`failures`]), maps that stay small ([`tidy_map`]), and calls that are tried
//! again ([`retry`]).

pub mod cache;
pub mod cached;
pub mod failures;
pub mod retry;
pub mod tidy_map;
