//! The HTTP parts that every route shares: bodies, file names, cookies, source addresses, and what other services answer.

mod addresses;
mod bodies;
mod cookies;
mod dispositions;
mod negotiation;
mod obstacles;
mod unique_fields;
mod upstream_answers;
