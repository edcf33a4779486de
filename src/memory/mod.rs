//! Caches in memory: one value that one caller fetches for all ([`cached`]), many of them by key ([`cache`]), how long failures
//! are cached ([`failures`]), how many attempts failed ([`failed_attempts`]), maps that stay small ([`tidy_map`]), and retries
//! ([`retry`]).

pub mod cache;
pub mod cached;
pub mod failed_attempts;
pub mod failures;
pub mod retry;
pub mod tidy_map;
