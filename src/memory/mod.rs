//! What a process remembers: how long a failure counts ([`failures`]), and maps that stay small ([`tidy_map`]).

pub mod failures;
pub mod tidy_map;
