//! Caches, limits and retries as state machines: random histories with paused time, compared with a second, simpler reading of
//! what they promise.

mod cached;
mod failed_attempts;
mod failures;
mod issuer_keys;
mod tidy_map;
